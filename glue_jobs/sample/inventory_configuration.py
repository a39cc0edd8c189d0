"""The inventories the publisher has set up: of which bucket, in which format, with which fields.

Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/storage-inventory.html
"""

from __future__ import annotations

from dataclasses import dataclass

DESTINATION = "example-inventories"
"""Bucket that S3 delivers the inventories to."""
CSV, ORC, PARQUET = "CSV", "ORC", "Parquet"


@dataclass(frozen=True)
class Field:
    """One field of an inventory: its name in CSV files, its column in the others, and ORC's name of its type."""

    name: str
    column: str
    type: str = "string"


BUCKET_AND_KEY = (Field("Bucket", "bucket"), Field("Key", "key"))
OF_VERSIONS = (
    Field("VersionId", "version_id"),
    Field("IsLatest", "is_latest", "boolean"),
    Field("IsDeleteMarker", "is_delete_marker", "boolean"),
)
OPTIONAL = (
    Field("Size", "size", "bigint"),
    Field("LastModifiedDate", "last_modified_date", "timestamp"),
    Field("ETag", "e_tag"),
    Field("StorageClass", "storage_class"),
    Field("IsMultipartUploaded", "is_multipart_uploaded", "boolean"),
    Field("ReplicationStatus", "replication_status"),
    Field("EncryptionStatus", "encryption_status"),
    Field("ObjectLockRetainUntilDate", "object_lock_retain_until_date", "timestamp"),
    Field("ObjectLockMode", "object_lock_mode"),
    Field("ObjectLockLegalHoldStatus", "object_lock_legal_hold_status"),
    Field("IntelligentTieringAccessTier", "intelligent_tiering_access_tier"),
    Field("BucketKeyStatus", "bucket_key_status"),
    Field("ChecksumAlgorithm", "checksum_algorithm"),
    Field("ObjectAccessControlList", "object_access_control_list"),
    Field("ObjectOwner", "object_owner"),
    Field("LifecycleExpirationDate", "lifecycle_expiration_date", "timestamp"),
)
EVERYTHING = tuple(field.name for field in OPTIONAL)


@dataclass(frozen=True)
class Configuration:
    """One inventory of one bucket; S3 begins to list it on Sundays at ``minute`` of the day.

    ``optional`` are names of fields, ``added`` one that was asked for after the first snapshot. A snapshot has
    ``files`` data files. The last snapshot of an ``unfinished`` inventory is still without its checksum.
    """

    bucket: str
    id: str
    format: str
    optional: tuple[str, ...]
    minute: int
    prefix: str = ""
    all_versions: bool = False
    added: str = ""
    files: int = 1
    unfinished: bool = False

    @property
    def folder(self) -> str:
        """Where the inventory lies below the destination, with a slash at the end."""
        return f"{self.prefix}{self.bucket}/{self.id}/"

    def fields(self, number: int) -> tuple[Field, ...]:
        """The fields of the snapshot of that number, from 0, in their order."""
        wanted = (*self.optional, self.added) if number else self.optional
        known = {field.name: field for field in OPTIONAL}
        optional = tuple(known[name] for name in wanted if name)
        return (*BUCKET_AND_KEY, *(OF_VERSIONS if self.all_versions else ()), *optional)


CONFIGURATIONS = (
    Configuration(
        "example-tides",
        "all-versions",
        CSV,
        (
            "Size",
            "LastModifiedDate",
            "ETag",
            "StorageClass",
            "IsMultipartUploaded",
            "ReplicationStatus",
            "EncryptionStatus",
            "BucketKeyStatus",
        ),
        minute=60,
        all_versions=True,
        added="ChecksumAlgorithm",
    ),
    Configuration(
        "example-maps",
        "weekly",
        PARQUET,
        ("Size", "LastModifiedDate", "StorageClass", "ETag", "EncryptionStatus", "IntelligentTieringAccessTier"),
        minute=61,
        files=3,
        unfinished=True,
    ),
    Configuration("example-archive", "everything", ORC, EVERYTHING, minute=332, prefix="cold/"),
)
"""In the order of the buckets: the publisher's, and then its archive."""
