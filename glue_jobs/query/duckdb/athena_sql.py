"""Athena's SQL, read and put into DuckDB's by sqlglot."""

from __future__ import annotations

import re
from datetime import datetime

import sqlglot
from sqlglot import exp
from sqlglot.errors import ParseError, SqlglotError
from sqlglot.optimizer.scope import traverse_scope

from glue_jobs.errors import UsageLakeError


class QueryError(UsageLakeError):
    """A query cannot be run; the message is one sentence."""


def parse(sql: str) -> exp.Query:
    """The one SELECT that the text is; raises QueryError."""
    try:
        trees = [tree for tree in sqlglot.parse(sql, read="athena") if tree is not None]
    except SqlglotError as error:
        raise QueryError(f"this is not Athena SQL: {_misread(error)}") from error
    except RecursionError as error:
        raise QueryError("the query is nested too deeply to be read") from error
    if len(trees) != 1 or not isinstance(trees[0], exp.Query):
        raise QueryError("only one statement can be run at a time, and it must be a SELECT")
    return trees[0]


def tables(tree: exp.Query) -> list[exp.Table]:
    """The tables of the lake that a query reads: what follows FROM or JOIN and is no CTE."""
    scopes = traverse_scope(tree)
    return [source for scope in scopes for source in scope.sources.values() if isinstance(source, exp.Table)]


def tables_read(sql: str) -> tuple[str, ...]:
    """Names of the tables that a query in Athena's SQL reads, sorted, without database; raises QueryError."""
    return tuple(sorted({table.name.lower() for table in tables(parse(sql))}))


def for_duckdb(tree: exp.Query, now: datetime) -> exp.Query:
    """The query with a fixed clock, and with what sqlglot would leave to mean something else in DuckDB."""
    fixed = {
        exp.CurrentDate: exp.cast(exp.Literal.string(f"{now:%Y-%m-%d}"), "date"),
        exp.CurrentTimestamp: exp.cast(exp.Literal.string(now.isoformat(" ")), "timestamptz"),
        exp.Localtimestamp: exp.cast(exp.Literal.string(now.replace(tzinfo=None).isoformat(" ")), "timestamp"),
    }
    for node in list(tree.find_all(*fixed)):
        node.replace(fixed[type(node)].copy())
    for difference in list(tree.find_all(exp.DateDiff)):
        # Athena counts whole units that have passed, DuckDB's date_diff the boundaries crossed.
        unit = exp.Literal.string(difference.text("unit") or "day")
        arguments = [unit, difference.expression, difference.this]
        difference.replace(exp.Anonymous(this="DATE_SUB", expressions=arguments))
    _with_nulls(tree)
    for part in tree.find_all(exp.CTE):
        # What is read twice DuckDB would keep, all columns of all rows; like Athena it is to read what counts, twice.
        if not part.this.find(exp.AggFunc, exp.Distinct, exp.Limit, exp.Window):
            part.set("materialized", False)
    for column in tree.find_all(exp.Column):
        column.set("db", None)
        column.set("catalog", None)
    return tree


def _with_nulls(tree: exp.Query) -> None:
    """Make null what is null in Athena: what finds nothing is an empty text in DuckDB, and what is no JSON an error."""
    # From the innermost on, so that what is around another one has it as it is then.
    for each in reversed(list(tree.find_all(exp.RegexpExtract, exp.SplitPart, exp.JSONExtractScalar))):
        found = exp.Try(this=each.copy()) if isinstance(each, exp.JSONExtractScalar) else each.copy()
        each.replace(exp.Case(ifs=[exp.If(this=_finds_something(each), true=found)]))


def _finds_something(each: exp.Func) -> exp.Expression:
    text = each.this.copy()
    if isinstance(each, exp.RegexpExtract):
        return exp.RegexpLike(this=text, expression=each.expression.copy())
    if isinstance(each, exp.SplitPart):
        parts = exp.Split(this=text, expression=each.args["delimiter"].copy())
        return exp.LTE(this=each.args["part_index"].copy(), expression=exp.ArraySize(this=parts))
    # An object or a list is no scalar.
    kind = exp.Try(this=exp.Anonymous(this="JSON_TYPE", expressions=[text, each.expression.copy()]))
    return exp.Not(this=exp.In(this=kind, expressions=[exp.Literal.string("OBJECT"), exp.Literal.string("ARRAY")]))


def _misread(error: SqlglotError) -> str:
    """What was expected where, without the names of classes that sqlglot tells it with."""
    if not isinstance(error, ParseError) or not error.errors:
        return first_line(error)
    first = error.errors[0]
    expected = re.sub(" (but got|for) <.*", "", str(first["description"]))
    return f"{expected} at {first['highlight']!r} in line {first['line']}"


def first_line(error: Exception) -> str:
    """What an error says, without the passage of SQL that DuckDB and sqlglot show below it."""
    return str(error).strip().splitlines()[0]
