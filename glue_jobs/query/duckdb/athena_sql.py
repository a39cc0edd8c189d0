"""Parse Athena's SQL and translate it to DuckDB's, with sqlglot."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import datetime

import duckdb
import sqlglot
from sqlglot import exp
from sqlglot.errors import ErrorLevel, ParseError, SqlglotError, UnsupportedError
from sqlglot.optimizer.scope import traverse_scope

from glue_jobs.errors import UsageLakeError, nearest
from glue_jobs.query.duckdb.athena_functions import translate_functions

_UNKNOWN_COLUMN = re.compile(r'(?:Referenced column|does not have a column named) "([^"]*)"')
# Advice that a query cannot follow: it is a SELECT.
_SETTING = re.compile(r",? or SET \w+=.*")
_UNKNOWN_FUNCTION = re.compile(r"Function with name (\w+) does not exist")

# The functions of Athena that return the day or the time of the query.
CLOCK = (exp.CurrentDate, exp.CurrentTimestamp, exp.Localtimestamp)

# What DuckDB takes for something else: sqlglot's class, the argument that makes it so or "", and what to call it.
_OTHER_MEANING: dict[type[exp.Expr], tuple[str, str]] = {
    exp.ParseDatetime: ("", "function 'parse_datetime'"),
    exp.JSONValue: ("", "function 'json_value'"),
    exp.JSONExtract: ("json_query", "function 'json_query'"),
    exp.Repeat: ("", "function 'repeat'"),
    exp.Skewness: ("", "function 'skewness'"),
    exp.Split: ("limit", "function 'split' with a limit"),
    exp.Rand: ("this", "function 'random' with a bound"),
    exp.UnixToTime: ("zone", "function 'from_unixtime' with a zone"),
    exp.ApproxQuantile: ("weight", "function 'approx_percentile' with a weight"),
    exp.LimitOptions: ("with_ties", "FETCH FIRST WITH TIES"),
}

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
    for cte in tree.find_all(exp.CTE):
        # DuckDB would store a CTE that is read twice, with all its columns. If the CTE only selects rows, reading the
        # needed columns twice, as Athena does, is faster.
        if not cte.this.find(exp.AggFunc, exp.Distinct, exp.Limit, exp.Window):
            cte.set("materialized", False)
    translate_functions(tree)
    _refuse_other_meanings(tree)
    for column in tree.find_all(exp.Column):
        column.set("db", None)
        column.set("catalog", None)
    # Copying a large query takes as long as writing it.
    return tree.sql(dialect="duckdb", copy=False, unsupported_level=ErrorLevel.RAISE)


def _refuse_other_meanings(tree: exp.Query) -> None:
    """Raise QueryError for a function that DuckDB would answer without an error, and not as Athena does."""
    for call in tree.find_all(*_OTHER_MEANING, exp.Anonymous):
        argument, name = _OTHER_MEANING.get(type(call), ("", ""))
        if isinstance(call, exp.Anonymous) and call.name.lower() == "json_exists":
            name = "function 'json_exists'"
        if name and (not argument or call.args.get(argument)):
            raise QueryError(_lacking(name))


def _lacking(name: str) -> str:
    return f"DuckDB, which answers here, has no {name}; Athena may have it"


def _syntax_error(error: SqlglotError) -> str:
    """What sqlglot expected and where, without the names of its classes."""
    if not isinstance(error, ParseError) or not error.errors:
        return first_line(error)
    first = error.errors[0]
    expected = re.sub(" (but got|for) <.*", "", str(first["description"]))
    return f"{expected} at {first['highlight']!r} in line {first['line']}"


def failure(error: Exception, sql: str, columns: Callable[[], Iterable[str]]) -> str:
    """One sentence about what DuckDB refused; ``columns`` returns the columns of the tables that the query reads."""
    if unknown := _UNKNOWN_COLUMN.search(str(error)):
        quotes = "; a text stands in single quotes, a name in double ones" if f'"{unknown[1]}"' in sql else ""
        return f"there is no column {unknown[1]!r}{nearest(unknown[1], columns())}{quotes}"
    if unknown := _UNKNOWN_FUNCTION.search(str(error)):
        return _lacking(f"function {unknown[1]!r}")
    if isinstance(error, UnsupportedError):
        return f"Athena may run this, but not DuckDB, which answers here: {first_line(error)}"
    is_damage = type(error) is duckdb.Error or _DAMAGED_FILE.search(str(error))
    advice = "; usage-lake check names files that are missing or damaged" if is_damage else ""
    return f"the query failed: {_SETTING.sub('', first_line(error))}{advice}"


def first_line(error: Exception) -> str:
    """The message of an error without the excerpt of SQL that DuckDB and sqlglot append."""
    return str(error).strip().splitlines()[0]
