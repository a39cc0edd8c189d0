"""Which deliveries of a bucket are set, kept, or left alone."""

from __future__ import annotations

from typing import Any

import pytest

from glue_jobs.setup.deliveries import INVENTORY_FIELDS, INVENTORY_ID, Target, inventory_step, logging_step

TARGET = Target("aws", "logs", "s3-access-log/", "s3-inventory/", "Weekly")


def inventory(bucket: str = "logs", prefix: str = "s3-inventory", enabled: bool = True) -> dict[str, Any]:
    place = {"Bucket": f"arn:aws:s3:::{bucket}", "Prefix": prefix, "Format": "CSV"}
    return {
        "Id": "theirs",
        "IsEnabled": enabled,
        "IncludedObjectVersions": "All",
        "OptionalFields": [*INVENTORY_FIELDS],
        "Destination": {"S3BucketDestination": place},
    }


def test_a_bucket_without_logging_gets_folders_by_event_time() -> None:
    step = logging_step(TARGET, None)
    assert step.state == "set"
    assert step.wanted["LoggingEnabled"] == {
        "TargetBucket": "logs",
        "TargetPrefix": "s3-access-log/",
        "TargetObjectKeyFormat": {"PartitionedPrefix": {"PartitionDateSource": "EventTime"}},
    }


@pytest.mark.parametrize("prefix", ["s3-access-log/", "s3-access-log/mine/"])
def test_logging_to_the_log_bucket_is_kept(prefix: str) -> None:
    assert logging_step(TARGET, {"TargetBucket": "logs", "TargetPrefix": prefix}).state == "kept"


@pytest.mark.parametrize(
    "present",
    [
        {"TargetBucket": "audit", "TargetPrefix": "s3-access-log/"},
        {"TargetBucket": "logs", "TargetPrefix": ""},
        {"TargetBucket": "logs-2", "TargetPrefix": "s3-access-log/"},
        {"TargetBucket": "logs"},
    ],
)
def test_logging_to_another_place_is_left_alone(present: dict[str, str]) -> None:
    step = logging_step(TARGET, present)
    assert step.state == "left"
    assert f"s3://{present['TargetBucket']}/" in step.reason


def test_an_inventory_is_added_beside_others() -> None:
    step = inventory_step(TARGET, {"theirs": inventory("elsewhere")})
    assert step.state == "set"
    assert (step.wanted["Id"], step.wanted["Schedule"]) == (INVENTORY_ID, {"Frequency": "Weekly"})
    assert step.wanted["IncludedObjectVersions"] == "All"
    assert step.wanted["OptionalFields"] == [*INVENTORY_FIELDS]
    assert step.wanted["Destination"]["S3BucketDestination"] == {
        "Bucket": "arn:aws:s3:::logs",
        "Format": "Parquet",
        "Prefix": "s3-inventory",
    }


@pytest.mark.parametrize("prefix", ["s3-inventory", "s3-inventory/all"])
def test_an_inventory_that_goes_to_the_log_bucket_is_kept(prefix: str) -> None:
    step = inventory_step(TARGET, {"theirs": inventory(prefix=prefix)})
    assert (step.state, step.reason) == ("kept", "its inventory 'theirs' already goes there")


@pytest.mark.parametrize(
    ("less", "lacking"),
    [
        ({"IncludedObjectVersions": "Current"}, "no older versions"),
        (
            {"OptionalFields": ["Size", "LastModifiedDate", "StorageClass", "ETag"]},
            "no EncryptionStatus, no ReplicationStatus, no IntelligentTieringAccessTier",
        ),
    ],
)
def test_what_a_kept_inventory_lacks_is_listed(less: dict[str, Any], lacking: str) -> None:
    step = inventory_step(TARGET, {"theirs": inventory() | less})
    assert step.state == "kept"
    assert step.reason == (f"its inventory 'theirs' already goes there; it lists {lacking}, so reports lack these")


@pytest.mark.parametrize("less", [{"Filter": {"Prefix": "only/this/"}}, {"OptionalFields": ["Size", "ETag"]}])
def test_an_inventory_that_lacks_what_reports_need_is_not_kept(less: dict[str, Any]) -> None:
    assert inventory_step(TARGET, {"theirs": inventory() | less}).state == "set"
    assert inventory_step(TARGET, {INVENTORY_ID: inventory() | less}).state == "left"


@pytest.mark.parametrize(
    "present", [inventory("elsewhere"), inventory(prefix="lists"), inventory(enabled=False), inventory(prefix="")]
)
def test_another_inventory_with_the_same_id_is_not_overwritten(present: dict[str, Any]) -> None:
    step = inventory_step(TARGET, {INVENTORY_ID: present})
    assert step.state == "left"
    assert "delete it first" in step.reason
