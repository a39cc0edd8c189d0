"""The lake's tables and views as sources of the query engine: the files of each table's current snapshot."""

from __future__ import annotations

from functools import partial

from glue_jobs.lake import Lake, StoredFile
from glue_jobs.query.duckdb.catalogue import INFORMATION_SCHEMA, information_schema
from glue_jobs.query.duckdb.query_engine import QueryEngine, Sources
from glue_jobs.query.duckdb.table_source import TableSource, ViewSource
from glue_jobs.query.saved.view import SavedView
from glue_jobs.sources.pipelines import TABLES
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
    loaded = lake.load(table)
    files = loaded.files()
    # pyiceberg reads S3 and applies the row deletes of other engines; DuckDB alone does neither.
    if any(file.has_deletes for file in files) or any(file.address.startswith("s3://") for file in files):
        return TableSource(table, loaded.rows(tuple(table.arrow_schema.names)))
    constants = [_constants(table, file) for file in files]
    return TableSource(table, [file.address for file in files], constants, [*map(loaded.columns_of, files)])


def _constants(table: Table, file: StoredFile) -> dict[str, str]:
    """Text columns that have one value in the whole file: its partition values and file constants."""
    known = zip((*table.partitions, *table.file_constants), (*file.partition, *file.file_constants), strict=True)
    return {name: value for name, value in known if isinstance(value, str)}
