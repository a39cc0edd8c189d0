"""The table of S3 Inventory: every column AWS offers, under the name it has in ORC and Parquet reports.

Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/storage-inventory.html
"""

from __future__ import annotations

from glue_jobs.tables.model import Column, Table

S3_INVENTORY_OBJECT = Table(
    name="s3_inventory_object",
    description="One row per object version of an inventory snapshot; a snapshot is stored whole or not at all.",
    columns=(
        Column(1, "bucket", "string", "Bucket the object is in."),
        Column(2, "key", "string", "Key of the object, decoded."),
        Column(
            3,
            "version_id",
            "string",
            "Version of the object, 'null' if from before versioning; null in inventories of current objects.",
        ),
        Column(4, "is_latest", "boolean", "True for the current version; null in inventories of current objects."),
        Column(5, "is_delete_marker", "boolean", "True for a delete marker, which has no size; null like is_latest."),
        Column(6, "size", "bigint", "Size of the object in bytes, without metadata."),
        Column(7, "last_modified_date", "timestamp", "When the object was created or last written, UTC."),
        Column(8, "e_tag", "string", "Entity tag: a hash of the content, not always its MD5."),
        Column(9, "storage_class", "string", "Storage class, e.g. STANDARD, GLACIER_IR, DEEP_ARCHIVE."),
        Column(10, "is_multipart_uploaded", "boolean", "True when the object was uploaded in parts."),
        Column(11, "replication_status", "string", "PENDING, COMPLETED, FAILED or REPLICA."),
        Column(12, "encryption_status", "string", "SSE-S3, SSE-KMS, DSSE-KMS, SSE-C or NOT-SSE."),
        Column(13, "object_lock_retain_until_date", "timestamp", "End of the object's lock, UTC."),
        Column(14, "object_lock_mode", "string", "Governance or Compliance."),
        Column(15, "object_lock_legal_hold_status", "string", "On or Off."),
        Column(16, "intelligent_tiering_access_tier", "string", "Tier of an object in INTELLIGENT_TIERING."),
        Column(17, "bucket_key_status", "string", "ENABLED or DISABLED: whether an S3 Bucket Key encrypts it."),
        Column(18, "checksum_algorithm", "string", "Algorithm of the object's checksum, e.g. SHA256."),
        Column(19, "object_access_control_list", "string", "Access control list: base64 of a JSON text."),
        Column(20, "object_owner", "string", "Canonical user id of the object's owner."),
        Column(21, "lifecycle_expiration_date", "timestamp", "When a lifecycle rule will expire the object, UTC."),
        Column(22, "other_fields", "string", "JSON object of the fields that have no column here; null when none."),
        Column(23, "account", "string", "Account the data set belongs to, by the configuration."),
        Column(24, "repository", "string", "Data set the object belongs to, by the configuration."),
        Column(25, "source_bucket", "string", "Bucket the snapshot is of."),
        Column(26, "inventory_id", "string", "Inventory configuration that made the snapshot."),
        Column(27, "snapshot_time", "timestamp", "When S3 began to list the bucket, UTC, to the minute."),
        Column(28, "snapshot_date", "date", "Day of snapshot_time, UTC."),
        Column(29, "source_object", "string", "Inventory file the row came from."),
    ),
    partitions=("source_bucket", "snapshot_date"),
    sort=("key",),
    identity=("key", "version_id"),
    derived=(
        "account",
        "repository",
        "source_bucket",
        "inventory_id",
        "snapshot_time",
        "snapshot_date",
        "source_object",
    ),
    file_constants=("inventory_id", "snapshot_time"),
)
