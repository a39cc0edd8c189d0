"""Snapshots are ingested as a whole, replaced when they are delivered again, and dropped when they are old."""

from __future__ import annotations

import gzip
import hashlib
import os
import re
import signal
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

import glue_jobs.ingest.commit.commit
import glue_jobs.ingest.events.chunk_task
import glue_jobs.ingest.snapshots.snapshot_task
import glue_jobs.lake.table.history
from glue_jobs.ingest.ingest import ingest
from glue_jobs.ingest.request import IngestRequest, IngestSummary
from glue_jobs.jobs.outcome.ingest_sentence import sentence
from glue_jobs.lake import Lake, LoadedTable
from glue_jobs.progress import SilentReporter
from glue_jobs.sources.pipelines import BY_NAME
from glue_jobs.sources.s3_inventory_object.daily_change import DAILY_CHANGE
from glue_jobs.sources.s3_inventory_object.daily_storage import DAILY_STORAGE
from glue_jobs.sources.s3_inventory_object.table import S3_INVENTORY_OBJECT
from glue_jobs.tables.model import Table
from tests.disturbed import appends_to, disturbed, failing
from tests.end_to_end.lakes import contents, left_over, let_a_day_pass, orphans
from tests.end_to_end.processes import killed_at, together
from tests.end_to_end.test_flat import Watch
from tests.inventories import FORMATS, Inventory, record, records
from tests.job_process import main
from tests.lake.maintenance import rewrite

PIPELINE = BY_NAME["s3_inventory_object"]
FIRST = datetime(2024, 5, 1, 1, 30)


def day(number: int) -> datetime:
    return FIRST + timedelta(days=number)


def run(raw: Inventory | str, lake: str | Lake, **more: object) -> IngestSummary:
    address = raw if isinstance(raw, str) else raw.address
    opened = Lake(lake, "usage_lake") if isinstance(lake, str) else lake
    return ingest(IngestRequest(PIPELINE, address, opened, **more), SilentReporter())  # type: ignore[arg-type]


def stored(lake: str | Lake) -> dict[tuple[str, str, datetime], int]:
    """The number of rows of each snapshot that has rows."""
    found: Counter[tuple[str, str, datetime]] = Counter()
    for row, count in contents(lake, PIPELINE).rows.items():
        values = dict(row)
        found[values["source_bucket"], values["inventory_id"], values["snapshot_time"]] += count
    return dict(sorted(found.items()))


def totals(lake: str | Lake) -> dict[datetime, int]:
    """The number of objects of each snapshot by its totals."""
    found: Counter[datetime] = Counter()
    for row, count in contents(lake, PIPELINE).totals.items():
        values = dict(row)
        found[values["snapshot_time"]] += values["objects"] * count
    return dict(sorted(found.items()))


def at(*numbers: int, bucket: str = "example-data", config: str = "daily") -> list[tuple[str, str, datetime]]:
    return [(bucket, config, day(number)) for number in numbers]


@pytest.mark.parametrize("form", FORMATS)
def test_a_snapshot_of_several_files_becomes_rows_and_totals(form: str, inventory: Inventory, lake: str) -> None:
    raw = replace(inventory, form=form)
    raw.deliver(FIRST, records(30), records(20, 30), [record("top.csv", 5, StorageClass="GLACIER")])
    summary = run(raw, lake)
    assert (summary.totals.objects, summary.totals.records, summary.totals.rows) == (1, 51, 51)
    found = contents(lake, PIPELINE)
    keys = sorted(dict(row)["key"] for row in found.rows)
    assert keys == sorted([*(each["Key"] for each in records(50)), "top.csv"])
    names = ("account", "repository", "storage_class", "objects", "bytes")
    assert {tuple(row[name] for name in names) for row in map(dict, found.totals)} == {
        ("ana", "tides", "STANDARD", 25, sum(range(1, 50, 2))),
        ("ana", "winds", "STANDARD", 25, sum(range(0, 50, 2))),
        (None, None, "GLACIER", 1, 5),
    }  # fmt: skip
    (ledger,) = map(dict, found.ledger)
    assert (ledger["key"], ledger["records"], ledger["first_event_time"]) == (raw.manifest(FIRST), 51, FIRST)
    assert run(raw, lake).run_id is None


