"""The logging and inventory settings that a bucket needs, compared with its present ones.

A bucket has only one log destination, so logging to another destination is left unchanged. A bucket can have many
inventory configurations, so one more is added.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Settings = dict[str, Any]

# The id of the inventory configuration.
INVENTORY_ID = "usage-lake"

# All optional fields except owner and ACL, which are long, and the same for all objects if ACLs are disabled.
INVENTORY_FIELDS = (
    "Size",
    "LastModifiedDate",
    "StorageClass",
    "ETag",
    "IsMultipartUploaded",
    "ReplicationStatus",
    "EncryptionStatus",
    "ObjectLockRetainUntilDate",
    "ObjectLockMode",
    "ObjectLockLegalHoldStatus",
    "IntelligentTieringAccessTier",
    "BucketKeyStatus",
    "ChecksumAlgorithm",
    "LifecycleExpirationDate",
)

REQUIRED_FIELDS = {"Size", "LastModifiedDate", "StorageClass"}

# Fields that some reports use.
REPORT_FIELDS = ("ETag", "EncryptionStatus", "ReplicationStatus", "IntelligentTieringAccessTier")


@dataclass(frozen=True)
class Target:
    """The destination of deliveries: the log bucket of the stack, and prefixes that end with a slash."""

    partition: str
    bucket: str
    log_prefix: str
    inventory_prefix: str
    frequency: str


@dataclass(frozen=True)
class Step:
    """One setting of a bucket, its wanted value, and the action.

    ``state`` is ``set`` (the setting is missing), ``kept`` (the present one suffices) or ``left`` (a conflicting one
    exists); ``reason`` explains the last two.
    """

    name: Literal["logging", "inventory"]
    wanted: Settings
    state: Literal["set", "kept", "left"]
    reason: str = ""


def logging_step(target: Target, present: Mapping[str, Any] | None) -> Step:
    """Access logs in folders by the day of the request; ``present`` is the bucket's LoggingEnabled element, if any.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketLogging.html
    """
    wanted: Settings = {
        "LoggingEnabled": {
            "TargetBucket": target.bucket,
            "TargetPrefix": target.log_prefix,
            "TargetObjectKeyFormat": {"PartitionedPrefix": {"PartitionDateSource": "EventTime"}},
        }
    }
    if not present:
        return Step("logging", wanted, "set")
    place = f"s3://{present['TargetBucket']}/{present.get('TargetPrefix', '')}"
    if place.startswith(f"s3://{target.bucket}/{target.log_prefix}"):
        return Step("logging", wanted, "kept", f"it already logs to {place}")
    reason = (
        f"it logs to {place}, and a bucket has one log destination; let the stack read that bucket"
        " (ExistingAccessLogBucket), or switch that logging off first"
    )
    return Step("logging", wanted, "left", reason)


def inventory_step(target: Target, present: Mapping[str, Mapping[str, Any]]) -> Step:
    """A Parquet inventory of all versions; ``present`` has the bucket's inventory configurations by id.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketInventoryConfiguration.html
    """
    wanted: Settings = {
        "Id": INVENTORY_ID,
        "IsEnabled": True,
        "IncludedObjectVersions": "All",
        "Schedule": {"Frequency": target.frequency},
        "OptionalFields": list(INVENTORY_FIELDS),
        "Destination": {
            "S3BucketDestination": {
                "Bucket": f"arn:{target.partition}:s3:::{target.bucket}",
                "Format": "Parquet",
                "Prefix": target.inventory_prefix.rstrip("/"),
            }
        },
    }
    same = next((id_ for id_, inventory in present.items() if _delivers(inventory, target)), None)
    if same is not None:
        reason = f"its inventory {same!r} already goes there{_missing(present[same])}"
        return Step("inventory", wanted, "kept", reason)
    if INVENTORY_ID in present:
        reason = (
            f"its inventory {INVENTORY_ID!r} goes elsewhere, is disabled, or lacks what reports need;"
            " delete it first, or let the stack read its bucket (ExistingInventoryBucket)"
        )
        return Step("inventory", wanted, "left", reason)
    return Step("inventory", wanted, "set")


def _missing(present: Mapping[str, Any]) -> str:
    """The fields and versions that a kept inventory does not list, as the end of a sentence."""
    fields = {*present.get("OptionalFields", ())}
    missing = [name for name in REPORT_FIELDS if name not in fields]
    if present.get("IncludedObjectVersions") != "All":
        missing.insert(0, "older versions")
    return f"; it lists no {', no '.join(missing)}, so reports lack these" if missing else ""


def _delivers(present: Mapping[str, Any], target: Target) -> bool:
    place = present["Destination"]["S3BucketDestination"]
    bucket = str(place["Bucket"]).rpartition(":")[2]
    prefix = f"{place.get('Prefix', '')}/"
    # An inventory of a part of the bucket, or without a required field, cannot be used.
    is_complete = not present.get("Filter") and {*present.get("OptionalFields", ())} >= REQUIRED_FIELDS
    goes_there = bucket == target.bucket and prefix.startswith(target.inventory_prefix)
    return bool(present["IsEnabled"]) and is_complete and goes_there
