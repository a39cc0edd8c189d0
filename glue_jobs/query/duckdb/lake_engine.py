"""The lake's tables and views as sources of the query engine: the files of each table's current snapshot."""

from __future__ import annotations

from functools import partial

from glue_jobs.lake import Lake
from glue_jobs.query.duckdb.catalogue import INFORMATION_SCHEMA, information_schema
from glue_jobs.query.duckdb.query_engine import QueryEngine, Sources
from glue_jobs.query.duckdb.table_source import TableSource
from glue_jobs.query.saved.view import SavedView
from glue_jobs.sources.lake_tables import lake_tables, uploaded_tables
from glue_jobs.sources.tables import TABLES
from glue_jobs.tables.model import Table


def sources(lake: Lake) -> Sources:
    """All declared tables and saved views by name; a table that the lake does not have yet is empty."""
    tables = {table.name: partial(_source, lake, table) for table in TABLES}
    return {**tables, **{view.name: view.select for view in SavedView.all()}}


def open_engine(lake: Lake, replaced: Sources | None = None) -> QueryEngine:
    """DuckDB over the lake; a qualified name reaches every database of it. ``replaced`` stands in for its tables."""
    others, uploaded = partial(_others, lake), partial(_uploaded_sources, lake)
    return QueryEngine({**sources(lake), **(replaced or {})}, database=lake.database, others=others, uploaded=uploaded)


def _uploaded_sources(lake: Lake, database: str) -> Sources:
    """The tables of uploads in a database of the lake."""
    other = _database(lake, database)
    return {table.name: partial(_source, other, table) for table in uploaded_tables(other)}


def _others(lake: Lake, database: str) -> Sources:
    """The tables and views of another database of the lake; raises LakeError if it has none."""
    if database == INFORMATION_SCHEMA:
        return information_schema(lambda: {name: lake_tables(_database(lake, name)) for name in lake.databases()})
    other = _database(lake, database)
    other.check_any(TABLES)
    return sources(other)


def _database(lake: Lake, database: str) -> Lake:
    return Lake(lake.location, database, lake.catalog_type)


def _source(lake: Lake, table: Table) -> TableSource:
    if not lake.has(table):
        return TableSource(table, [])
    files = lake.plain_files(table)
    if files is None:
        # pyiceberg reads S3 and applies the row deletes of other engines; DuckDB alone does neither.
        return TableSource(table, lake.load(table).rows(tuple(column.name for column in table.columns)))
    return TableSource(
        table,
        [file.address for file in files],
        [file.texts for file in files],
        [file.columns for file in files],
    )
