"""What to know of the answer of a saved query, in sentences."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

    from glue_jobs.jobs.query_days import QueryDays
    from glue_jobs.lake import Lake
    from glue_jobs.query.duckdb.query_engine import QueryEngine
    from glue_jobs.query.saved.query import SavedQuery

# Columns that count readers who may have no account have names with this.
READERS = "unique_requesters"


def answer_notes(
    engine: QueryEngine, lake: Callable[[], Lake], query: SavedQuery, days: QueryDays, rows: pa.Table
) -> Iterator[str]:
    """Readers who count twice, are the publisher or do not count; buckets that are gone or not logged; why no rows."""
    from glue_jobs.query.saved.view import base_tables

    until = days.until or days.as_of
    if any(READERS in column for column in rows.column_names):
        from glue_jobs.enrich.readers.key_changes import key_changes
        from glue_jobs.sources.tables import TABLES

        read = base_tables(query.metadata.reads)
        yield from key_changes(lake(), (table for table in TABLES if table.name in read), until, days.since)
    if "s3_inventory_object" in query.metadata.reads:
        from glue_jobs.query.saved.dropped_objects import dropped_objects

        yield from dropped_objects(engine.run, until)
    if "cloudfront_log" in base_tables(query.metadata.reads):
        from glue_jobs.query.saved.distributions_without_bucket import distributions_without_bucket

        yield from distributions_without_bucket(
            lambda sql: engine.answer(sql).records, query, days.as_of, days.since, days.until
        )
    if not rows.num_rows:
        from glue_jobs.cli.empty_answer import explain_empty_answer

        yield from explain_empty_answer(engine, query, days)
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
