"""Name inventories that ended.

Of a bucket without any other, what the last one lists counts as stored, even if the bucket is gone. Of a bucket with
others, what none of them lists is in no number. If no bucket has a recent one, all numbers are old.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pyarrow as pa

from glue_jobs.progress import first_names

# The limit of parts/latest_snapshots.sql: weekly inventories come within 10 days.
_NEWEST = """
SELECT max(snapshot_date) AS last_day
FROM daily_storage
WHERE snapshot_date >= DATE '2006-03-14' AND snapshot_date <= DATE '{day}'
HAVING max(snapshot_date) < DATE '{day}' - INTERVAL '10' DAY
"""

_BUCKETS = """
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

# An inventory whose common prefix of keys begins with that of another one is covered by it. For three months others are
# named, because they explain why less is stored.
_PARTS = """
WITH inventory AS (
    SELECT
        source_bucket,
        inventory_id,
        max(snapshot_date) AS last_day,
        max_by(key_prefix, snapshot_time) AS key_prefix,
        max(max(snapshot_date)) OVER (PARTITION BY source_bucket) AS newest_day
    FROM daily_storage
    WHERE snapshot_date >= DATE '2006-03-14' AND snapshot_date <= DATE '{day}'
    GROUP BY source_bucket, inventory_id
)

SELECT ended.source_bucket, ended.inventory_id, max(ended.last_day) AS last_day
FROM inventory AS ended
INNER JOIN inventory AS other
    ON ended.source_bucket = other.source_bucket
WHERE ended.last_day < ended.newest_day - INTERVAL '10' DAY
    AND ended.last_day >= ended.newest_day - INTERVAL '90' DAY
    AND other.last_day >= other.newest_day - INTERVAL '10' DAY
    AND ended.key_prefix IS NOT NULL
GROUP BY ended.source_bucket, ended.inventory_id
HAVING NOT bool_or(starts_with(ended.key_prefix, coalesce(other.key_prefix, '')))
ORDER BY last_day DESC, ended.source_bucket, ended.inventory_id
"""


def ended_inventories(run: Callable[[str], pa.Table], day: date) -> tuple[str, ...]:
    """A sentence for each kind that there is on that day; ``run`` returns the result of a SELECT."""
    buckets = run(_BUCKETS.format(day=day)).to_pylist()
    parts = run(_PARTS.format(day=day)).to_pylist()
    sentences = [
        f"The newest inventory is of {newest['last_day']}: what was stored or deleted later is in no number."
        for newest in run(_NEWEST.format(day=day)).to_pylist()
    ]
    if buckets:
        names = [f"{bucket['source_bucket']} (last: {bucket['last_day']})" for bucket in buckets]
        sentences.append(
            f"The inventories of {first_names(names, 'bucket')} have ended; what the last one lists still counts as"
            " stored, even if the bucket is gone."
        )
    if parts:
        names = [f"{part['inventory_id']} of {part['source_bucket']} (last: {part['last_day']})" for part in parts]
        sentences.append(
            f"Of buckets with several inventories these have ended: {first_names(names, 'one')}; what no other one"
            " lists is in no number."
        )
    return (*sentences,)
