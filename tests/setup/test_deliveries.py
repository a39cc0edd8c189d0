"""What a bucket is made to deliver, and what is left as it is."""

from __future__ import annotations

from typing import Any

import pytest

from glue_jobs.setup.deliveries import FIELDS, INVENTORY, Target, inventory_step, logging_step

TARGET = Target("aws", "logs", "s3-access-log/", "s3-inventory/", "Weekly")


def inventory(bucket: str = "logs", prefix: str = "s3-inventory", enabled: bool = True) -> dict[str, Any]:
    place = {"Bucket": f"arn:aws:s3:::{bucket}", "Prefix": prefix, "Format": "CSV"}
    return {
        "Id": "theirs",
        "IsEnabled": enabled,
        "IncludedObjectVersions": "All",
        "OptionalFields": [*FIELDS],
        "Destination": {"S3BucketDestination": place},
    }


def test_a_bucket_that_logs_nowhere_gets_folders_of_event_days() -> None:
    step = logging_step(TARGET, None)
    assert step.state == "set"
    assert step.wanted["LoggingEnabled"] == {
        "TargetBucket": "logs",
        "TargetPrefix": "s3-access-log/",
        "TargetObjectKeyFormat": {"PartitionedPrefix": {"PartitionDateSource": "EventTime"}},
    }


@pytest.mark.parametrize("prefix", ["s3-access-log/", "s3-access-log/mine/"])
def test_logs_that_come_already_stay_as_they_are(prefix: str) -> None:
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
def test_logs_that_go_elsewhere_are_left_alone(present: dict[str, str]) -> None:
    step = logging_step(TARGET, present)
    assert step.state == "left"
    assert f"s3://{present['TargetBucket']}/" in step.reason


def test_an_inventory_is_added_beside_others() -> None:
    step = inventory_step(TARGET, {"theirs": inventory("elsewhere")})
    assert step.state == "set"
    assert (step.wanted["Id"], step.wanted["Schedule"]) == (INVENTORY, {"Frequency": "Weekly"})
    assert step.wanted["OptionalFields"] == [*FIELDS]
    assert step.wanted["Destination"]["S3BucketDestination"] == {
        "Bucket": "arn:aws:s3:::logs",
        "Format": "Parquet",
        "Prefix": "s3-inventory",
    }


@pytest.mark.parametrize("prefix", ["s3-inventory", "s3-inventory/all"])
def test_an_inventory_that_comes_already_is_enough(prefix: str) -> None:
    step = inventory_step(TARGET, {"theirs": inventory(prefix=prefix)})
    assert (step.state, step.reason) == ("kept", "its inventory 'theirs' goes there already")


@pytest.mark.parametrize(
    ("less", "lacking"),
    [
        ({"IncludedObjectVersions": "Current"}, "no older versions"),
        (
            {"OptionalFields": ["Size", "LastModifiedDate", "StorageClass", "ETag"]},
            "no EncryptionStatus, no ReplicationStatus",
        ),
    ],
)
def test_what_an_inventory_that_is_kept_does_not_tell_is_said(less: dict[str, Any], lacking: str) -> None:
    step = inventory_step(TARGET, {"theirs": inventory() | less})
    assert step.state == "kept"
    assert step.reason == (
        f"its inventory 'theirs' goes there already; it lists {lacking}, so reports have nothing to tell of these"
    )


@pytest.mark.parametrize("less", [{"Filter": {"Prefix": "only/this/"}}, {"OptionalFields": ["Size", "ETag"]}])
def test_an_inventory_of_less_than_reports_need_is_not_enough(less: dict[str, Any]) -> None:
    assert inventory_step(TARGET, {"theirs": inventory() | less}).state == "set"
    assert inventory_step(TARGET, {INVENTORY: inventory() | less}).state == "left"


@pytest.mark.parametrize(
    "present", [inventory("elsewhere"), inventory(prefix="lists"), inventory(enabled=False), inventory(prefix="")]
)
def test_another_inventory_of_our_name_is_never_overwritten(present: dict[str, Any]) -> None:
    step = inventory_step(TARGET, {INVENTORY: present})
    assert step.state == "left"
    assert "delete that one first" in step.reason
