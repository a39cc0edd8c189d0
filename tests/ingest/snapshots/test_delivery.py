"""Deliveries of snapshots: which manifests are valid, which are copies, and which snapshots are the latest."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path

from glue_jobs.ingest.snapshots.delivery import (
    Delivery,
    group_copies,
    latest_snapshots,
    missing_fields,
    partitions_of,
    possible_copies,
    read_deliveries,
    reject_other_copies,
    replaceable,
    snapshot_of,
)
from glue_jobs.lake import StoredFile
from glue_jobs.read.raw_object import RawObject
from glue_jobs.sources.s3_inventory_object.parser import Snapshot, SnapshotId
from glue_jobs.storage import Entry, storage_for
from tests.inventories import Inventory, records

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


def stored(inventory_id: str | None, time: datetime | None, bucket: str = "example-data") -> StoredFile:
    return StoredFile("/lake/file", 1, (bucket, date(2024, 5, 7)), False, (inventory_id, time), None)  # type: ignore[arg-type]


def test_the_latest_snapshots_are_counted_for_each_inventory() -> None:
    weekly = days(-9, inventory_id="weekly")
    assert latest_snapshots([*days(3, 1, 2), *weekly, *days(2), None], 2) == days(2, 3) | weekly
    assert latest_snapshots(days(1, 2), 8) == days(1, 2)
    assert latest_snapshots(days(1, 2), 1) == days(2)


def test_an_inventory_without_fields_that_reports_need_is_named_once() -> None:
    def sentences(*fields: str) -> list[str]:
        return missing_fields(Snapshot("", each, "CSV", ("bucket", "key", *fields), ()) for each in days(1, 2))

    assert sentences("size") == sentences("size", "version_id", "is_latest") == []
    (size,), (latest,) = sentences(), sentences("size", "version_id", "is_delete_marker")
    assert size.startswith("inventory daily of example-data has no field Size:")
    assert latest.startswith("inventory daily of example-data has versions and no field IsLatest:")


def test_the_copy_that_was_written_last_is_tried_first() -> None:
    copies = group_copies([delivery("b", 2), delivery("a", 3), delivery("d", 1), delivery("c", 1)], [])[DAILY]
    assert [each.address.split("/")[2] for each in copies.untried] == ["c", "d", "b", "a"]
    assert (copies.in_lake, copies.outdated) == (None, [])


def test_copies_written_before_the_ingested_one_are_outdated() -> None:
    new = [delivery("a", 1), delivery("c", 3)]
    copies = group_copies(new, [delivery("b", 2)])
    assert copies[DAILY].untried == new[1:]
    assert copies[DAILY].outdated == new[:1]
    reasons: dict[str, str] = {}
    reject_other_copies(copies, [], reasons)
    in_lake = "the same snapshot lies in /raw/b/2024-05-07T01-30Z/manifest.json too"
    assert reasons == dict.fromkeys([new[0].address, new[1].address], in_lake)
    copies[DAILY].untried = []
    reject_other_copies(copies, new[1:], reasons)
    assert reasons[new[0].address] == "the same snapshot lies in /raw/c/2024-05-07T01-30Z/manifest.json too"


def test_ingested_manifests_are_possible_copies_if_configuration_and_time_agree() -> None:
    new = [manifest("x/daily")]
    listed = [
        *new,
        manifest("y/daily"),
        manifest("y/weekly"),
        manifest("y/daily", name="2024-05-08T01-30Z"),
    ]
    assert possible_copies(listed, new) == [listed[1]]


def test_a_snapshot_is_not_replaceable_if_another_program_joined_files_of_its_partition() -> None:
    given = [delivery("a", 1)]
    reasons: dict[str, str] = {}
    others = [stored("daily", TIME), stored(None, TIME, bucket="other")]
    assert [*replaceable(given, others, reasons)] == given
    assert [*replaceable(given, [*others, stored("daily", None)], reasons)] == []
    assert "another program joined rows of several snapshots of its day in /lake/file" in reasons[given[0].address]


def test_a_data_file_has_one_snapshot_or_none() -> None:
    assert snapshot_of(stored("daily", TIME)) == DAILY
    assert snapshot_of(stored(None, TIME)) is None
    assert snapshot_of(stored("daily", None)) is None


def test_partitions_have_all_buckets_and_days() -> None:
    assert partitions_of([DAILY, DAILY._replace(time=datetime(2024, 5, 8), source_bucket="b")]) == {
        "source_bucket": {"example-data", "b"},
        "snapshot_date": {date(2024, 5, 7), date(2024, 5, 8)},
    }
    assert partitions_of([]) == {"source_bucket": set(), "snapshot_date": set()}


def test_an_invalid_manifest_gets_a_reason_and_the_others_become_deliveries(tmp_path: Path) -> None:
    inventory = Inventory(str(tmp_path))
    addresses = [
        inventory.deliver(TIME, records(1)),
        inventory.deliver_manifest(TIME + timedelta(days=1), b"{}"),
    ]
    found = [RawObject(next(iter(storage_for(address).list(address))), None) for address in addresses]
    reasons: dict[str, str] = {}
    (whole,) = read_deliveries(found, reasons, {})
    assert (whole.address, whole.snapshot.id) == (addresses[0], DAILY)
    assert reasons == {addresses[1]: "manifest.json has no version"}
