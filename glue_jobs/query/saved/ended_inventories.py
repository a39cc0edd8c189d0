"""Buckets whose inventories ended: what they listed last still counts as stored, also where the bucket is gone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pyarrow as pa

MAX_NAMES = 3

# As between the inventories of a bucket, in parts/latest_snapshots.sql: weekly ones come within 10 days.
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
    """A sentence, if there are such buckets on that day; ``run`` gives the result of a SELECT."""
    buckets = run(_STATEMENT.format(day=day)).to_pylist()
    if not buckets:
        return ()
    names = [f"{bucket['source_bucket']} since {bucket['last_day']}" for bucket in buckets[:MAX_NAMES]]
    if more := len(buckets) - len(names):
        names.append(f"{more:,} other bucket{'' if more == 1 else 's'}")
    return (
        f"There is no newer inventory of {', '.join(names)}: what it listed then counts as stored still, also if the"
        " bucket is gone.",
    )
