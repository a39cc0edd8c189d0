"""Parse Athena's SQL and translate it to DuckDB's, with sqlglot."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import datetime

import duckdb
import sqlglot
from sqlglot import exp
from sqlglot.errors import ParseError, SqlglotError
from sqlglot.optimizer.scope import traverse_scope

from glue_jobs.errors import UsageLakeError, nearest

_UNKNOWN_COLUMN = re.compile(r'(?:Referenced column|does not have a column named) "([^"]*)"')
_UNKNOWN_FUNCTION = re.compile(r"Function with name (\w+) does not exist")

# The functions of Athena that return the day or the time of the query.
CLOCK = (exp.CurrentDate, exp.CurrentTimestamp, exp.Localtimestamp)

# Parts of a date in EXTRACT: Athena's day of the week and year of the week are those of ISO 8601.
ISO_PARTS = {"DOW": "ISODOW", "DAY_OF_WEEK": "ISODOW", "YOW": "ISOYEAR", "YEAR_OF_WEEK": "ISOYEAR"}

FORMAT_TYPES = {"s": "varchar", "f": "double", "e": "double", "g": "double"}

# What DuckDB says of damaged bytes and missing files; most other errors of its reader have no class of their own.
_DAMAGED_FILE = re.compile("Failed to read file|in Parquet file|Could not read enough bytes|No files found")


class QueryError(UsageLakeError):
    """A query cannot be run; the message is one line."""


def parse(sql: str) -> exp.Query:
    """Parse one SELECT; raises QueryError."""
    try:
        trees = [tree for tree in sqlglot.parse(sql, read="athena") if tree is not None]
    except SqlglotError as error:
        raise QueryError(f"this is not Athena SQL: {_syntax_error(error)}") from error
    except RecursionError as error:
        raise QueryError("the query is nested too deeply") from error
    if len(trees) != 1 or not isinstance(trees[0], exp.Query):
        raise QueryError("a query must be exactly one SELECT")
    for test in trees[0].find_all(exp.Is):
        # sqlglot parses more than Athena does.
        if isinstance(test.expression, exp.Boolean):
            raise QueryError(f"this is not Athena SQL: {test.sql()}; Athena has IS NULL and IS DISTINCT FROM only")
    return trees[0]


def tables(tree: exp.Query) -> list[exp.Table]:
    """The tables that a query reads: all sources after FROM or JOIN that are not CTEs."""
    sources = [source for scope in traverse_scope(tree) for source in scope.sources.values()]
    # A table before UNNEST or VALUES is a source of theirs too.
    return list({id(source): source for source in sources if isinstance(source, exp.Table)}.values())


def for_duckdb(tree: exp.Query, now: datetime) -> str:
    """The query in DuckDB's SQL: ``now`` replaces the clock, and functions get the meaning they have in Athena.

    Changes ``tree``.
    """
    clock = {
        exp.CurrentDate: exp.cast(exp.Literal.string(f"{now:%Y-%m-%d}"), "date"),
        exp.CurrentTimestamp: exp.cast(exp.Literal.string(now.isoformat(" ")), "timestamptz"),
        exp.Localtimestamp: exp.cast(exp.Literal.string(now.replace(tzinfo=None).isoformat(" ")), "timestamp"),
    }
    for node in list(tree.find_all(*clock)):
        node.replace(clock[type(node)].copy())
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
    _reverse_code_points(tree)
    _add_nulls(tree)
    _write_as_duckdb(tree)
    for cte in tree.find_all(exp.CTE):
        # DuckDB would store a CTE that is read twice, with all its columns. If the CTE only selects rows, reading the
        # needed columns twice, as Athena does, is faster.
        if not cte.this.find(exp.AggFunc, exp.Distinct, exp.Limit, exp.Window):
            cte.set("materialized", False)
    for call in list(tree.find_all(exp.ArgMin, exp.ArgMax)):
        if not call.args.get("count"):
            # The value of that row also where it is null. DuckDB's min_by takes the least row that has a value.
            name = f"{call.sql_names()[0]}_NULL"
            call.replace(exp.Anonymous(this=name, expressions=[call.this, call.expression]))
    for column in tree.find_all(exp.Column):
        column.set("db", None)
        column.set("catalog", None)
    # Copying a large query takes as long as writing it.
    return tree.sql(dialect="duckdb", copy=False)


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


def _add_nulls(tree: exp.Query) -> None:
    """Return null where Athena does; DuckDB returns an empty text for no match, and fails on text that is not JSON."""
    # Inner calls first: an outer call contains the rewritten inner one.
    for call in reversed(list(tree.find_all(exp.RegexpExtract, exp.SplitPart, exp.JSONExtractScalar))):
        value = exp.Try(this=call.copy()) if isinstance(call, exp.JSONExtractScalar) else call.copy()
        call.replace(exp.Case(ifs=[exp.If(this=_has_value(call), true=value)]))


def _write_as_duckdb(tree: exp.Query) -> None:
    """Write groups of a pattern, formats and parts of a date in DuckDB's way; it takes Athena's for something else."""
    for call in list(tree.find_all(exp.RegexpReplace, exp.Extract, exp.Format)):
        if isinstance(call, exp.Extract):
            part = call.this.name.upper()
            call.set("this", exp.var(ISO_PARTS.get(part, part)))
        elif isinstance(call, exp.Format):
            call.replace(exp.Anonymous(this="PRINTF", expressions=[call.this, *_format_values(call)]))
        elif replacement := call.args.get("replacement"):
            for text in replacement.walk(prune=lambda node: isinstance(node, exp.Func)):
                if isinstance(text, exp.Literal):
                    # $1 is a group, and a backslash stands before a character that means itself.
                    text.set("this", re.sub(r"\\(.)|\$(\d)", _group, text.name))


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


def _syntax_error(error: SqlglotError) -> str:
    """What sqlglot expected and where, without the names of its classes."""
    if not isinstance(error, ParseError) or not error.errors:
        return first_line(error)
    first = error.errors[0]
    expected = re.sub(" (but got|for) <.*", "", str(first["description"]))
    return f"{expected} at {first['highlight']!r} in line {first['line']}"


def failure(error: Exception, columns: Callable[[], Iterable[str]]) -> str:
    """One sentence about what DuckDB refused; ``columns`` returns the columns of the tables that the query reads."""
    if unknown := _UNKNOWN_COLUMN.search(str(error)):
        return f"there is no column {unknown[1]!r}{nearest(unknown[1], columns())}"
    if unknown := _UNKNOWN_FUNCTION.search(str(error)):
        return f"DuckDB, which answers here, has no function {unknown[1]!r}; Athena may have it"
    is_damage = type(error) is duckdb.Error or _DAMAGED_FILE.search(str(error))
    advice = "; usage-lake check names files that are missing or damaged" if is_damage else ""
    return f"the query failed: {first_line(error)}{advice}"


def first_line(error: Exception) -> str:
    """The message of an error without the excerpt of SQL that DuckDB and sqlglot append."""
    return str(error).strip().splitlines()[0]