def test_current_objects_other_versions_and_delete_markers_are_counted_separately(
    inventory: Inventory, lake: str
) -> None:
    versions = [
        record("a/r/k", 5, VersionId="v2", IsLatest=True, IsDeleteMarker=False, LastModifiedDate=datetime(2024, 4, 2)),
        record("a/r/k", 7, VersionId="", IsLatest=False, IsDeleteMarker=False, LastModifiedDate=datetime(2024, 4, 1)),
        record("a/r/d", None, VersionId="m", IsLatest=True, IsDeleteMarker=True, StorageClass=None),
        record("a/r/d", 9, VersionId="v1", IsLatest=False, IsDeleteMarker=False),
    ]
    raw = inventory.all_versions()
    raw.deliver(FIRST, versions)
    run(raw, lake)
    by_class = {row["storage_class"]: row for row in map(dict, contents(lake, PIPELINE).totals)}
    names = ("objects", "bytes", "noncurrent_objects", "noncurrent_bytes", "delete_markers")
    assert [by_class["STANDARD"][name] for name in names] == [1, 5, 2, 16, 0]
    assert [by_class[None][name] for name in names] == [0, 0, 0, 0, 1]
    assert by_class["STANDARD"]["oldest"] == by_class["STANDARD"]["newest"] == datetime(2024, 4, 2)
    assert {dict(row)["version_id"] for row in contents(lake, PIPELINE).rows} == {"v1", "v2", "m", "null"}


def test_an_empty_snapshot_has_a_row_of_zeros(inventory: Inventory, lake: str) -> None:
    inventory.deliver(FIRST)
    inventory.deliver(day(1), [])
    assert run(inventory, lake).totals.objects == 2
    assert totals(lake) == {FIRST: 0, day(1): 0}
    assert run(inventory, lake).run_id is None


def test_equal_rows_are_stored_once_but_versions_of_a_key_are_not_equal(inventory: Inventory, lake: str) -> None:
    raw = inventory.all_versions()
    version = record("k", 1, VersionId="a", IsLatest=True, IsDeleteMarker=False)
    raw.deliver(FIRST, [version, {**version, "VersionId": "b", "IsLatest": False}, version, {**version, "Size": 2}])
    sums = run(raw, lake).totals
    assert (sums.records, sums.rows, sums.duplicates) == (4, 3, 1)


def test_bad_rows_are_rejected_and_the_other_rows_are_stored(inventory: Inventory, lake: str) -> None:
    text = inventory.csv(records(3)) + b'"example-data","short"\n'
    inventory.deliver(FIRST, gzip.compress(text), records(2, 3))
    sums = run(inventory, lake).totals
    assert (sums.records, sums.rows, sums.rejected) == (6, 5, 1)
    (bad,) = map(dict, contents(lake, PIPELINE).rejected)
    assert (bad["position"], bad["record"]) == (3, b'"example-data","short"')
    assert bad["object"].startswith(f"{inventory.folder}/data/")


def test_inventories_of_several_buckets_are_found_from_any_folder(inventory: Inventory, lake: str) -> None:
    others = [inventory, replace(inventory, config="weekly"), replace(inventory, bucket="data")]
    for number, each in enumerate(others):
        each.deliver(FIRST, records(number + 1))
        each.deliver(day(1), records(number + 2))
    for number, folder in enumerate((inventory.address, f"{inventory.address}/data", f"{others[1].folder}/")):
        run(folder.rstrip("/"), f"{lake}{number}")
    assert stored(f"{lake}0") == {
        (each.bucket, each.config, day(n)): number + 1 + n for number, each in enumerate(others) for n in (0, 1)
    }
    assert {key[0] for key in stored(f"{lake}1")} == {"data"}
    assert {key[1] for key in stored(f"{lake}2")} == {"weekly"}


