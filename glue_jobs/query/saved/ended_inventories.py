"""Name buckets whose inventories ended: what the last one lists counts as stored, even if the bucket is gone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pyarrow as pa

from glue_jobs.progress import first_names

# The limit of parts/latest_snapshots.sql: weekly inventories come within 10 days.
_STATEMENT = """
SELECT source_bucket, last_day
FROM (
    SELECT source_bucket, max(snapshot_date) AS last_day, max(max(snapshot_date)) OVER () AS newest_day
    FROM daily_storage
    WHERE snapshot_date >= DATE '2006-03-14' AND snapshot_date <= DATE '{day}'
    GROUP BY source_bucket
) AS bucket
WHERE last_day < newest_day - INTERVAL '10' DAY
ORDER BY last_day DESC, source_bucket
"""


def ended_inventories(run: Callable[[str], pa.Table], day: date) -> tuple[str, ...]:
    """A sentence, if there are such buckets on that day; ``run`` returns the result of a SELECT."""
    buckets = run(_STATEMENT.format(day=day)).to_pylist()
    if not buckets:
        return ()
    names = [f"{bucket['source_bucket']} (last: {bucket['last_day']})" for bucket in buckets]
    return (
        f"The inventories of {first_names(names, 'bucket')} have ended; what the last one lists still counts as"
        " stored, even if the bucket is gone.",
    )
