"""Athena SQL on a laptop: translated by sqlglot, run by DuckDB, over the tables it is given."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import sqlglot
from sqlglot import exp
from sqlglot.errors import ParseError, SqlglotError
from sqlglot.optimizer.scope import traverse_scope

from glue_jobs.errors import UsageLakeError
from glue_jobs.saved_query import ParameterValue
from glue_jobs.table import Table

DUCKDB_TYPES: dict[str, str] = {
    "string": "VARCHAR",
    "int": "INTEGER",
    "bigint": "BIGINT",
    "boolean": "BOOLEAN",
    "date": "DATE",
    "timestamp": "TIMESTAMP",
    "binary": "BLOB",
    "array<string>": "VARCHAR[]",
}
"""DuckDB's name of every column type of :data:`glue_jobs.table.ARROW_TYPES`."""


class QueryError(UsageLakeError):
    """A query cannot be run; the message is one sentence."""


@dataclass(frozen=True)
class TableSource:
    """Where the rows of a table are.

    ``data`` is a list of Parquet files of the local file system, an Arrow table, or a pyarrow
    dataset. In files a column is found by its field id; one that a file does not have is null.
    ``constants`` has for each file, or for none, the columns that are known to hold one text on all its rows.
    """

    table: Table
    data: Sequence[str] | pa.Table | pa.dataset.Dataset
    constants: Sequence[Mapping[str, str]] = ()


@dataclass(frozen=True)
class ViewSource:
    """A view: a SELECT in Athena's SQL over other tables of the same engine."""

    select: str


Source = TableSource | ViewSource


class QueryEngine:
    """Runs Athena SQL over named tables and views; a context manager around one in-memory DuckDB connection.

    ``sources`` maps a table's name to a function that says where its rows are, a view's name to one that
    says what it is; only the functions of what a query reads are called, each once. The database in a
    qualified name is ignored. ``memory_limit`` is in DuckDB's words; beyond it work spills to a temporary folder.
    """

    def __init__(self, sources: Mapping[str, Callable[[], Source]], memory_limit: str = "50%") -> None:
        self._sources = {name.lower(): source for name, source in sources.items()}
        self._loaded: set[str] = set()
        self._spill = TemporaryDirectory(prefix="usage-lake-")
        config: dict[str, str | bool | int | float | list[str]] = {
            "memory_limit": memory_limit,
            "temp_directory": self._spill.name,
        }
        self._connection = duckdb.connect(config=config)
        self._connection.execute("SET TimeZone = 'UTC'")
        # In Athena 7 / 2 is 3.
        self._connection.execute("SET integer_division = true")

    def __enter__(self) -> QueryEngine:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()
        self._spill.cleanup()

    def run(self, sql: str, parameters: Sequence[ParameterValue] = (), today: date | None = None) -> pa.Table:
        """The answer of one SELECT in Athena's SQL.

        ``parameters`` are the values of its ``?``, in order, in the types meant. ``today`` stands in for
        current_date, and its midnight (UTC) for current_timestamp and now(); without it they are read once
        from the clock. As in Athena a sum of bigint is bigint, and one that does not fit is an error.
        Raises QueryError.
        """
        tree = _parse(sql)
        wanted = len(list(tree.find_all(exp.Placeholder)))
        if wanted != len(parameters):
            raise QueryError(f"the query has {wanted} parameters (`?`), but {len(parameters)} values were given")
        now = datetime.now(UTC) if today is None else datetime.combine(today, time(), UTC)
        try:
            self._bind_all(tree, now)
            return self._execute(_for_duckdb(tree, now).sql(dialect="duckdb"), parameters)
        except (duckdb.Error, SqlglotError) as error:
            raise QueryError(f"the query failed: {_first_line(error)}") from error

    def _bind_all(self, tree: exp.Query, now: datetime) -> None:
        for table in _tables(tree):
            self._bind(table, now)

    def _bind(self, table: exp.Table, now: datetime) -> None:
        """Load the table that is meant and name it so that no CTE of the same name can be taken for it."""
        name = table.name.lower()
        if name not in self._sources:
            known = ", ".join(sorted(self._sources)) or "none"
            raise QueryError(f"there is no table {table.name or table.sql()!r}; there are {known}")
        if name not in self._loaded:
            self._load(name, self._sources[name](), now)
            self._loaded.add(name)
        if not table.alias:
            table.set("alias", exp.TableAlias(this=exp.to_identifier(name)))
        table.set("this", exp.to_identifier(name, quoted=True))
        table.set("db", exp.to_identifier("main"))
        table.set("catalog", None)

    def _load(self, name: str, source: Source, now: datetime) -> None:
        if isinstance(source, TableSource):
            _load_table(self._connection, name, source)
            return
        view = _parse(source.select)
        self._bind_all(view, now)
        # Temporary, because what it reads may be.
        self._connection.execute(f'CREATE TEMP VIEW "{name}" AS {_for_duckdb(view, now).sql(dialect="duckdb")}')

    def _execute(self, sql: str, parameters: Sequence[ParameterValue]) -> pa.Table:
        relation = self._connection.sql(sql, params=list(parameters))
        types = [str(kind) for kind in relation.types]
        return _with_athena_types(relation.to_arrow_table(), types)