def test_earlier_snapshots_of_an_inventory_that_no_run_has_seen_are_taken(inventory: Inventory, lake: str) -> None:
    inventory.deliver(day(100), records(1))
    run(inventory, lake)
    # The inventories of another bucket, which have ended.
    added = replace(inventory, bucket="added")
    added.deliver(FIRST, records(2))
    added.deliver(day(60), records(3))
    assert run(inventory, lake).totals.rows == 5
    added.deliver(day(1), records(4))
    assert run(inventory, lake).run_id is None


def test_a_snapshot_delivered_again_replaces_the_first_delivery(inventory: Inventory, lake: str) -> None:
    other = replace(inventory, config="other")
    for raw in (inventory, other):
        raw.deliver(FIRST, records(10))
        raw.deliver(day(1), records(11))
    run(inventory, lake)
    inventory.deliver(FIRST, records(5, 100), records(1, 200))
    summary = run(inventory, lake)
    assert (summary.totals.objects, summary.totals.rows) == (1, 6)
    assert stored(lake) == dict(zip([*at(0, 1), *at(0, 1, config="other")], [6, 11, 10, 11], strict=True))
    assert totals(lake) == {FIRST: 16, day(1): 22}
    inventory.deliver(FIRST)
    run(inventory, lake)
    assert totals(lake) == {FIRST: 10, day(1): 22}
    assert len(stored(lake)) == 3


def test_the_latest_snapshots_keep_their_rows_and_all_keep_their_totals(inventory: Inventory, lake: str) -> None:
    weekly = replace(inventory, config="weekly")
    weekly.deliver(FIRST, records(1))
    for number in range(4):
        inventory.deliver(day(number), records(number + 1))
    sums = run(inventory, lake, keep_snapshots=2).totals
    assert (sums.records, sums.rows, sums.filtered) == (11, 8, 3)
    inventory.deliver(day(4), records(5))
    run(inventory, lake, keep_snapshots=2)
    assert stored(lake) == {**dict(zip(at(3, 4), [4, 5], strict=True)), at(0, config="weekly")[0]: 1}
    assert totals(lake) == {day(0): 2, day(1): 2, day(2): 3, day(3): 4, day(4): 5}


def test_the_latest_snapshot_before_a_run_keeps_its_rows_until_the_next_run(inventory: Inventory, lake: str) -> None:
    """Readers take it for the latest one until the totals are committed."""
    inventory.deliver(FIRST, records(1))
    run(inventory, lake, keep_snapshots=2)
    for number in (1, 2):
        inventory.deliver(day(number), records(number + 1))
    run(inventory, lake, keep_snapshots=2)
    assert stored(lake) == dict(zip(at(0, 1, 2), [1, 2, 3], strict=True))
    inventory.deliver(day(3), records(4))
    run(inventory, lake, keep_snapshots=2)
    assert stored(lake) == dict(zip(at(2, 3), [3, 4], strict=True))


DAMAGES = {
    "its file {} is missing": lambda path: path.unlink(),
    "its file {} has 3 bytes, the manifest promises": lambda path: path.write_bytes(b"abc"),
    "its file {} has the MD5": lambda path: path.write_bytes(path.read_bytes()[:-1] + b"!"),
}


