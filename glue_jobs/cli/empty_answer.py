"""Why a saved query's answer is empty: the days that the lake holds, and the period that the query looks at."""

from __future__ import annotations

from collections.abc import Iterator

from glue_jobs.jobs.query_days import QueryDays
from glue_jobs.query.duckdb.query_engine import QueryEngine
from glue_jobs.query.saved.query import SavedQuery
from glue_jobs.query.saved.view import base_tables
from glue_jobs.sources.pipelines import TABLES


def explain_empty_answer(engine: QueryEngine, query: SavedQuery, days: QueryDays) -> Iterator[str]:
    """Sentences about the tables that the query reads, with their first and last day, and about its period."""
    for name in sorted(base_tables(query.metadata.reads)):
        columns = next(table.arrow_schema.names for table in TABLES if table.name == name)
        day = next((column for column in ("event_date", "snapshot_date") if column in columns), None)
        if day is None:
            continue
        bounds = engine.run(f"SELECT min({day}) AS first_day, max({day}) AS last_day FROM {name}").to_pylist()[0]
        first, last = bounds["first_day"], bounds["last_day"]
        yield f"{name} has rows of {first} to {last}" if first else f"{name} has no rows"
    period = query.metadata.period
    own = engine.run(f"SELECT {period.first} AS first_day, {period.last} AS last_day", today=days.as_of).to_pylist()[0]
    first_day, last_day = days.since or f"{own['first_day']:%Y-%m-%d}", days.until or f"{own['last_day']:%Y-%m-%d}"
    yield f"{query.name} looks at the days {first_day} to {last_day}; --since DAY and --until DAY ask about others"
