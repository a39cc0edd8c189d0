"""Name buckets of which a day in the past has totals only: what is told of single objects leaves them out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime

import pyarrow as pa

from glue_jobs.progress import counted
from glue_jobs.query.saved.query import SavedQuery

OBJECTS = "s3_inventory_object"
MAX_NAMES = 3

_SNAPSHOT = ("source_bucket", "snapshot_date", "inventory_id", "snapshot_time")

# What chooses the snapshots that count is the same text in all queries.
_QUERY, _END = "storage/storage_classes", "-- end {latest_snapshots}"
_DROPPED = f"""
SELECT DISTINCT total.source_bucket
FROM daily_storage AS total
INNER JOIN snapshot
    ON {" AND ".join(f"total.{name} = snapshot.{name}" for name in _SNAPSHOT)}
LEFT JOIN (
    SELECT DISTINCT {", ".join(_SNAPSHOT)} FROM {OBJECTS}
    WHERE snapshot_date >= DATE '2006-03-14' AND snapshot_date <= current_date
) AS kept
    ON {" AND ".join(f"total.{name} = kept.{name}" for name in _SNAPSHOT)}
WHERE objects + noncurrent_objects > 0 AND kept.source_bucket IS NULL
ORDER BY total.source_bucket
"""


def dropped_objects(run: Callable[[str], pa.Table], day: date) -> tuple[str, ...]:
    """A sentence, if there are such buckets on that day; ``run`` returns the result of a SELECT."""
    # The latest snapshots keep their rows.
    if day >= datetime.now(UTC).date():
        return ()
    chosen = SavedQuery.load(_QUERY).sql.partition(_END)[0].rstrip().removesuffix(",")
    buckets = run(f"{chosen}\n{_DROPPED}".replace("current_date", f"DATE '{day}'"))["source_bucket"].to_pylist()
    if not buckets:
        return ()
    names = buckets[:MAX_NAMES]
    if more := len(buckets) - len(names):
        names.append(counted(more, "other bucket"))
    return (
        f"For {day} only totals of {', '.join(names)} are kept: what is told of single objects, their keys and sizes"
        " leaves it out.",
    )