@pytest.mark.parametrize("reason", DAMAGES)
def test_a_damaged_snapshot_is_invalid_and_the_others_are_ingested(
    reason: str, inventory: Inventory, lake: str
) -> None:
    inventory.deliver(FIRST, records(3))
    run(inventory, lake)
    before = {*Path(inventory.folder, "data").iterdir()}
    manifest = inventory.deliver(day(1), records(5), records(5, 5))
    whole = sorted({*Path(inventory.folder, "data").iterdir()} - before)[0]
    content = whole.read_bytes()
    DAMAGES[reason](whole)
    inventory.deliver(day(2), records(7))
    summary = run(inventory, lake)
    assert summary.failed
    assert f"; refused {manifest.removesuffix('manifest.json')}: {reason.format(whole)}" in sentence(summary)
    assert list(stored(lake).values()) == [3, 7]
    assert totals(lake) == {FIRST: 3, day(2): 7}
    (rejected,) = map(dict, contents(lake, PIPELINE).rejected)
    assert (rejected["object"], rejected["position"]) == (manifest, 0)
    assert reason.format(whole) in rejected["reason"]
    assert (orphans(lake), left_over(lake)) == (set(), [])
    # It is recorded once, and tried again by every run until it is valid.
    again = run(inventory, lake)
    assert (again.run_id, again.failed, len(again.invalid_snapshots)) == (None, False, 1)
    assert contents(lake, PIPELINE).rejected.total() == 1
    whole.write_bytes(content)
    assert run(inventory, lake).totals.rows == 10
    assert totals(lake) == {FIRST: 3, day(1): 10, day(2): 7}
    assert (orphans(lake), left_over(lake)) == (set(), [])


@pytest.mark.parametrize("content", [b"[" * 100_000, b'{"version": "2016-11-30", "sourceBucket": "\\ud800"}'])
def test_an_unreadable_manifest_does_not_affect_other_snapshots(
    content: bytes, inventory: Inventory, lake: str
) -> None:
    manifest = Path(inventory.deliver(FIRST, records(3)))
    manifest.write_bytes(content)
    manifest.with_name("manifest.checksum").write_text(hashlib.md5(content, usedforsecurity=False).hexdigest())
    inventory.deliver(day(1), records(5))
    summary = run(inventory, lake)
    assert (summary.totals.rows, summary.failed) == (5, True)
    assert "manifest.json is not valid JSON" in sentence(summary)


def test_invalid_snapshots_do_not_count_as_the_latest(inventory: Inventory, lake: str) -> None:
    """Stored snapshots and older ones of the same run keep their rows."""

    def deliver_damaged(number: int) -> None:
        inventory.deliver(day(number), records(number), b"no gzip")

    inventory.deliver(FIRST, records(1))
    inventory.deliver(day(1), records(2))
    for number in (2, 3):
        deliver_damaged(number)
    run(inventory, lake, keep_snapshots=2)
    assert stored(lake) == dict(zip(at(0, 1), [1, 2], strict=True))
    for number in (4, 5):
        deliver_damaged(number)
    run(inventory, lake, keep_snapshots=2)
    assert stored(lake) == dict(zip(at(0, 1), [1, 2], strict=True))
    assert (orphans(lake), left_over(lake)) == (set(), [])


def test_an_invalid_delivery_does_not_replace_the_valid_one_before_it(inventory: Inventory, lake: str) -> None:
    inventory.deliver(FIRST, records(3))
    run(inventory, lake)
    inventory.deliver_manifest(FIRST, {**inventory.promise(FIRST, [b"x"]), "version": "2031-01-01"})
    assert run(inventory, lake).failed
    assert (list(stored(lake).values()), totals(lake)) == ([3], {FIRST: 3})


