"""Report buckets without any logged request, and logs that begin within the period: other reads are unknown."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pyarrow as pa

from glue_jobs.progress import first_names
from glue_jobs.query.saved.dropped_objects import with_snapshots
from glue_jobs.query.saved.query import SavedQuery
from glue_jobs.query.saved.view import base_tables

# The tables of requests and a filter: an event about the settings of a bucket does not prove that its reads are logged.
_LOGS = {
    "s3_access_log": "",
    "cloudfront_log": "",
    "cloudtrail_s3_event": " AND NOT coalesce(management_event, false)",
}

_UNNAMED = """
SELECT stored.source_bucket, CAST({first} AS date) AS first_day, CAST({last} AS date) AS last_day
FROM (
    SELECT DISTINCT total.source_bucket
    FROM daily_storage AS total
    INNER JOIN snapshot
        ON total.source_bucket = snapshot.source_bucket
        AND total.snapshot_date = snapshot.snapshot_date
        AND total.inventory_id = snapshot.inventory_id
        AND total.snapshot_time = snapshot.snapshot_time
    WHERE objects > 0
) AS stored
LEFT JOIN ({logged}) AS logged
    ON stored.source_bucket = logged.bucket
WHERE logged.bucket IS NULL
ORDER BY stored.source_bucket
"""

_BEGUN = """
SELECT CAST(min(first_event_time) AS date) AS begun, max(CAST({first} AS date)) AS first_day
FROM ingested_object
WHERE pipeline IN ({logs})
HAVING min(first_event_time) IS NOT NULL
"""

Run = Callable[[str], pa.Table]


def buckets_without_logs(
    run: Run, query: SavedQuery, day: date, since: date | None = None, until: date | None = None
) -> tuple[str, ...]:
    """A sentence on a query about what is stored and read, as of ``day``; none if the lake has no logs at all.

    ``run`` returns the result of a SELECT.
    """
    logs = _logs_of(query)
    first, last = query.period_days(day, since, until)
    if not logs or not _begun(run, logs, first):
        return ()
    logged = "\nUNION\n".join(
        f"SELECT bucket FROM {log} WHERE event_date >= {first} AND event_date <= {last}{_LOGS[log]}" for log in logs
    )
    unnamed = run(with_snapshots(_UNNAMED.format(first=first, last=last, logged=logged), day)).to_pylist()
    if not unnamed:
        return ()
    names = first_names([row["source_bucket"] for row in unnamed], "bucket")
    return (
        f"The logs of {unnamed[0]['first_day']} to {unnamed[0]['last_day']} have no request for {names}. If logs are"
        " missing, reads are unknown there, not zero.",
    )


def late_logs(run: Run, query: SavedQuery, day: date, since: date | None = None) -> tuple[str, ...]:
    """A sentence, if the logs begin within the period of a query about what is stored and read, or there are none."""
    logs = _logs_of(query)
    if not logs:
        return ()
    first, _ = query.period_days(day, since, None)
    found = _begun(run, logs, first)
    if not found:
        return (f"Without {' or '.join(logs)}, what is read is unknown.",)
    return tuple(
        f"The logs begin on {row['begun']}: what was read before that day is in no number."
        for row in found
        if row["begun"] > row["first_day"]
    )


def _logs_of(query: SavedQuery) -> list[str]:
    return sorted(base_tables(query.metadata.reads) & _LOGS.keys()) if query.tells_what_is_stored else []


def _begun(run: Run, logs: list[str], first: str) -> list[dict[str, Any]]:
    begun: list[dict[str, Any]] = run(_BEGUN.format(first=first, logs=", ".join(map(repr, logs)))).to_pylist()
    return begun
