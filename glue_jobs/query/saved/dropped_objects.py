"""Name buckets of which the lake keeps only totals for a day in the past: answers about single objects lack them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime

import pyarrow as pa

from glue_jobs.progress import first_names
from glue_jobs.query.saved.query import SavedQuery

OBJECTS = "s3_inventory_object"

SNAPSHOT = ("source_bucket", "snapshot_date", "inventory_id", "snapshot_time")

# All queries on storage begin with the same text, which chooses the snapshots that count.
_QUERY, _END = "storage/storage_classes", "-- end {latest_snapshots}"
_DROPPED = f"""
SELECT DISTINCT total.source_bucket
FROM daily_storage AS total
INNER JOIN snapshot
    ON {" AND ".join(f"total.{name} = snapshot.{name}" for name in SNAPSHOT)}
LEFT JOIN (
    SELECT DISTINCT {", ".join(SNAPSHOT)} FROM {OBJECTS}
    WHERE snapshot_date >= DATE '2006-03-14' AND snapshot_date <= current_date
) AS kept
    ON {" AND ".join(f"total.{name} = kept.{name}" for name in SNAPSHOT)}
WHERE objects + noncurrent_objects > 0 AND kept.source_bucket IS NULL
ORDER BY total.source_bucket
"""


def with_snapshots(select: str, day: date) -> str:
    """The SELECT as of ``day``, with a table ``snapshot``: the snapshots of each bucket that count as current."""
    clause = SavedQuery.load(_QUERY).sql.partition(_END)[0].rstrip().removesuffix(",")
    return f"{clause}\n{select}".replace("current_date", f"DATE '{day}'")


def dropped_objects(run: Callable[[str], pa.Table], day: date) -> tuple[str, ...]:
    """A sentence, if there are such buckets on that day; ``run`` returns the result of a SELECT."""
    # The latest snapshots always keep their objects.
    if day >= datetime.now(UTC).date():
        return ()
    buckets = run(with_snapshots(_DROPPED, day))["source_bucket"].to_pylist()
    if not buckets:
        return ()
    return (
        f"For {day} the lake keeps totals of {first_names(buckets, 'bucket')}, but no single objects any more: answers"
        " about objects, their keys and sizes leave them out.",
    )
