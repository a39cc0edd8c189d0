"""Athena SQL on a laptop: translated by sqlglot, run by DuckDB, over the tables it is given."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
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
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.scope import traverse_scope

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


class QueryError(ValueError):
    """A query cannot be run; the message is one sentence."""


@dataclass(frozen=True)
class TableSource:
    """Where the rows of a table are.

    ``data`` is a list of Parquet files of the local file system, an Arrow table, or a pyarrow
    dataset. In files a column is found by its field id; one that a file does not have is null.
    """

    table: Table
    data: Sequence[str] | pa.Table | pa.dataset.Dataset


class QueryEngine:
    """Runs Athena SQL over named tables; a context manager around one in-memory DuckDB connection.

    ``sources`` maps a table's name to a function that says where its rows are; only the functions
    of tables that a query reads are called, each once. The database in a qualified name is ignored.
    ``memory_limit`` is in DuckDB's words; beyond it work spills to a temporary folder.
    """

    def __init__(self, sources: Mapping[str, Callable[[], TableSource]], memory_limit: str = "50%") -> None:
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
        from the clock. Types are Athena's: a sum of bigint is bigint, and one that does not fit an error.
        Raises QueryError.
        """
        tree = _parse(sql)
        wanted = len(list(tree.find_all(exp.Placeholder)))
        if wanted != len(parameters):
            raise QueryError(f"the query has {wanted} parameters (`?`), but {len(parameters)} values were given")
        for table in list(_tables(tree)):
            self._bind(table)
        now = datetime.now(UTC) if today is None else datetime.combine(today, time(), UTC)
        return self._execute(_for_duckdb(tree, now).sql(dialect="duckdb"), parameters)

    def _bind(self, table: exp.Table) -> None:
        """Load the table that is meant and name it so that no CTE of the same name can be taken for it."""
        name = table.name.lower()
        if name not in self._sources:
            known = ", ".join(sorted(self._sources)) or "none"
            raise QueryError(f"there is no table {table.name or table.sql()!r}; there are {known}")
        if name not in self._loaded:
            _load(self._connection, name, self._sources[name]())
            self._loaded.add(name)
        if not table.alias:
            table.set("alias", exp.TableAlias(this=exp.to_identifier(name)))
        table.set("this", exp.to_identifier(name, quoted=True))
        table.set("db", exp.to_identifier("main"))
        table.set("catalog", None)

    def _execute(self, sql: str, parameters: Sequence[ParameterValue]) -> pa.Table:
        try:
            relation = self._connection.sql(sql, params=list(parameters))
            types = [str(kind) for kind in relation.types]
            answer = relation.to_arrow_table()
        except duckdb.Error as error:
            raise QueryError(f"the query failed: {_first_line(error)}") from error
        return _with_athena_types(answer, types)


def _parse(sql: str) -> exp.Query:
    try:
        trees = [tree for tree in sqlglot.parse(sql, read="athena") if tree is not None]
    except SqlglotError as error:
        raise QueryError(f"this is not Athena SQL: {_first_line(error)}") from error
    if len(trees) != 1 or not isinstance(trees[0], exp.Query):
        raise QueryError("only one statement can be run at a time, and it must be a SELECT")
    return trees[0]


def _tables(tree: exp.Expr) -> Iterator[exp.Table]:
    """The tables of the lake that a query reads: what follows FROM or JOIN and is no CTE."""
    for scope in traverse_scope(tree):
        for source in scope.sources.values():
            if isinstance(source, exp.Table):
                yield source


def tables_read(sql: str) -> tuple[str, ...]:
    """Names of the tables that a query in Athena's SQL reads, sorted, without database; raises QueryError."""
    return tuple(sorted({table.name.lower() for table in _tables(_parse(sql))}))


def _for_duckdb(tree: exp.Expr, now: datetime) -> exp.Expr:
    """The query with a fixed clock, and with what sqlglot would leave to mean something else in DuckDB."""

    def replaced(node: exp.Expr) -> exp.Expr:
        if isinstance(node, exp.CurrentDate):
            return exp.cast(exp.Literal.string(f"{now:%Y-%m-%d}"), "date")
        if isinstance(node, exp.CurrentTimestamp):
            return exp.cast(exp.Literal.string(now.isoformat(" ")), "timestamptz")
        if isinstance(node, exp.Localtimestamp):
            return exp.cast(exp.Literal.string(now.replace(tzinfo=None).isoformat(" ")), "timestamp")
        if isinstance(node, exp.DateDiff):
            # Athena counts whole units that have passed, DuckDB's date_diff the boundaries crossed.
            unit = exp.Literal.string(node.text("unit") or "day")
            return exp.Anonymous(this="DATE_SUB", expressions=[unit, node.expression, node.this])
        if isinstance(node, exp.Column):
            node.set("db", None)
            node.set("catalog", None)
        return node

    return tree.transform(replaced)


def _load(connection: duckdb.DuckDBPyConnection, name: str, source: TableSource) -> None:
    data: Any = source.data
    if isinstance(data, Sequence) and not isinstance(data, str):
        if data:
            connection.execute(f'CREATE VIEW "{name}" AS {_parquet_query(source.table, data)}')
            return
        data = source.table.arrow_schema.empty_table()
    connection.register(name, data)


def _parquet_query(table: Table, files: Sequence[str]) -> str:
    columns = ", ".join(
        f"{column.field_id}: {{name: {_quoted(column.name)}, type: '{DUCKDB_TYPES[column.type]}', default_value: NULL}}"
        for column in table.columns
    )
    paths = ", ".join(map(_quoted, files))
    # The folder names `event_date=…` repeat a column the files have: DuckDB must not take them for another one.
    return f"SELECT * FROM read_parquet([{paths}], schema = MAP {{{columns}}}, hive_partitioning = false)"


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


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0]