def _parse(sql: str) -> exp.Query:
    try:
        trees = [tree for tree in sqlglot.parse(sql, read="athena") if tree is not None]
    except SqlglotError as error:
        raise QueryError(f"this is not Athena SQL: {_misread(error)}") from error
    if len(trees) != 1 or not isinstance(trees[0], exp.Query):
        raise QueryError("only one statement can be run at a time, and it must be a SELECT")
    return trees[0]


def _tables(tree: exp.Query) -> list[exp.Table]:
    """The tables of the lake that a query reads: what follows FROM or JOIN and is no CTE."""
    scopes = traverse_scope(tree)
    return [source for scope in scopes for source in scope.sources.values() if isinstance(source, exp.Table)]


def tables_read(sql: str) -> tuple[str, ...]:
    """Names of the tables that a query in Athena's SQL reads, sorted, without database; raises QueryError."""
    return tuple(sorted({table.name.lower() for table in _tables(_parse(sql))}))


def _for_duckdb(tree: exp.Query, now: datetime) -> exp.Query:
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
    for column in tree.find_all(exp.Column):
        column.set("db", None)
        column.set("catalog", None)
    return tree


def _load_table(connection: duckdb.DuckDBPyConnection, name: str, source: TableSource) -> None:
    data: Any = source.data
    if isinstance(data, Sequence) and not isinstance(data, str):
        if data:
            connection.execute(f'CREATE VIEW "{name}" AS {_files_query(source.table, data, source.constants)}')
            return
        data = source.table.arrow_schema.empty_table()
    connection.register(name, data)


def _files_query(table: Table, files: Sequence[str], constants: Sequence[Mapping[str, str]]) -> str:
    """The rows of the files; what is the same on all rows of a file is not read from it.

    A text that is read is hashed and compared on every row; joining snapshots by their labels took as long as all the
    rest of a query.
    """
    alike: defaultdict[tuple[tuple[str, str], ...], list[str]] = defaultdict(list)
    for file, texts in zip(files, constants or [{}] * len(files), strict=True):
        alike[tuple(sorted(texts.items()))].append(file)
    return " UNION ALL ".join(_parquet_query(table, some, texts) for texts, some in alike.items())


def _parquet_query(table: Table, files: Sequence[str], constants: Sequence[tuple[str, str]]) -> str:
    columns = ", ".join(
        f"{column.field_id}: {{name: {_quoted(column.name)}, type: '{DUCKDB_TYPES[column.type]}', default_value: NULL}}"
        for column in table.columns
    )
    paths = ", ".join(map(_quoted, files))
    texts = ", ".join(f'{_quoted(text)} AS "{name}"' for name, text in constants)
    replaced = f" REPLACE ({texts})" if texts else ""
    return f"SELECT *{replaced} FROM read_parquet([{paths}], schema = MAP {{{columns}}})"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _with_athena_types(answer: pa.Table, types: Sequence[str]) -> pa.Table:
    for index, kind in enumerate(types):
        if kind == "HUGEINT":
            name = answer.schema.names[index]
            try:
                column = pc.cast(answer.column(index), pa.int64())
            except pa.ArrowInvalid as error:
                raise QueryError(f"a value of column {name!r} is too large for bigint") from error
            answer = answer.set_column(index, name, column)
    return answer


def _misread(error: SqlglotError) -> str:
    """What was expected where, without the names of classes that sqlglot tells it with."""
    if not isinstance(error, ParseError) or not error.errors:
        return _first_line(error)
    first = error.errors[0]
    expected = re.sub(" (but got|for) <.*", "", str(first["description"]))
    return f"{expected} at {first['highlight']!r} in line {first['line']}"


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0]
