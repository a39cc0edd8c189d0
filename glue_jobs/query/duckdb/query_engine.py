"""Athena SQL on a laptop: sqlglot translates it, DuckDB runs it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, time
from tempfile import TemporaryDirectory
from types import TracebackType

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
from sqlglot import exp
from sqlglot.errors import SqlglotError

from glue_jobs.query.duckdb.athena_sql import QueryError, first_line, for_duckdb, parse, tables
from glue_jobs.query.duckdb.table_source import Source, TableSource, load_table
from glue_jobs.query.saved.metadata import ParameterValue


class QueryEngine:
    """Runs Athena SQL over named tables and views; a context manager around one in-memory DuckDB connection.

    ``sources`` maps the name of a table or view to a function that returns its source. The engine calls the functions
    of the tables that a query reads, each once. It ignores the database in a qualified name. ``memory_limit`` is in
    DuckDB's syntax; beyond it, work spills to a temporary folder.
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
        # One thread more than DuckDB's default keeps cores busy while a thread waits for a file: on two cores, grouping
        # by entity tag takes a sixth less time (benchmarks/), and no query takes more.
        (threads,) = self._connection.execute("SELECT current_setting('threads')").fetchall()[0]
        self._connection.execute(f"SET threads = {threads + 1}")
        self._connection.execute("SET TimeZone = 'UTC'")
        # As in Athena, 7 / 2 is 3.
        self._connection.execute("SET integer_division = true")

    def __enter__(self) -> QueryEngine:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()
        self._spill.cleanup()

    def run(self, sql: str, parameters: Sequence[ParameterValue] = (), today: date | None = None) -> pa.Table:
        """The result of one SELECT in Athena's SQL.

        ``parameters`` are the typed values of its ``?``, in order. ``today`` replaces current_date, and its midnight
        (UTC) current_timestamp and now(); without it, the clock is read once. As in Athena, a sum of bigint is a
        bigint, and an overflow is an error.

        Raises:
            QueryError: the query is not Athena SQL, reads an unknown table, or fails.
        """
        tree = parse(sql)
        placeholders = len(list(tree.find_all(exp.Placeholder)))
        if placeholders != len(parameters):
            raise QueryError(f"the query has {placeholders} parameters (`?`), but {len(parameters)} values were given")
        now = datetime.now(UTC) if today is None else datetime.combine(today, time(), UTC)
        try:
            self._bind_all(tree, now)
            return self._execute(for_duckdb(tree, now).sql(dialect="duckdb"), parameters)
        except (duckdb.Error, SqlglotError) as error:
            raise QueryError(f"the query failed: {first_line(error)}") from error

    def _bind_all(self, tree: exp.Query, now: datetime) -> None:
        for table in tables(tree):
            self._bind(table, now)

    def _bind(self, table: exp.Table, now: datetime) -> None:
        """Load the table and qualify its name, so that DuckDB does not take a CTE of the same name for it."""
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
            load_table(self._connection, name, source)
            return
        view = parse(source.select)
        self._bind_all(view, now)
        # A view on a temporary table must be temporary too.
        self._connection.execute(f'CREATE TEMP VIEW "{name}" AS {for_duckdb(view, now).sql(dialect="duckdb")}')

    def _execute(self, sql: str, parameters: Sequence[ParameterValue]) -> pa.Table:
        relation = self._connection.sql(sql, params=list(parameters))
        types = [str(kind) for kind in relation.types]
        return _with_athena_types(relation.to_arrow_table(), types)


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
