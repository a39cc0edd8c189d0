"""Give functions in a query for DuckDB the meaning that they have in Athena."""

from __future__ import annotations

import re

from sqlglot import exp

# Parts of a date in EXTRACT: Athena's day of the week and year of the week are those of ISO 8601.
ISO_PARTS = {"DOW": "ISODOW", "DAY_OF_WEEK": "ISODOW", "YOW": "ISOYEAR", "YEAR_OF_WEEK": "ISOYEAR"}

# The columns of days in the tables, and the units of date_trunc that a day has.
DAYS = frozenset({"event_date", "ingest_date", "object_day", "snapshot_date"})
UNITS_OF_DAYS = frozenset({"DAY", "WEEK", "MONTH", "QUARTER", "YEAR"})

_OTHER_SPELLING = (exp.RegexpReplace, exp.Extract, exp.Format, exp.TimeToStr, exp.Anonymous)

FORMAT_TYPES = {"s": "varchar", "f": "double", "e": "double", "g": "double"}


def translate_functions(tree: exp.Query) -> None:
    """Change the calls in ``tree`` whose meaning is another one in DuckDB."""
    _write_days(tree)
    _write_times(tree)
    _write_arrays(tree)
    _reverse_code_points(tree)
    _cut_texts(tree)
    _write_casts(tree)
    _add_nulls(tree)
    _write_as_duckdb(tree)
    for call in list(tree.find_all(exp.ArgMin, exp.ArgMax)):
        if not call.args.get("count"):
            # The value of that row also where it is null. DuckDB's min_by takes the least row that has a value.
            name = f"{call.sql_names()[0]}_NULL"
            call.replace(exp.Anonymous(this=name, expressions=[call.this, call.expression]))


def _write_days(tree: exp.Query) -> None:
    """In Athena the month of a day, and a day some days later, are days; in DuckDB they are times."""
    kinds = (exp.DateTrunc, exp.TimestampTrunc, exp.DateAdd, exp.Add, exp.Sub, exp.GenerateSeries)
    # Inner calls first: they are days only once they are cast.
    for call in reversed(list(tree.find_all(*kinds))):
        if isinstance(call, exp.GenerateSeries):
            if _is_day(call.args["start"]):
                step = call.args.get("step") or exp.Interval(this=exp.Literal.string("1"), unit=exp.var("DAY"))
                call.set("step", step)
                call.replace(exp.cast(call.copy(), "array<date>"))
            continue
        unit = _interval(call) if isinstance(call, exp.Binary) else call
        if unit is not None and unit.text("unit").upper() in UNITS_OF_DAYS and _is_day(call.this):
            call.replace(exp.cast(call.copy(), "date"))


def _interval(sum_or_difference: exp.Binary) -> exp.Interval | None:
    other = sum_or_difference.expression
    return other if isinstance(other, exp.Interval) else None


def _write_times(tree: exp.Query) -> None:
    for difference in list(tree.find_all(exp.DateDiff)):
        # Athena's date_diff counts complete units, as DuckDB's date_sub; DuckDB's date_diff counts boundaries.
        unit = exp.Literal.string(difference.text("unit") or "day")
        arguments = [unit, difference.expression, difference.this]
        difference.replace(exp.Anonymous(this="DATE_SUB", expressions=arguments))
    for zoned in tree.find_all(exp.AtTimeZone):
        while isinstance(other := zoned.this.unnest(), exp.AtTimeZone):
            # In Athena, a time in one zone and then in another is the same moment.
            zoned.set("this", other.this)
        # Athena takes a time without a zone for UTC and tells what clocks of the zone show; DuckDB takes it for theirs.
        zoned.set("this", exp.cast(zoned.this, "timestamptz"))


def _is_day(value: exp.Expr) -> bool:
    if isinstance(value, exp.Column):
        return value.name.lower() in DAYS
    if isinstance(value, (exp.Paren, exp.Max, exp.Min)):
        return _is_day(value.this)
    return isinstance(value, exp.Date) or (isinstance(value, exp.Cast) and value.to.this == exp.DataType.Type.DATE)


