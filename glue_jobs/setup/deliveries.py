"""What a bucket has to deliver so that it can be analysed, and how that goes together with what it delivers already.

A bucket has one place it logs to, so a log that goes elsewhere is left alone. Inventories have names: one more
is added beside those that are there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Settings = dict[str, Any]

# The inventory configuration's name in the bucket it is about.
INVENTORY = "usage-lake"

# All that an inventory may tell but owner and ACL, which are long and the same everywhere where ACLs are off.
FIELDS = (
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

NEEDED = {"Size", "LastModifiedDate", "StorageClass"}

# What only some reports ask for.
ASKED_FOR = ("ETag", "EncryptionStatus", "ReplicationStatus")


@dataclass(frozen=True)
class Target:
    """Where deliveries go: the stack's log bucket, and its prefixes, each with a slash at its end."""

    partition: str
    bucket: str
    log_prefix: str
    inventory_prefix: str
    frequency: str


@dataclass(frozen=True)
class Step:
    """One setting: what it is called, what it should be, and what has to be done.

    ``state`` is ``set`` (not there yet), ``kept`` (there already, or as good) or ``left`` (something else is there);
    ``reason`` is a sentence about the last two.
    """

    name: Literal["logging", "inventory"]
    wanted: Settings
    state: Literal["set", "kept", "left"]
    reason: str = ""


def logging_step(target: Target, present: Mapping[str, Any] | None) -> Step:
    """Access logs, in folders of the day a request was made; ``present`` is the bucket's LoggingEnabled, if any.

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
        return Step("logging", wanted, "kept", f"it logs to {place} already")
    reason = (
        f"it logs to {place}, and a bucket logs to one place only; let the stack read that bucket"
        " (ExistingAccessLogBucket), or switch that logging off first"
    )
    return Step("logging", wanted, "left", reason)


def inventory_step(target: Target, present: Mapping[str, Mapping[str, Any]]) -> Step:
    """An inventory of all versions as Parquet; ``present`` are the bucket's configurations by name.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketInventoryConfiguration.html
    """
    wanted: Settings = {
        "Id": INVENTORY,
        "IsEnabled": True,
        "IncludedObjectVersions": "All",
        "Schedule": {"Frequency": target.frequency},
        "OptionalFields": list(FIELDS),
        "Destination": {
            "S3BucketDestination": {
                "Bucket": f"arn:{target.partition}:s3:::{target.bucket}",
                "Format": "Parquet",
                "Prefix": target.inventory_prefix.rstrip("/"),
            }
        },
    }
    same = next((name for name, each in sorted(present.items()) if _delivers(each, target)), None)
    if same is not None:
        return Step("inventory", wanted, "kept", f"its inventory {same!r} goes there already{_lacking(present[same])}")
    if INVENTORY in present:
        reason = (
            f"it has an inventory called {INVENTORY!r} that goes elsewhere, is switched off or lists less than reports"
            " need; delete that one first, or let the stack read its bucket (ExistingInventoryBucket)"
        )
        return Step("inventory", wanted, "left", reason)
    return Step("inventory", wanted, "set")


def _lacking(present: Mapping[str, Any]) -> str:
    """What an inventory that is kept does not tell, and reports on it will not either."""
    fields = {*present.get("OptionalFields", ())}
    lacking = [name for name in ASKED_FOR if name not in fields]
    if present.get("IncludedObjectVersions") != "All":
        lacking.insert(0, "older versions")
    return f"; it lists no {', no '.join(lacking)}, so reports have nothing to tell of these" if lacking else ""


def _delivers(present: Mapping[str, Any], target: Target) -> bool:
    place = present["Destination"]["S3BucketDestination"]
    bucket = str(place["Bucket"]).rpartition(":")[2]
    prefix = f"{place.get('Prefix', '')}/"
    # One of a part of the bucket, or without what every report needs, is as good as none.
    whole = not present.get("Filter") and {*present.get("OptionalFields", ())} >= NEEDED
    there = bucket == target.bucket and prefix.startswith(target.inventory_prefix)
    return bool(present["IsEnabled"]) and whole and there
