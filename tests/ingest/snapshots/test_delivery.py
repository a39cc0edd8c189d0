"""Deliveries of snapshots: which manifests are valid, which are copies, and which snapshots are the latest."""

from __future__ import annotations

from datetime import datetime, timedelta

from glue_jobs.ingest.snapshots.delivery import (
    Delivery,
    group_copies,
    latest_snapshots,
    missing_fields,
    possible_copies,
)
from glue_jobs.read.raw_object import RawObject
from glue_jobs.sources.s3_inventory_object.parser import Snapshot, SnapshotId
from glue_jobs.storage import Entry

TIME = datetime(2024, 5, 7, 1, 30)
DAILY = SnapshotId("example-data", "daily", TIME)


def days(*numbers: int, inventory_id: str = "daily") -> set[SnapshotId]:
    return {SnapshotId("example-data", inventory_id, TIME + timedelta(days=number)) for number in numbers}


def manifest(folder: str, minute: int = 0, name: str = "2024-05-07T01-30Z") -> RawObject:
    entry = Entry(f"/raw/{folder}/{name}/manifest.json", 1, "", TIME + timedelta(minutes=minute))
    return RawObject(entry, TIME.date())


def delivery(folder: str, minute: int) -> Delivery:
    found = manifest(folder, minute)
    return Delivery(found, Snapshot(found.entry.address, DAILY, "CSV", ("bucket", "key"), ()))


def test_the_latest_snapshots_are_counted_for_each_inventory() -> None:
    weekly = days(-9, inventory_id="weekly")
    assert latest_snapshots([*days(3, 1, 2), *weekly, *days(2), None], 2) == days(2, 3) | weekly
    assert latest_snapshots(days(1, 2), 8) == days(1, 2)
    assert latest_snapshots(days(1, 2), 1) == days(2)


def test_an_inventory_without_fields_that_reports_need_is_named_once() -> None:
    def sentences(*fields: str) -> list[str]:
        return missing_fields(Snapshot("", each, "CSV", ("bucket", "key", *fields), ()) for each in days(1, 2))

    needed = ("size", "storage_class", "last_modified_date")
    assert sentences(*needed) == sentences(*needed, "version_id", "is_latest") == []
    for column, field in zip(needed, ("Size", "StorageClass", "LastModifiedDate"), strict=True):
        (sentence,) = sentences(*{*needed} - {column})
        assert sentence.startswith(f"inventory daily of example-data has no field {field}:")
    (latest,) = sentences(*needed, "version_id", "is_delete_marker")
    assert latest.startswith("inventory daily of example-data has versions and no field IsLatest:")


def test_the_copy_that_was_written_last_is_tried_first() -> None:
    copies = group_copies([delivery("b", 2), delivery("a", 3), delivery("d", 1), delivery("c", 1)], [])[DAILY]
    assert [each.address.split("/")[2] for each in copies.untried] == ["c", "d", "b", "a"]
    assert (copies.in_lake, copies.outdated) == (None, [])


def test_ingested_manifests_are_possible_copies_if_configuration_and_time_agree() -> None:
    new = [manifest("x/daily")]
    listed = [
        *new,
        manifest("y/daily"),
        manifest("y/weekly"),
        manifest("y/daily", name="2024-05-08T01-30Z"),
    ]
    assert possible_copies(listed, new) == [listed[1]]