def _write_arrays(tree: exp.Query) -> None:
    # Inner calls first: an outer call contains the rewritten inner one.
    for call in reversed(list(tree.find_all(exp.ArraySlice, exp.ArrayPosition, exp.Reduce, exp.ApproxDistinct))):
        if isinstance(call, exp.ArraySlice):
            # Athena's third argument is a length; DuckDB's is the last place.
            rest = exp.ArraySlice(this=call.this, start=call.args["start"], end=exp.Literal.number(-1))
            call.replace(exp.ArraySlice(this=rest, start=exp.Literal.number(1), end=call.args["end"]))
        elif isinstance(call, exp.ArrayPosition):
            # An array without the value: 0 in Athena, null in DuckDB.
            zero = exp.Mul(this=exp.Literal.number(0), expression=exp.ArraySize(this=call.this.copy()))
            call.replace(exp.Coalesce(this=call.copy(), expressions=[zero]))
        elif isinstance(call, exp.ApproxDistinct):
            # Both are estimates.
            call.set("accuracy", None)
        elif (finish := call.args.get("finish")) and finish.this in finish.expressions:
            # DuckDB's list_reduce has no last step; this one returns what it is given.
            call.set("finish", None)


def _reverse_code_points(tree: exp.Query) -> None:
    """Reverse texts by code points, as Athena does; DuckDB keeps a letter and its combining marks in order."""
    for call in reversed(list(tree.find_all(exp.Reverse))):
        text = call.this.copy()
        letters = exp.Anonymous(this="STRING_SPLIT", expressions=[text.copy(), exp.Literal.string("")])
        backwards = exp.Anonymous(this="LIST_REVERSE", expressions=[letters])
        joined = exp.Anonymous(this="ARRAY_TO_STRING", expressions=[backwards, exp.Literal.string("")])
        if text.find(exp.Placeholder):
            # A second placeholder would take the value of the next one.
            call.replace(joined)
            continue
        # Texts of ASCII have as many bytes as characters, and no marks; DuckDB's function is ten times as fast.
        size = exp.Anonymous(this="STRLEN", expressions=[text.copy()])
        is_ascii = exp.EQ(this=size, expression=exp.Anonymous(this="LENGTH", expressions=[text.copy()]))
        call.replace(exp.Case(ifs=[exp.If(this=is_ascii, true=call.copy())], default=joined))


def _cut_texts(tree: exp.Query) -> None:
    """Cut texts, and write the names of types in lower case, as Athena does."""
    for call in reversed(list(tree.find_all(exp.Substring, exp.Cast, exp.Typeof))):
        if isinstance(call, exp.Typeof):
            call.replace(exp.Lower(this=call.copy()))
        elif isinstance(call, exp.Substring):
            # A second placeholder would take the value of the next one.
            if not call.find(exp.Placeholder) and (cases := _without_text(call)):
                call.replace(exp.Case(ifs=cases, default=call.copy()))
        elif isinstance(call, exp.Cast) and call.to.this == exp.DataType.Type.VARCHAR and call.to.expressions:
            # DuckDB ignores the length.
            call.replace(exp.Left(this=call.copy(), expression=call.to.expressions[0].this.copy()))


def _without_text(call: exp.Substring) -> list[exp.If]:
    """The cases of an empty text in Athena: DuckDB counts from the end also beyond it, and lengths backwards."""
    text, start, length = (call.args.get(name) for name in ("this", "start", "length"))
    zero = exp.Literal.number(0)
    conditions: list[exp.Expr] = []
    if not isinstance(start, exp.Literal) or start.name == "0":
        before = exp.LT(this=start, expression=exp.Neg(this=exp.Length(this=text)))
        conditions += [exp.EQ(this=start, expression=zero), before]
    if length and not isinstance(length, exp.Literal):
        conditions.append(exp.LT(this=length, expression=zero))
    nothing = exp.Substring(this=text, start=exp.Literal.number(1), length=zero)
    return [exp.If(this=each.copy(), true=nothing.copy()) for each in conditions]


def _write_casts(tree: exp.Query) -> None:
    for cast in list(tree.find_all(exp.Cast)):
        value = cast.this
        if isinstance(value, exp.JSONExtract) and cast.to.this == exp.DataType.Type.VARCHAR:
            # A text in JSON has no quotes in Athena once it is cast to varchar; DuckDB keeps them.
            cast.replace(exp.JSONExtractScalar(this=value.this, expression=value.expression))
        elif isinstance(value.unnest(), exp.Avg | exp.Div | exp.Mul) and cast.to.this in exp.DataType.INTEGER_TYPES:
            # Athena rounds a half away from zero; DuckDB's cast, but not its function, rounds it to the even number.
            cast.set("this", exp.Round(this=value))


