"""DuckDB on tables with the rows of a test."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import pyarrow as pa

from glue_jobs.query.duckdb.query_engine import QueryEngine, Sources
from glue_jobs.query.duckdb.table_source import TableSource
from glue_jobs.query.saved.view import SavedView
from glue_jobs.sources.tables import TABLES


def engine_on(given: Mapping[str, pa.Table | Sequence[dict[str, Any]]]) -> QueryEngine:
    """All views and all tables; tables without given rows are empty."""
    sources: Sources = {view.name: view.select for view in SavedView.all()}
    tables = {}
    for table in TABLES:
        rows = given.get(table.name, [])
        data = rows if isinstance(rows, pa.Table) else pa.Table.from_pylist([*rows], schema=table.arrow_schema)
        tables[table.name] = partial(TableSource, table, data)
    return QueryEngine({**sources, **tables})
