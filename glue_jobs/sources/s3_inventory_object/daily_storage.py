"""The storage of each data set, snapshot by snapshot: small enough to keep for ever."""

from __future__ import annotations

from glue_jobs.tables.model import Column, Table

DAILY_STORAGE = Table(
    name="daily_storage",
    description="One row per snapshot, account, repository, storage class and access tier; one row if it is empty.",
    columns=(
        Column(1, "source_bucket", "string", "Bucket the snapshot is of."),
        Column(2, "inventory_id", "string", "Inventory configuration that made the snapshot."),
        Column(3, "snapshot_time", "timestamp", "When S3 began to list the bucket, UTC, to the minute."),
        Column(4, "snapshot_date", "date", "Day of snapshot_time, UTC."),
        Column(5, "account", "string", "Account the data set belongs to; null where no rule names one."),
        Column(6, "repository", "string", "Data set; null where no rule names one."),
        Column(7, "storage_class", "string", "Storage class; null where the inventory has none."),
        Column(8, "objects", "bigint", "Current objects: what a listing of the bucket shows; 0 in an empty snapshot."),
        Column(9, "bytes", "bigint", "Bytes of the current objects; null where the inventory has no Size."),
        Column(10, "noncurrent_objects", "bigint", "Noncurrent versions that are kept."),
        Column(11, "noncurrent_bytes", "bigint", "Bytes of the noncurrent versions; null like bytes."),
        Column(12, "delete_markers", "bigint", "Delete markers, current or not."),
        Column(13, "oldest", "timestamp", "Earliest last_modified_date of the current objects, UTC."),
        Column(14, "newest", "timestamp", "Latest last_modified_date of the current objects, UTC."),
        Column(
            15,
            "intelligent_tiering_access_tier",
            "string",
            "Tier of the objects in INTELLIGENT_TIERING; null in other classes and where the inventory has none.",
        ),
        Column(16, "key_prefix", "string", "Longest prefix that all keys of the snapshot share; null without keys."),
        Column(17, "small_objects", "bigint", "Current and older versions below 131,072 bytes; null like bytes."),
        Column(18, "small_bytes", "bigint", "Bytes of small_objects; null like bytes."),
    ),
    partitions=("source_bucket", "snapshot_date"),
    sort=("account", "repository"),
    file_constants=("inventory_id", "snapshot_time"),
)