def _add_nulls(tree: exp.Query) -> None:
    """Return null where Athena does; DuckDB returns an empty text for no match, and fails on text that is not JSON."""
    # Inner calls first: an outer call contains the rewritten inner one.
    for call in reversed(list(tree.find_all(exp.RegexpExtract, exp.SplitPart, exp.JSONExtractScalar))):
        value = exp.Try(this=call.copy()) if isinstance(call, exp.JSONExtractScalar) else call.copy()
        call.replace(exp.Case(ifs=[exp.If(this=_has_value(call), true=value)]))


def _write_as_duckdb(tree: exp.Query) -> None:
    """Write groups of a pattern, formats and parts of a date in DuckDB's way; it takes Athena's for something else."""
    # Inner calls first: an outer call may copy the inner one.
    for call in reversed(list(tree.find_all(*_OTHER_SPELLING))):
        if isinstance(call, exp.Anonymous):
            # A plus is a blank, as in forms.
            if call.name.lower() == "url_decode":
                call.set("expressions", [_replaced(call.expressions[0], "+", " ")])
            elif call.name.lower() == "url_encode":
                call.replace(_replaced(call.copy(), "%20", "+"))
            elif call.name.lower() == "millisecond":
                # DuckDB counts those of the whole seconds too.
                call.replace(exp.Mod(this=call.copy(), expression=exp.Literal.number(1000)))
        elif isinstance(call, exp.TimeToStr):
            if isinstance(letters := call.args["format"], exp.Literal):
                # The week of ISO 8601.
                letters.set("this", letters.name.replace("%v", "%V"))
        elif isinstance(call, exp.Extract):
            part = call.this.name.upper()
            call.set("this", exp.var(ISO_PARTS.get(part, part)))
        elif isinstance(call, exp.Format):
            call.replace(exp.Anonymous(this="PRINTF", expressions=[call.this, *_format_values(call)]))
        elif replacement := call.args.get("replacement"):
            for text in replacement.walk(prune=lambda node: isinstance(node, exp.Func)):
                if isinstance(text, exp.Literal):
                    # $1 is a group, and a backslash stands before a character that means itself.
                    text.set("this", re.sub(r"\\(.)|\$(\d)", _group, text.name))


def _replaced(text: exp.Expr, old: str, new: str) -> exp.Anonymous:
    return exp.Anonymous(this="REPLACE", expressions=[text, exp.Literal.string(old), exp.Literal.string(new)])


def _group(match: re.Match[str]) -> str:
    if match[2]:
        return f"\\{match[2]}"
    return str(match[1]).replace("\\", r"\\")


def _format_values(call: exp.Format) -> list[exp.Expr]:
    """The values with types that DuckDB's formats take: %s takes texts only, and %f doubles."""
    letters = [each for each in re.findall(r"%[^%a-zA-Z]*([%a-zA-Z])", call.this.name) if each != "%"]
    types = [FORMAT_TYPES.get(letter.lower()) for letter in letters] + [None] * len(call.expressions)
    return [exp.cast(value, kind) if kind else value for value, kind in zip(call.expressions, types, strict=False)]


def _has_value(call: exp.Func) -> exp.Expression:
    """The condition under which Athena's function returns a value."""
    text = call.this.copy()
    if isinstance(call, exp.RegexpExtract):
        return exp.RegexpLike(this=text, expression=call.expression.copy())
    if isinstance(call, exp.SplitPart):
        parts = exp.Split(this=text, expression=call.args["delimiter"].copy())
        return exp.LTE(this=call.args["part_index"].copy(), expression=exp.ArraySize(this=parts))
    # Objects and arrays are not scalars.
    kind = exp.Try(this=exp.Anonymous(this="JSON_TYPE", expressions=[text, call.expression.copy()]))
    return exp.Not(this=exp.In(this=kind, expressions=[exp.Literal.string("OBJECT"), exp.Literal.string("ARRAY")]))
