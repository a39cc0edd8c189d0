"""Why a saved query's answer is empty: the days that the lake holds, and the period that the query looks at."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

from glue_jobs.query.duckdb.query_engine import QueryEngine
from glue_jobs.query.saved.query import SavedQuery
from glue_jobs.query.saved.view import base_tables
from glue_jobs.sources.pipelines import TABLES

# Every query on days of a period names the period in a comment above it.
_PERIOD = re.compile(r"^-- Period: (.+)\.$", re.MULTILINE)


def explain_empty_answer(engine: QueryEngine, query: SavedQuery, as_of: date) -> Iterator[str]:
    """Sentences about the tables that the query reads, with their first and last day, and about its period."""
    for name in sorted(base_tables(query.metadata.reads)):
        columns = next(table.arrow_schema.names for table in TABLES if table.name == name)
        day = next((column for column in ("event_date", "snapshot_date") if column in columns), None)
        if day is None:
            continue
        bounds = engine.run(f"SELECT min({day}) AS first_day, max({day}) AS last_day FROM {name}").to_pylist()[0]
        first, last = bounds["first_day"], bounds["last_day"]
        yield f"{name} has rows of {first} to {last}" if first else f"{name} has no rows"
    period = _PERIOD.search(query.sql)
    looks_at = f"looks at {period[1]}, counted from {as_of}" if period else f"looks at what there was on {as_of}"
    yield f"{query.name} {looks_at}; --as-of DAY asks about another day"
