"""What changed in each data set from snapshot to snapshot: small enough to keep for ever."""

from __future__ import annotations

from glue_jobs.tables.model import Column, Table

DAILY_CHANGE = Table(
    name="daily_change",
    description=(
        "One row per inventory snapshot, account and repository: what changed since the previous snapshot of the same"
        " inventory. All current objects of both are compared while both are kept object by object."
    ),
    columns=(
        Column(1, "source_bucket", "string", "Bucket the snapshots are of."),
        Column(2, "inventory_id", "string", "Inventory configuration that made the snapshots."),
        Column(3, "snapshot_time", "timestamp", "Time of the later snapshot, UTC, to the minute."),
        Column(4, "snapshot_date", "date", "Day of snapshot_time, UTC."),
        Column(5, "previous_snapshot_time", "timestamp", "Time of the earlier snapshot, UTC, to the minute."),
        Column(6, "account", "string", "Account the data set belongs to; null where no rule names one."),
        Column(7, "repository", "string", "Data set; null where no rule names one."),
        Column(8, "objects_before", "bigint", "Current objects of the earlier snapshot."),
        Column(9, "objects_after", "bigint", "Current objects of the later snapshot."),
        Column(10, "bytes_before", "bigint", "Bytes of objects_before; null where the inventory has no Size."),
        Column(11, "bytes_after", "bigint", "Bytes of objects_after; null where the inventory has no Size."),
        Column(12, "added_objects", "bigint", "Objects whose key is new in the later snapshot."),
        Column(13, "added_bytes", "bigint", "Bytes of added_objects; null where the inventory has no Size."),
        Column(14, "removed_objects", "bigint", "Objects whose key is no longer in the later snapshot."),
        Column(15, "removed_bytes", "bigint", "Bytes of removed_objects; null where the inventory has no Size."),
        Column(
            16,
            "rewritten_objects",
            "bigint",
            "Objects in both snapshots with another last-modified time, size or entity tag in the later one.",
        ),
        Column(17, "rewritten_bytes", "bigint", "Bytes of rewritten_objects in the later snapshot; null without Size."),
    ),
    partitions=("source_bucket", "snapshot_date"),
    sort=("account", "repository"),
    file_constants=("inventory_id", "snapshot_time"),
)
