"""What to know of the answer of a saved query, in sentences."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from glue_jobs.jobs.library.query_days import QueryDays
from glue_jobs.lake import Lake
from glue_jobs.query.answer import Answer
from glue_jobs.query.duckdb.query_engine import QueryEngine
from glue_jobs.query.saved.query import SavedQuery
from glue_jobs.query.saved.view import base_tables
from glue_jobs.sources.s3_inventory_object.daily_change import DAILY_CHANGE
from glue_jobs.sources.s3_inventory_object.daily_storage import DAILY_STORAGE
from glue_jobs.sources.s3_inventory_object.table import S3_INVENTORY_OBJECT
from glue_jobs.sources.tables import TABLES

# Columns that count readers who may have no account have names with this.
READERS = "unique_requesters"

# Tables of totals, each with the source whose runs fill it.
SOURCES_OF_TOTALS = dict.fromkeys((DAILY_CHANGE.name, DAILY_STORAGE.name), S3_INVENTORY_OBJECT.name)


def answer_notes(
    engine: QueryEngine, lake: Callable[[], Lake], query: SavedQuery, days: QueryDays, rows: Answer
) -> Iterator[str]:
    """Sentences on what an answer counts twice, lacks or may get wrong, and on why it has no rows."""
    until, read = days.until or days.as_of, base_tables(query.metadata.reads)
    if any(READERS in column for column in rows.column_names):
        from glue_jobs.enrich.readers.key_changes import key_changes

        yield from key_changes(lake(), (table for table in TABLES if table.name in read), until, days.since)
    if "s3_inventory_object" in query.metadata.reads:
        from glue_jobs.query.saved.dropped_objects import dropped_objects

        yield from dropped_objects(engine.run, until)
    if "cloudfront_log" in read:
        from glue_jobs.query.saved.uncounted_requests import uncounted_requests

        yield from uncounted_requests(lambda sql: engine.answer(sql).records, query, days.as_of, days.since, days.until)
    if query.tells_what_is_stored:
        from glue_jobs.query.saved.uncounted_versions import uncounted_versions

        yield from uncounted_versions(engine.run, until)
    if not rows.num_rows:
        yield from _explain_empty(engine, query, days)
        return
    if query.name.startswith("subscriber/"):
        from glue_jobs.query.saved.own_callers import own_callers

        yield from own_callers(engine.run, query, days.as_of, days.since, days.until)
    elif query.tells_what_is_stored:
        from glue_jobs.query.saved.ended_inventories import ended_inventories
        from glue_jobs.query.saved.missing_logs import buckets_without_logs, late_logs

        yield from ended_inventories(engine.run, until)
        yield from buckets_without_logs(engine.run, query, days.as_of, days.since, days.until)
        yield from late_logs(engine.run, query, days.as_of, days.since)


def _explain_empty(engine: QueryEngine, query: SavedQuery, days: QueryDays) -> Iterator[str]:
    """Sentences about the first and last day of each table that the query reads, and about its period."""
    empty: list[str] = []
    filled: list[str] = []
    for name in sorted(base_tables(query.metadata.reads)):
        columns = next([column.name for column in table.columns] for table in TABLES if table.name == name)
        day = next((column for column in ("event_date", "snapshot_date") if column in columns), None)
        if day is None:
            continue
        ((first, last),) = engine.answer(f"SELECT min({day}) AS first_day, max({day}) AS last_day FROM {name}").records
        (filled if first else empty).append(SOURCES_OF_TOTALS.get(name, name))
        yield f"{name} has rows of {first} to {last}" if first else f"{name} has no rows"
    if empty and not filled:
        yield f"{query.name} has an answer after usage-lake ingest {' or '.join(dict.fromkeys(empty))}"
        return
    period = query.metadata.period
    days_of = f"SELECT {period.first} AS first_day, {period.last} AS last_day"
    ((first, last),) = engine.answer(days_of, today=days.as_of).records
    first_day, last_day = days.since or f"{first:%Y-%m-%d}", days.until or f"{last:%Y-%m-%d}"
    yield f"{query.name} looks at the days {first_day} to {last_day}; --since DAY and --until DAY ask about others"
