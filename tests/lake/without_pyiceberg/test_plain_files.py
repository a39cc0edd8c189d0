"""Files of a lake in a folder are found without pyiceberg, and are those that pyiceberg finds."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

import glue_jobs.lake.catalog
from glue_jobs.lake import Lake, LoadedTable
from glue_jobs.lake.without_pyiceberg.avro import read_avro
from glue_jobs.lake.without_pyiceberg.catalog_file import metadata_locations
from glue_jobs.lake.without_pyiceberg.plain_files import PlainNotes, plain_files, plain_notes
from glue_jobs.tables.rejected_record import REJECTED_RECORD
from glue_jobs.tables.subscriber import SUBSCRIBER
from tests.lake.small_commits import commit, new_lake

Metadata = dict[str, Any]


def location(lake: Lake, name: str = REJECTED_RECORD.name) -> Path:
    return Path(metadata_locations(Path(lake.location, "catalog.db"))["usage_lake", name])


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    lake = new_lake(tmp_path)
    for number in (1, 2):
        commit(lake, number, files=2)
    return lake


def test_the_files_are_those_that_pyiceberg_finds(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = lake.load(REJECTED_RECORD).plain_files()
    assert expected is not None
    assert [file.texts for file in expected] == [{"source": "s3_access_log"}] * 4
    monkeypatch.setattr(LoadedTable, "plain_files", None)
    assert lake.plain_files(REJECTED_RECORD) == expected


def test_removed_files_are_left_out(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path / "lake"), "usage_lake")
    lake.create(SUBSCRIBER)
    assert plain_files(SUBSCRIBER, str(location(lake, SUBSCRIBER.name))) == []
    for name in ("Ada", "Bea"):
        lake.load(SUBSCRIBER).replace(pa.table([["111122223333"], [name]], schema=SUBSCRIBER.arrow_schema))
    found = plain_files(SUBSCRIBER, str(location(lake, SUBSCRIBER.name)))
    assert found == lake.load(SUBSCRIBER).plain_files()
    assert found is not None
    assert len(found) == 1


def test_the_notes_are_those_that_pyiceberg_reads(lake: Lake) -> None:
    assert plain_notes(str(location(lake))) is not None
    for step in ("by older programs, in summaries of snapshots", "in properties"):
        loaded, plain = lake.load(REJECTED_RECORD), lake.notes(REJECTED_RECORD)
        assert isinstance(plain, PlainNotes)
        assert plain.commits == loaded.commits
        for name in ("number", "absent", "kept"):
            assert plain.note(name) == loaded.note(name), step
        loaded.append([], {"number": "3"}, notes={"kept": step})
    assert lake.notes(REJECTED_RECORD).note("kept") == "in properties"


def set_version(metadata: Metadata) -> None:
    metadata["format-version"] = 3


def add_partition_spec(metadata: Metadata) -> None:
    metadata["partition-specs"] *= 2


def partition_by_bucket(metadata: Metadata) -> None:
    metadata["partition-specs"][0]["fields"][0]["transform"] = "bucket[4]"


def move_to_s3(metadata: Metadata) -> None:
    for snapshot in metadata["snapshots"]:
        snapshot["manifest-list"] = "s3://example-lake/list.avro"


def name_no_list(metadata: Metadata) -> None:
    for snapshot in metadata["snapshots"]:
        del snapshot["manifest-list"]


def forget_the_snapshot(metadata: Metadata) -> None:
    metadata["current-snapshot-id"] = 1


@pytest.mark.parametrize(
    "change", [set_version, add_partition_spec, partition_by_bucket, move_to_s3, name_no_list, forget_the_snapshot]
)
def test_metadata_that_this_program_does_not_write_is_left_to_pyiceberg(
    change: Callable[[Metadata], None], lake: Lake
) -> None:
    path = location(lake)
    metadata = json.loads(path.read_text())
    change(metadata)
    path.write_text(json.dumps(metadata))
    assert plain_files(REJECTED_RECORD, str(path)) is None


def test_a_damaged_manifest_is_left_to_pyiceberg(lake: Lake) -> None:
    manifest = max(location(lake).parent.glob("*-m0.avro"))
    whole = manifest.read_bytes()
    (entry, _) = list(read_avro(whole))
    for damaged in (b"", b"x" + whole, whole[:-1], whole[: len(whole) // 2], whole.replace(b"deflate", b"snappy!")):
        manifest.write_bytes(damaged)
        assert plain_files(REJECTED_RECORD, str(location(lake))) is None
    manifest.write_bytes(whole)
    files = plain_files(REJECTED_RECORD, str(location(lake)))
    assert files is not None
    assert entry["data_file"]["file_path"] in [file.address for file in files]


def test_a_catalog_that_can_only_be_opened_for_writing_is_opened_by_pyiceberg(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: Path) -> None:
        raise sqlite3.OperationalError("attempt to write a readonly database")

    expected = lake.plain_files(REJECTED_RECORD)
    monkeypatch.setattr(glue_jobs.lake.catalog, "metadata_locations", refuse)
    opened = Lake(lake.location, "usage_lake")
    assert (opened.has(REJECTED_RECORD), opened.has(SUBSCRIBER)) == (True, False)
    assert opened.plain_files(REJECTED_RECORD) == expected


def test_a_catalog_without_tables_yet_has_none(tmp_path: Path) -> None:
    (tmp_path / "catalog.db").touch()
    assert metadata_locations(tmp_path / "catalog.db") == {}
    assert not Lake(str(tmp_path), "usage_lake").has(SUBSCRIBER)