def test_the_exit_code_reports_an_invalid_snapshot_once(
    inventory: Inventory, lake: str, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["--pipeline", PIPELINE.name, "--raw_path", inventory.address, "--lake_path", lake]
    inventory.deliver(FIRST, records(3))
    inventory.deliver_manifest(day(1), b"{}")
    assert [main(arguments), main(arguments)] == [1, 0]
    assert capsys.readouterr().err.count("refused ") == 2


def test_a_snapshot_without_checksum_is_ingested_when_it_has_one(inventory: Inventory, lake: str) -> None:
    inventory.deliver(FIRST, records(3), checksum=False)
    inventory.deliver(day(1), records(4))
    summary = run(inventory, lake)
    assert sentence(summary).endswith(
        f"; 1 snapshot is not delivered yet, e.g. {Path(inventory.manifest(FIRST)).parent}/"
    )
    assert totals(lake) == {day(1): 4}
    inventory.deliver(FIRST, records(3))
    assert run(inventory, lake).totals.rows == 3
    assert totals(lake) == {FIRST: 3, day(1): 4}


def test_an_object_beside_snapshots_is_reported_without_the_hint_at_any_name(inventory: Inventory, lake: str) -> None:
    inventory.deliver(FIRST, records(3))
    Path(inventory.folder, "README.txt").write_bytes(b"")
    assert sentence(run(inventory, lake)).endswith(f"skipped, e.g. {inventory.folder}/README.txt")


def test_a_copy_of_the_same_snapshot_is_invalid(inventory: Inventory, lake: str) -> None:
    inventory.deliver(FIRST, records(3))
    replace(inventory, address=f"{inventory.address}/copy").deliver(FIRST, records(3))
    summary = run(inventory, lake)
    assert summary.totals.rows == 3
    assert "the same snapshot lies in " in sentence(summary)


def test_the_copy_that_was_written_last_stays_in_later_runs(inventory: Inventory, lake: str) -> None:
    older = replace(inventory, address=f"{inventory.address}/copy").deliver(FIRST, records(3))
    os.utime(older, (0, 0))
    inventory.deliver(FIRST, records(7))
    summaries = [run(inventory, lake) for _ in range(3)]
    assert [each.failed for each in summaries] == [True, False, False]
    assert list(stored(lake).values()) == [7]
    # Written again, the copy is the later one.
    os.utime(older)
    assert run(inventory, lake).totals.rows == 3
    assert list(stored(lake).values()) == [3]
    assert run(inventory, lake).run_id is None


def test_another_copy_is_ingested_if_the_one_written_last_is_damaged(inventory: Inventory, lake: str) -> None:
    copy = replace(inventory, address=f"{inventory.address}/copy")
    whole, damaged = inventory.deliver(FIRST, records(5)), copy.deliver(FIRST, records(7))
    os.utime(whole, (0, 0))
    for path in Path(copy.folder, "data").iterdir():
        path.unlink()
    summary = run(inventory, lake)
    assert (summary.totals.rows, summary.failed) == (5, True)
    assert "is missing" in sentence(summary) and "the same snapshot lies in" not in sentence(summary)
    assert not run(inventory, lake).failed
    copy.deliver(FIRST, records(7))
    os.utime(damaged)
    assert run(inventory, lake).totals.rows == 7
    assert list(stored(lake).values()) == [7]


@pytest.mark.parametrize("table", [S3_INVENTORY_OBJECT, DAILY_STORAGE], ids=lambda table: table.name)
def test_snapshots_that_another_program_joined_are_not_replaced(table: Table, inventory: Inventory, lake: str) -> None:
    """As Athena's OPTIMIZE does to small files of a partition."""
    inventory.deliver(FIRST, records(3))
    replace(inventory, config="other").deliver(FIRST, records(4))
    run(inventory, lake)
    loaded = Lake(lake, "usage_lake").load(table)
    loaded.replace(loaded.rows(tuple(table.arrow_schema.names)))
    assert len(Lake(lake, "usage_lake").load(table).files()) == 1
    inventory.deliver(FIRST, records(5))
    inventory.deliver(day(1), records(6))
    summary = run(inventory, lake)
    assert "another program joined rows of several snapshots of its day in " in sentence(summary)
    assert totals(lake) == {FIRST: 7, day(1): 6}
    assert stored(lake) == {**dict(zip(at(0, 1), [3, 6], strict=True)), at(0, config="other")[0]: 4}


def test_replaced_files_are_deleted_when_no_reader_needs_them(
    inventory: Inventory, lake: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    inventory.deliver(FIRST, records(3))
    run(inventory, lake)
    table = Lake(lake, "usage_lake").load(S3_INVENTORY_OBJECT)
    inventory.deliver(FIRST, records(4))
    run(inventory, lake)
    # A reader that began with the old snapshot can finish with it.
    assert table.rows(("key",)).num_rows == 3
    monkeypatch.setattr(glue_jobs.lake.table.history, "MAX_READING_TIME", timedelta(0))
    for number in (1, 2):
        inventory.deliver(day(number), records(number))
        run(inventory, lake)
    assert unreferenced(lake) == set()
    for kept in (S3_INVENTORY_OBJECT, DAILY_CHANGE, DAILY_STORAGE):
        files = Lake(lake, "usage_lake").load(kept).files()
        on_disk = {str(path) for path in Path(lake, "usage_lake", kept.name, "data").rglob("*.parquet")}
        assert on_disk == {file.address for file in files}
    assert totals(lake) == {FIRST: 4, day(1): 1, day(2): 2}


def unreferenced(lake: str) -> set[str]:
    """Data files and manifests of Iceberg that no Iceberg snapshot of the tables refers to."""
    referenced: set[str] = set()
    on_disk: set[str] = set()
    for table in (S3_INVENTORY_OBJECT, DAILY_CHANGE, DAILY_STORAGE):
        iceberg = Lake(lake, "usage_lake").load(table)._iceberg
        for snapshot in iceberg.snapshots():
            manifests = snapshot.manifests(iceberg.io)
            referenced |= {snapshot.manifest_list, *(manifest.manifest_path for manifest in manifests)}
            entries = [entry for manifest in manifests for entry in manifest.fetch_manifest_entry(iceberg.io)]
            referenced |= {entry.data_file.file_path for entry in entries}
        folder = Path(lake, "usage_lake", table.name)
        on_disk |= {str(path) for ending in ("avro", "parquet") for path in folder.rglob(f"*.{ending}")}
    return on_disk - referenced


@pytest.mark.parametrize("table", [S3_INVENTORY_OBJECT, DAILY_CHANGE, DAILY_STORAGE], ids=lambda table: table.name)
def test_replaced_files_are_deleted_although_the_run_that_replaces_them_dies(
    table: Table, inventory: Inventory, lake: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(glue_jobs.lake.table.history, "MAX_READING_TIME", timedelta(0))
    for number in (3, 4):
        inventory.deliver(FIRST, records(number))
        run(inventory, lake)
    inventory.deliver(day(1), records(5))
    dies = failing(LoadedTable, "append", KeyboardInterrupt(), when=appends_to(table.name), after=True)
    with dies, pytest.raises(KeyboardInterrupt):
        run(inventory, lake)
    assert any(path.endswith(".parquet") for path in unreferenced(lake))
    run(inventory, lake)
    assert not any(path.endswith(".parquet") for path in unreferenced(lake))
    assert totals(lake) == {FIRST: 4, day(1): 5}


@pytest.mark.parametrize("table", [DAILY_CHANGE, DAILY_STORAGE], ids=lambda table: table.name)
def test_what_a_snapshot_replaces_is_gone_although_another_program_moves_it_between_two_commits(
    table: Table, inventory: Inventory, lake: str
) -> None:
    for number in range(2):
        inventory.deliver(day(number), records(3 + number))
    run(inventory, lake)
    inventory.deliver(FIRST, records(6))
    rewrites = partial(rewrite, Lake(lake, "usage_lake"), table)
    of_table = partial(disturbed, when=lambda _lake, _pipeline, changed, *_: changed == table)
    with of_table(glue_jobs.ingest.commit.commit, "_change_once", rewrites):
        run(inventory, lake)
    assert totals(lake) == {FIRST: 6, day(1): 4}
    changes = Lake(lake, "usage_lake").load(DAILY_CHANGE).rows(("objects_before", "objects_after")).to_pylist()
    assert [sum(row[name] for row in changes) for name in ("objects_before", "objects_after")] == [6, 4]
    assert left_over(lake) == []


class Reader(threading.Thread):
    """Asks again and again for the rows of the latest snapshot, which it takes from the totals as a query does."""

    def __init__(self, lake: str) -> None:
        super().__init__(daemon=True)
        self.lake = Lake(lake, "usage_lake")
        self.seen: list[tuple[int, int]] = []
        self.error: Exception | None = None
        self.done = threading.Event()

    def run(self) -> None:
        while not self.done.is_set():
            try:
                self.seen.append(self._look())
            except Exception as error:
                self.error = error
                return

    def _look(self) -> tuple[int, int]:
        kept = self.lake.load(DAILY_STORAGE).rows(("snapshot_time", "objects"))
        latest = pc.max(kept["snapshot_time"]).as_py()
        objects = pc.sum(kept["objects"].filter(pc.equal(kept["snapshot_time"], latest))).as_py()
        times = self.lake.load(S3_INVENTORY_OBJECT).rows(("snapshot_time",))["snapshot_time"]
        return objects, times.to_pylist().count(latest)


def test_a_reader_always_finds_all_rows_of_the_latest_snapshot(inventory: Inventory, lake: str) -> None:
    inventory.deliver(FIRST, records(5))
    run(inventory, lake)
    reader = Reader(lake)
    reader.start()
    for number in range(1, 6):
        inventory.deliver(day(number), records(number * 10), records(5, number * 10))
        run(inventory, lake, keep_snapshots=2)
    reader.done.set()
    reader.join()
    assert reader.error is None
    states = list(dict.fromkeys(reader.seen))
    assert len(states) > 2
    assert all(objects == rows for objects, rows in states)


STEPS = (
    "after some data files",
    "before the plan",
    "half-way through the plan",
    "after the plan",
    "after the rows",
    "before the changes",
    "after the changes",
    "before the totals",
    "after the totals",
    "after the rejected records",
    "after the ledger",
    "before removing the plan",
)


def arguments(raw: Inventory, lake: str) -> list[str]:
    given = {"pipeline": PIPELINE.name, "raw_path": raw.address, "lake_path": lake, "keep_snapshots": "2"}
    return [text for name, value in given.items() for text in (f"--{name}", value)]


@pytest.fixture
def delivered_again(inventory: Inventory, lake: str) -> Inventory:
    """Deliveries that replace, add and drop snapshots of the lake, and one that is invalid."""
    inventory.deliver(FIRST, records(3))
    inventory.deliver(day(1), records(4))
    run(inventory, lake)
    inventory.deliver(day(1), records(6), records(2, 6))
    inventory.deliver(day(2), [*records(5), *records(1)])
    inventory.deliver_manifest(day(3), b"{}")
    return inventory


def assert_ingested(raw: Inventory, lake: str) -> None:
    """Check that the lake is as after an undisturbed run."""
    assert stored(lake) == dict(zip(at(1, 2), [8, 5], strict=True))
    assert totals(lake) == {FIRST: 3, day(1): 8, day(2): 5}
    found = contents(lake, PIPELINE)
    assert found.sums == {"records": 21, "rows": 20, "rejected": 0, "duplicates": 1, "filtered": 0}
    assert found.rejected.total() == 1
    names = ("previous_snapshot_time", "snapshot_time", "objects_before", "added_objects", "removed_objects")
    assert Counter(tuple(dict(row)[name] for name in names) for row in found.changes.elements()) == {
        (FIRST, day(1), 2, 2, 0): 1,
        (FIRST, day(1), 1, 3, 0): 1,
        (day(1), day(2), 4, 0, 1): 1,
        (day(1), day(2), 4, 0, 2): 1,
    }
    assert run(raw, lake, keep_snapshots=2).run_id is None


@pytest.mark.parametrize("step", STEPS)
def test_a_run_that_is_killed_at_any_step_is_finished_by_the_next(
    step: str, delivered_again: Inventory, lake: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert killed_at(step, arguments(delivered_again, lake)) == -signal.SIGKILL
    # Wherever the run was killed, a reader finds the rows of the latest snapshot in the totals.
    latest = max(totals(lake))
    assert stored(lake)["example-data", "daily", latest] in {day(1): (4, 8), day(2): (5,)}[latest]
    run(delivered_again, lake, keep_snapshots=2)
    assert_ingested(delivered_again, lake)
    let_a_day_pass(lake)
    run(delivered_again, lake, keep_snapshots=2)
    assert (left_over(lake), orphans(lake)) == ([], set())
    # Replaced files are deleted, too, once no reader can need them.
    monkeypatch.setattr(glue_jobs.lake.table.history, "MAX_READING_TIME", timedelta(0))
    for number in (4, 5):
        delivered_again.deliver(day(number), records(1))
        run(delivered_again, lake, keep_snapshots=2)
    assert (left_over(lake), orphans(lake)) == ([], set())


def test_runs_that_start_together_ingest_each_snapshot_once(delivered_again: Inventory, lake: str) -> None:
    ended = together(3, arguments(delivered_again, lake))
    lost = "another run committed to s3_inventory_object first, so nothing of this run is stored; start it again"
    for _, text in ended:
        last = text.splitlines()[-1]
        assert re.match(r"(error: )?run \S+ ingested 2 objects|nothing new", last) or last == f"error: {lost}", text
        assert "Traceback" not in text
    assert_ingested(delivered_again, lake)
    assert (left_over(lake), orphans(lake)) == ([], set())


def test_a_large_snapshot_has_several_sorted_data_files(
    inventory: Inventory, lake: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(glue_jobs.ingest.snapshots.snapshot_task, "BYTES_PER_DATA_FILE", 20_000)
    monkeypatch.setattr("glue_jobs.sources.s3_inventory_object.parser.files.BYTES_PER_BLOCK", 10_000)
    monkeypatch.setattr("glue_jobs.read.unpack.MAX_OUTPUT_BYTES", 5_000)
    inventory.deliver(FIRST, records(2_000))
    assert run(inventory, lake).totals.rows == 2_000
    files = Lake(lake, "usage_lake").load(S3_INVENTORY_OBJECT).files()
    assert len(files) > 5
    assert totals(lake) == {FIRST: 2_000}
    for file in files:
        keys = pq.read_table(file.address, columns=["key"], partitioning=None)["key"].to_pylist()
        assert keys == sorted(keys)


def test_snapshots_on_s3_are_ingested_by_spark(s3_for_workers: str, new_bucket: Callable[[], str]) -> None:
    """Data files are at the keys in the manifest, and in a copied folder beside it."""
    bucket, home = new_bucket(), new_bucket()
    lake = Lake(f"{home}/lake", home.removeprefix("s3://").replace("-", "_"))
    raw = Inventory(f"{bucket}/inv", destination=bucket.removeprefix("s3://"))
    raw.deliver(FIRST, records(40), records(10, 40))
    copy = Inventory(f"{bucket}/copied", config="copy", form="Parquet")
    copy.deliver(FIRST, records(5))
    assert run(f"{bucket}/", lake).totals.rows == 55
    raw.deliver(FIRST, records(7))
    assert run(f"{bucket}/", lake).totals.rows == 7
    assert stored(lake) == {at(0, config="copy")[0]: 5, at(0)[0]: 7}
    assert totals(lake) == {FIRST: 12}
    raw.deliver(day(1), records(9))
    run(f"{bucket}/", lake)
    (odd, even) = sorted(map(dict, contents(lake, PIPELINE).changes), key=lambda row: row["repository"])
    assert [(row["objects_before"], row["added_objects"]) for row in (odd, even)] == [(3, 1), (4, 1)]


def test_the_cost_of_a_run_does_not_grow_with_the_number_of_runs(
    inventory: Inventory, lake: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the 23rd run on, each commit expires the oldest Iceberg snapshot."""
    watch = Watch(monkeypatch)
    costs = []
    for number in range(30):
        inventory.deliver(day(number), records(2))
        watch.forget()
        assert run(inventory, lake, keep_snapshots=2).totals.rows == 2
        costs.append(dict(watch.asked))
    steady, last = costs[22], costs[-1]
    assert {name: last[name] for name in last if last[name] > steady[name]} == {}
    assert sum(last.values()) < 250, last
