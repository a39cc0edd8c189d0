"""Name inventories whose older versions are in no number.

Another inventory lists their keys too, but current objects only.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pyarrow as pa

from glue_jobs.progress import first_names
from glue_jobs.query.saved.dropped_objects import SNAPSHOT, with_snapshots

# An inventory that counts itself begins with its own key_prefix.
_UNCOUNTED = f"""
SELECT latest.source_bucket, latest.inventory_id
FROM latest
INNER JOIN inventory_snapshot AS listed
    ON {" AND ".join(f"latest.{name} = listed.{name}" for name in SNAPSHOT)}
INNER JOIN snapshot
    ON latest.source_bucket = snapshot.source_bucket
INNER JOIN inventory_snapshot AS counted
    ON {" AND ".join(f"snapshot.{name} = counted.{name}" for name in SNAPSHOT)}
WHERE listed.noncurrent_objects + listed.delete_markers > 0
GROUP BY latest.source_bucket, latest.inventory_id
HAVING NOT bool_or(
    starts_with(listed.key_prefix, coalesce(counted.key_prefix, ''))
    AND counted.noncurrent_objects + counted.delete_markers > 0
)
ORDER BY latest.source_bucket, latest.inventory_id
"""


def uncounted_versions(run: Callable[[str], pa.Table], day: date) -> tuple[str, ...]:
    """A sentence, if there are such inventories on that day; ``run`` returns the result of a SELECT."""
    found = run(with_snapshots(_UNCOUNTED, day)).to_pylist()
    if not found:
        return ()
    names = first_names([f"{each['inventory_id']} of {each['source_bucket']}" for each in found], "inventory")
    return (
        f"No number includes the older versions and delete markers that {names} lists, because another inventory lists"
        " the same keys and more, but current objects only. One inventory of all versions can replace both.",
    )
