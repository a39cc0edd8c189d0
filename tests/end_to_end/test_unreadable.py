"""An object that cannot be read is skipped, told, counted, and taken once it can be read; it stops no other object."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest

import glue_jobs.ingest.run_tables
import glue_jobs.read.fetch
from glue_jobs.cli.commands.status import STATUS
from glue_jobs.errors import StorageError, UnreadableObjectError
from glue_jobs.ingest.ingest import ingest
from glue_jobs.ingest.request import IngestRequest, IngestSummary
from glue_jobs.jobs.outcome.ingest_sentence import sentence
from glue_jobs.lake import Lake
from glue_jobs.progress import SilentReporter
from glue_jobs.query.duckdb.lake_engine import sources
from glue_jobs.query.duckdb.query_engine import QueryEngine
from glue_jobs.sources.pipelines import BY_NAME
from glue_jobs.storage import Entry, storage_for
from glue_jobs.storage.folder import FolderStorage
from tests.disturbed import denied, disturbed
from tests.end_to_end.lakes import contents, event_numbers, orphans, run
from tests.end_to_end.sources import ACCESS_LOGS, SOURCES, Raw, Source, events
from tests.inventories import Inventory, records

DAY = date(2024, 5, 7)


def unreadable_in_status(lake: str, pipeline: str) -> tuple[int, int]:
    """The objects of the pipeline that `status` counts as ingested, and as unreadable."""
    with QueryEngine(sources(Lake(lake, "usage_lake"))) as engine:
        (row,) = (row for row in engine.run(STATUS).to_pylist() if row["pipeline"] == pipeline)
    return int(row["objects"]), int(row["unreadable"])


def archive(address: str, storage_class: str = "GLACIER") -> None:
    bucket, _, key = address.removeprefix("s3://").partition("/")
    body = boto3.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
    boto3.client("s3").put_object(Bucket=bucket, Key=key, Body=body, StorageClass=storage_class)


def remove(address: str) -> None:
    storage_for(address).delete([address])


@contextmanager
def unchanged(_: str) -> Iterator[None]:
    yield


def before_reading(change: Callable[[str], None], address: str) -> AbstractContextManager[None]:
    """The object changes after it was listed."""
    return disturbed(glue_jobs.ingest.run_tables, "keep_places", lambda: change(address))


@contextmanager
def archived_in_intelligent_tiering(address: str) -> Iterator[None]:
    """Listings do not tell that it is archived."""
    archive(address)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("glue_jobs.storage.s3.ARCHIVES", ())
        yield


@contextmanager
def archived(address: str) -> Iterator[None]:
    archive(address, "DEEP_ARCHIVE")
    yield


CASES: dict[str, tuple[str, Callable[[str], Any], str]] = {
    "archived": ("s3", archived, "it is archived in DEEP_ARCHIVE; restore it"),
    "archived by tier": ("s3", archived_in_intelligent_tiering, "it is archived; restore it"),
    "deleted": ("s3", lambda address: before_reading(remove, address), "there is no such object"),
    "denied": ("folder", denied, "Permission denied"),
    "deleted file": ("folder", lambda address: before_reading(remove, address), "No such file or directory"),
}


# How an object is listed and why it cannot be read does not depend on its source; what remains of a task that reads it
# does, so other sources have a case that only a read finds.
UNREADABLE = [*((ACCESS_LOGS, case) for case in CASES), *((source, "deleted file") for source in SOURCES[1:])]


@pytest.mark.parametrize(("source", "case"), UNREADABLE, ids=[f"{source.title}-{case}" for source, case in UNREADABLE])
def test_an_unreadable_object_is_skipped_told_counted_and_taken_later(
    source: Source, case: str, lake: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    store, unreadable, reason = CASES[case]
    raw = Raw(source, f"{request.getfixturevalue('bucket')}/raw" if store == "s3" else str(tmp_path / "raw"))
    for number in range(3):
        raw.deliver(DAY, number, events(DAY, range(number * 5, number * 5 + 5)))
    middle = source.object_name(DAY, 1)
    address = f"{raw.address}/{middle}"
    with unreadable(address):
        summary = run(raw, lake)
        assert not summary.failed
        assert f"; 1 object cannot be read now and is left to later runs ({reason}), e.g. {address}" in sentence(
            summary
        )
        assert event_numbers(raw, lake) == Counter([*range(5), *range(10, 15)])
        assert unreadable_in_status(lake, source.pipeline.name) == (2, 1)
        again = run(raw, lake)
        assert again.run_id is None
        assert unreadable_in_status(lake, source.pipeline.name) == (2, 1)
    raw.put(middle, raw.objects[address])
    assert run(raw, lake).totals.rows == 5
    assert event_numbers(raw, lake) == Counter(range(15))
    assert contents(lake, source.pipeline).sums["records"] == raw.records
    assert unreadable_in_status(lake, source.pipeline.name) == (3, 0)
    assert run(raw, lake).run_id is None


@pytest.mark.parametrize("any_name", [False, True])
def test_an_object_that_becomes_readable_long_after_its_day_is_taken(any_name: bool, bucket: str, lake: str) -> None:
    raw = Raw(ACCESS_LOGS, f"{bucket}/raw")
    late = raw.deliver(DAY, 0, events(DAY, range(5)))
    archive(late)
    for number in (20, 40):
        day = DAY + timedelta(days=number)
        raw.deliver(day, number, events(day, [number]))
        assert len(run(raw, lake, any_name=any_name).unreadable) == 1
    raw.put(ACCESS_LOGS.object_name(DAY, 0), raw.objects[late])
    assert run(raw, lake, any_name=any_name).totals.rows == 5
    assert event_numbers(raw, lake) == Counter([*range(5), 20, 40])


def test_an_object_restored_from_its_archive_is_read(bucket: str, lake: str, monkeypatch: pytest.MonkeyPatch) -> None:
    raw = Raw(ACCESS_LOGS, f"{bucket}/raw")
    address = raw.deliver(DAY, 0, events(DAY, range(5)))
    archive(address)
    assert run(raw, lake).totals.objects == 0
    name, _, key = address.removeprefix("s3://").partition("/")
    boto3.client("s3").restore_object(Bucket=name, Key=key, RestoreRequest={"Days": 7})
    # What S3 says in listings, and moto does not.
    page = glue_jobs.storage.s3.S3Storage._page

    def page_with_restored(*given: Any, **more: Any) -> Any:
        found = page(*given, **more)
        for item in found.get("Contents", ()):
            item["RestoreStatus"] = {"IsRestoreInProgress": False, "RestoreExpiryDate": datetime(2030, 1, 1)}
        return found

    monkeypatch.setattr("glue_jobs.storage.s3.S3Storage._page", page_with_restored)
    assert run(raw, lake).totals.rows == 5


@pytest.mark.parametrize("together", [True, False])
def test_nothing_of_an_object_is_stored_when_its_second_half_cannot_be_read(
    together: bool, tmp_path: Path, lake: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both halves in one task, or each in its own."""
    raw = Raw(ACCESS_LOGS, str(tmp_path / "raw"))
    address = raw.deliver(DAY, 0, events(DAY, range(100)))
    raw.deliver(DAY, 1, events(DAY, range(100, 110)))
    size = len(raw.objects[address])
    monkeypatch.setattr(
        "glue_jobs.ingest.events.stage_events.chunk_size", lambda *_: 2 * size if together else size * 3 // 5
    )
    monkeypatch.setattr(glue_jobs.read.fetch, "BYTES_PER_READ", size // 2)
    monkeypatch.setattr(glue_jobs.read.fetch, "MAX_BATCH_BYTES", 1000)
    monkeypatch.setattr("glue_jobs.ingest.events.chunk_task.RAW_BYTES_PER_FLUSH", 1000)
    read = FolderStorage.read

    def read_first_half(self: FolderStorage, entry: Entry, start: int = 0, end: int | None = None) -> bytes:
        if entry.address == address and start > size // 4:
            raise UnreadableObjectError(address, "it was deleted meanwhile")
        return read(self, entry, start, end)

    with monkeypatch.context() as patch:
        patch.setattr(FolderStorage, "read", read_first_half)
        summary = run(raw, lake)
    assert [error.address for error in summary.unreadable] == [address]
    assert (summary.totals.objects, summary.totals.rows) == (1, 10)
    assert event_numbers(raw, lake) == Counter(range(100, 110))
    assert orphans(lake) == set()
    assert run(raw, lake).totals.rows == 100


def test_a_run_that_may_read_nothing_fails_and_records_nothing(tmp_path: Path, lake: str) -> None:
    raw = Raw(ACCESS_LOGS, str(tmp_path / "raw"))
    address = raw.deliver(DAY, 0, events(DAY, range(5)))
    with denied(address), pytest.raises(StorageError, match=f"cannot read {address}: Permission denied"):
        run(raw, lake)
    assert contents(lake, ACCESS_LOGS.pipeline).ledger.total() == 0
    assert run(raw, lake).totals.rows == 5


def test_an_object_that_is_gone_is_recorded_although_the_run_reads_no_other(tmp_path: Path, lake: str) -> None:
    raw = Raw(ACCESS_LOGS, str(tmp_path / "raw"))
    address = raw.deliver(DAY, 0, events(DAY, range(5)))
    with before_reading(remove, address):
        assert run(raw, lake).totals.rows == 0
    assert contents(lake, ACCESS_LOGS.pipeline).ledger.total() == 1


def test_a_link_to_its_own_folder_is_told_and_not_followed(tmp_path: Path, lake: str) -> None:
    raw = Raw(ACCESS_LOGS, str(tmp_path / "raw"))
    raw.deliver(DAY, 0, events(DAY, range(5)))
    (tmp_path / "raw/loop").symlink_to(tmp_path / "raw")
    summary = run(raw, lake)
    assert (summary.listed, summary.totals.rows) == (1, 5)
    assert f"1 object is not named as AWS names them and was skipped, e.g. {tmp_path}/raw/loop" in sentence(summary)


@pytest.mark.parametrize("part", ["manifest.json", "manifest.checksum", "/daily/data/"])
def test_a_snapshot_with_an_unreadable_file_is_skipped_and_taken_later(part: str, bucket: str, lake: str) -> None:
    inventory = Inventory(f"{bucket}/raw")

    def ingest_inventories() -> IngestSummary:
        return ingest(IngestRequest(pipeline, inventory.address, Lake(lake, "usage_lake")), SilentReporter())

    pipeline, first = BY_NAME["s3_inventory_object"], datetime(2024, 5, 1, 1, 30)
    manifest = inventory.deliver(first, records(3))
    (target,) = (each.address for each in storage_for(bucket).list(f"{bucket}/raw/") if part in each.address)
    content = storage_for(bucket).get(target)
    archive(target)
    inventory.deliver(first + timedelta(days=1), records(5))
    summary = ingest_inventories()
    assert (summary.totals.objects, summary.totals.rows, summary.failed) == (1, 5, False)
    assert [error.address for error in summary.unreadable] == [manifest]
    assert "it is archived" in sentence(summary)
    assert target in sentence(summary)
    assert unreadable_in_status(lake, pipeline.name) == (1, 1)
    assert ingest_inventories().run_id is None
    storage_for(bucket).put(target, content)
    assert ingest_inventories().totals.rows == 3
    assert unreadable_in_status(lake, pipeline.name) == (2, 0)
