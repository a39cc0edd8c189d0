"""Athena SQL on a laptop: sqlglot translates it, DuckDB runs it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, date, datetime, time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, TypeVar

import duckdb
from sqlglot import exp
from sqlglot.errors import SqlglotError

from glue_jobs.errors import known_names
from glue_jobs.progress import counted
from glue_jobs.query.answer import Answer
from glue_jobs.query.duckdb.athena_sql import QueryError, failure, for_duckdb, parse, tables
from glue_jobs.query.duckdb.catalogue import as_select, named_table
from glue_jobs.query.duckdb.result import arrow_table, python_values
from glue_jobs.query.duckdb.shared_views import DAY_COLUMN, shared_views
from glue_jobs.query.duckdb.table_source import Source, load_table, quoted
from glue_jobs.query.saved.metadata import ParameterValue

if TYPE_CHECKING:
    import pyarrow as pa

Sources = Mapping[str, Source]
_Fetched = TypeVar("_Fetched")


class QueryEngine:
    """Runs Athena SQL over named tables and views; a context manager around one in-memory DuckDB connection.

    ``sources`` maps the name of a view to its query, and the name of a table to a function that returns its rows. The
    engine calls the functions of the tables that a query reads, each once. ``database`` is the name of their database,
    and ``others`` returns the sources of another one; without it, the engine ignores the database in a qualified name.
    ``uploaded`` returns further sources of a database; it is called only for a name that is in none of the others.
    """

    def __init__(
        self,
        sources: Sources,
        database: str = "",
        others: Callable[[str], Sources] | None = None,
        uploaded: Callable[[str], Sources] | None = None,
    ) -> None:
        self._database = database
        self._others = others
        self._uploaded = uploaded
        self._sources: dict[str, Sources] = {database: {name.lower(): source for name, source in sources.items()}}
        self._loaded: set[str] = set()
        self._parsed: dict[str, exp.Query] = {}
        self._shared: dict[str, date] = {}
        try:
            self._spill = TemporaryDirectory(prefix="usage-lake-")
        except OSError as error:
            # A container may have read-only disks only.
            raise QueryError(f"cannot make a temporary folder: {error.strerror}; TMPDIR names another place") from error
        # Beyond half of the memory, work spills to the temporary folder.
        self._connection = duckdb.connect(config={"memory_limit": "50%", "temp_directory": self._spill.name})
        # One thread more than DuckDB's default keeps cores busy while a thread waits for a file: on two cores, grouping
        # by entity tag takes a sixth less time (benchmarks/), and no query takes more.
        (threads,) = self._connection.execute("SELECT current_setting('threads')").fetchall()[0]
        self._connection.execute(f"SET threads = {threads + 1}")
        self._connection.execute("SET TimeZone = 'UTC'")
        # Of a query that takes over two seconds, DuckDB draws the progress on standard output, into the answer.
        self._connection.execute("SET enable_progress_bar = false")
        # As in Athena, 7 / 2 is 3.
        self._connection.execute("SET integer_division = true")

    def __enter__(self) -> QueryEngine:
        return self

    def __exit__(self, *_: object) -> None:
        # `sharing` may end later, and must find no view to drop.
        self._loaded.clear()
        self._connection.close()
        self._spill.cleanup()

    @contextmanager
    def sharing(self, statements: Sequence[str]) -> Iterator[None]:
        """While open, a view that several of the statements read is computed once; others may get too few rows.

        The rows of a view are kept in a file of a temporary folder, from the first day on that a statement needs.
        """
        for sql in statements:
            with suppress(QueryError):
                self._parsed[sql] = parse(sql)
        views = {name: parse(select) for name, select in self._views().items()}
        self._drop_views()
        # A statement that is there twice reads its views twice.
        trees = [self._parsed[sql] for sql in statements if sql in self._parsed]
        self._shared = shared_views(trees, views, self._day)
        try:
            yield
        finally:
            self._drop_views()
            self._parsed, self._shared = {}, {}

    def _views(self) -> dict[str, str]:
        own = self._sources[self._database]
        return {name: source for name, source in own.items() if isinstance(source, str)}

    def _drop_views(self) -> None:
        for name in self._loaded & self._views().keys():
            self._connection.execute(f'DROP VIEW "{name}"')
            self._loaded.remove(name)

    def _day(self, expression: exp.Expr) -> date:
        """The value of an expression that has no columns; date.min where it is no day of Python's calendar."""
        select = for_duckdb(exp.select(exp.cast(expression.copy(), "date")), datetime.now(UTC))
        try:
            ((day,),) = self._connection.execute(select).fetchall()
        except duckdb.Error:
            # The statement will fail with a sentence of its own.
            return date.min
        return day if isinstance(day, date) else date.min

    def run(self, sql: str, parameters: Sequence[ParameterValue] = (), today: date | None = None) -> pa.Table:
        """The result of one SELECT in Athena's SQL, or of SHOW TABLES, SHOW COLUMNS, SHOW DATABASES or DESCRIBE.

        ``parameters`` are the typed values of its ``?``, in order. ``today`` replaces current_date, and its midnight
        (UTC) current_timestamp and now(); without it, the clock is read once. As in Athena, a sum of bigint is a
        bigint, and an overflow is an error.

        Raises:
            QueryError: the query is not Athena SQL, reads an unknown table, or fails.
        """
        return self._run(arrow_table, sql, parameters, today)

    def answer(self, sql: str, parameters: Sequence[ParameterValue] = (), today: date | None = None) -> Answer:
        """The same as Python values, without Arrow unless a type needs it."""
        return self._run(python_values, sql, parameters, today)

    def _run(
        self,
        fetched: Callable[[duckdb.DuckDBPyRelation], _Fetched],
        sql: str,
        parameters: Sequence[ParameterValue],
        today: date | None,
    ) -> _Fetched:
        described = named_table(sql)
        if described is not None:
            self._source(self._database, described)
        tree = self._parsed.pop(sql, None) or parse(as_select(sql, self._database))
        placeholders = len(list(tree.find_all(exp.Placeholder)))
        if placeholders != len(parameters):
            raise QueryError(f"the query needs {counted(placeholders, 'value')} for its `?`, not {len(parameters)}")
        now = datetime.now(UTC) if today is None else datetime.combine(today, time(), UTC)
        try:
            self._bind_all(tree, now, self._database)
            translated = for_duckdb(tree, now)
            return fetched(self._connection.sql(translated, params=list(parameters)))
        except (duckdb.Error, SqlglotError) as error:
            raise QueryError(failure(error, sql, self._columns)) from error

    def _columns(self) -> list[str]:
        rows = self._connection.execute(
            "SELECT DISTINCT column_name FROM duckdb_columns() WHERE NOT internal"
        ).fetchall()
        return [str(name) for (name,) in rows]

    def _bind_all(self, tree: exp.Query, now: datetime, database: str) -> None:
        for table in tables(tree):
            self._bind(table, now, database)

    def _bind(self, table: exp.Table, now: datetime, database: str) -> None:
        """Load the table and qualify its name, so that DuckDB does not take a CTE of the same name for it.

        Names without a database are those of ``database``.
        """
        name = table.name.lower()
        if self._others is not None and table.db:
            database = table.db.lower()
        source = self._source(database, name or table.sql())
        loaded = name if database == self._database else f"{database}.{name}"
        if loaded not in self._loaded:
            self._load(loaded, source, now, database)
            self._loaded.add(loaded)
        if not table.alias:
            table.set("alias", exp.TableAlias(this=exp.to_identifier(name)))
        table.set("this", exp.to_identifier(loaded, quoted=True))
        table.set("db", exp.to_identifier("main"))
        table.set("catalog", None)

    def _source(self, database: str, name: str) -> Source:
        if database not in self._sources:
            assert self._others is not None, "without others, there is one database"
            self._sources[database] = self._others(database)
        known = self._sources[database]
        if name not in known and self._uploaded is not None:
            known = self._sources[database] = {**self._uploaded(database), **known}
        if name not in known:
            raise QueryError(f"there is no table {name!r}; {known_names(name, sorted(known))}")
        return known[name]

    def _load(self, name: str, source: Source, now: datetime, database: str) -> None:
        if not isinstance(source, str):
            load_table(self._connection, name, source())
            return
        view = parse(source)
        self._bind_all(view, now, database)
        select = for_duckdb(view, now)
        if name in self._shared:
            select = self._stored(name, select, self._shared[name])
        # A view on a temporary table must be temporary too.
        self._connection.execute(f'CREATE TEMP VIEW "{name}" AS {select}')

    def _stored(self, name: str, select: str, first: date) -> str:
        """A SELECT of the rows that ``select`` returns since a day, from a file; without room for one, ``select``."""
        file = f"{self._spill.name}/{name}.parquet"
        condition = "" if first == date.min else f" WHERE {DAY_COLUMN} >= DATE '{first}'"
        try:
            self._connection.execute(f"COPY (SELECT * FROM ({select}){condition}) TO {quoted(file)} (FORMAT parquet)")
        except duckdb.Error:
            Path(file).unlink(missing_ok=True)
            return select
        return f"SELECT * FROM read_parquet({quoted(file)}, hive_partitioning = false)"
