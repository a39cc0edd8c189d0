"""Check that the totals in ``daily_storage`` equal the sums of the rows, for snapshots that still have rows."""

from __future__ import annotations

from glue_jobs.jobs.check.result import CheckResult
from glue_jobs.progress import counted
from glue_jobs.query.duckdb.query_engine import QueryEngine

_COUNTS = ("objects", "bytes", "noncurrent_objects", "noncurrent_bytes", "delete_markers")
_SNAPSHOT = "source_bucket, inventory_id, snapshot_time"
_GROUP = f"{_SNAPSHOT}, account, repository, storage_class, intelligent_tiering_access_tier"

# The newest snapshot of an inventory always keeps its rows, so it is compared even if it has none.
_KEPT = f"""
SELECT {_SNAPSHOT} FROM s3_inventory_object GROUP BY {_SNAPSHOT}
UNION
SELECT source_bucket, inventory_id, max(snapshot_time) AS snapshot_time
FROM daily_storage GROUP BY source_bucket, inventory_id
"""

# Totals minus rows. A union compares groups with null keys, and groups on one side only, too. An inventory without the
# field Size has null for bytes in both tables.
_DIFFERENCES = f"""
WITH kept AS ({_KEPT}),
version AS (
    SELECT *, coalesce(is_delete_marker, false) AS is_marker, coalesce(is_latest, true) AS is_newest
    FROM s3_inventory_object
),
counts AS (
    SELECT {_GROUP}, {", ".join(f"coalesce({name}, 0) AS {name}" for name in _COUNTS)} FROM daily_storage
    UNION ALL
    SELECT {_GROUP},
        -count_if(is_newest AND NOT is_marker) AS objects,
        -sum(CASE WHEN is_newest AND NOT is_marker THEN coalesce("size", 0) ELSE 0 END) AS bytes,
        -count_if(NOT is_newest AND NOT is_marker) AS noncurrent_objects,
        -sum(CASE WHEN NOT is_newest AND NOT is_marker THEN coalesce("size", 0) ELSE 0 END) AS noncurrent_bytes,
        -count_if(is_marker) AS delete_markers
    FROM version GROUP BY {_GROUP}
)
SELECT {_GROUP}, {", ".join(f"sum({name}) AS {name}" for name in _COUNTS)}
FROM counts JOIN kept USING ({_SNAPSHOT})
GROUP BY {_GROUP} HAVING {" OR ".join(f"sum({name}) <> 0" for name in _COUNTS)} ORDER BY {_GROUP}
"""


def check_storage_totals(engine: QueryEngine) -> CheckResult:
    """Check that objects, bytes, older versions and delete markers of each data set equal those in the rows."""
    snapshots = engine.run(f"SELECT count(*) AS n FROM ({_KEPT}) AS kept")["n"][0].as_py()
    wrong = []
    for row in engine.run(_DIFFERENCES).to_pylist():
        excess = ", ".join(f"{name} by {row[name]:+,}" for name in _COUNTS if row[name])
        data_set = f"{row['account'] or 'null'}/{row['repository'] or 'null'} in {row['storage_class'] or 'null'}"
        time = f"{row['snapshot_time']:%Y-%m-%d %H:%M}"
        wrong.append(f"{data_set}, {row['inventory_id']} of {row['source_bucket']} at {time}: wrong {excess}")
    return CheckResult("daily_storage", f"totals of {counted(snapshots, 'snapshot')} equal their rows", (*wrong,))
