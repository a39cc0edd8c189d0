"""The lake's tables and views as sources of the query engine: the files of each table's current snapshot."""

from __future__ import annotations

from functools import partial

from glue_jobs.lake import Lake
from glue_jobs.query.duckdb.catalogue import INFORMATION_SCHEMA, information_schema
from glue_jobs.query.duckdb.query_engine import QueryEngine, Sources
from glue_jobs.query.duckdb.table_source import TableSource, ViewSource
from glue_jobs.query.saved.view import SavedView
from glue_jobs.sources.tables import TABLES
from glue_jobs.tables.model import Table


def sources(lake: Lake) -> Sources:
    """All declared tables and saved views by name; a table that the lake does not have yet is empty."""
    tables = {table.name: partial(_source, lake, table) for table in TABLES}
    return tables | {view.name: partial(ViewSource, view.select) for view in SavedView.all()}


def open_engine(lake: Lake, replaced: Sources | None = None) -> QueryEngine:
    """DuckDB over the lake; a qualified name reaches every database of it. ``replaced`` stands in for its tables."""
    return QueryEngine({**sources(lake), **(replaced or {})}, database=lake.database, others=partial(_others, lake))


def _others(lake: Lake, database: str) -> Sources:
    """The tables and views of another database of the lake; raises LakeError if it has none."""
    if database == INFORMATION_SCHEMA:
        return information_schema(lake.databases)
    other = Lake(lake.location, database, lake.catalog_type)
    other.check_any(TABLES)
    return sources(other)


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
