"""Old snapshots expire: all but some when there are many, and those that nobody can still be reading."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from glue_jobs.ingest.staging.data_files import write_file
from glue_jobs.lake import Lake, LoadedTable
from glue_jobs.lake.schema import SNAPSHOTS_KEPT
from glue_jobs.lake.table import history
from glue_jobs.sources.s3_inventory_object.daily_storage import DAILY_STORAGE
from glue_jobs.storage import storage_for
from glue_jobs.tables.rejected_record import REJECTED_RECORD
from tests.ingest.staging.test_data_files import full_rows
from tests.lake.maintenance import expire, iceberg, roll_back, tag
from tests.lake.small_commits import commit, new_lake


def test_as_many_snapshots_are_kept_as_time_travel_needs(tmp_path: Path) -> None:
    lake = new_lake(tmp_path)
    seen = []
    for number in range(SNAPSHOTS_KEPT + 2):
        commit(lake, number)
        seen.append([summary["number"] for summary in lake.load(REJECTED_RECORD).summaries()])
    assert [len(numbers) for numbers in seen[-3:]] == [SNAPSHOTS_KEPT] * 3
    assert seen[-1] == [str(number) for number in range(SNAPSHOTS_KEPT + 1, 1, -1)]


def test_of_many_snapshots_of_another_program_a_commit_ends_a_bounded_number(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake = new_lake(tmp_path)
    monkeypatch.setattr(history, "SNAPSHOTS_KEPT", 100)
    for number in range(8):
        commit(lake, number)
    monkeypatch.setattr(history, "SNAPSHOTS_KEPT", 2)
    monkeypatch.setattr(history, "MAX_EXPIRED", 3)
    left = []
    for number in range(8, 12):
        commit(lake, number)
        left.append(len(lake.load(REJECTED_RECORD).summaries()))
    assert left == [6, 4, 2, 2]
    assert len(lake.load(REJECTED_RECORD).files()) == 12


def replace_file(lake: Lake, number: int) -> str:
    """One data file takes the place of all others."""
    loaded: LoadedTable = lake.load(DAILY_STORAGE)
    row = full_rows(DAILY_STORAGE)[0]
    rows = pa.Table.from_pylist([row], schema=DAILY_STORAGE.arrow_schema)
    partition = {name: row[name] for name in DAILY_STORAGE.partitions}
    file = write_file(DAILY_STORAGE, rows, f"{loaded.location}/data/{number}.parquet", partition)
    loaded.append([file.descriptor], {}, loaded.files())
    storage_for(lake.location).delete(loaded.expired_files)
    return file.address


@pytest.mark.parametrize(("hours", "left"), [(24, 4), (0, 2)])
def test_a_replaced_file_is_deleted_once_nobody_can_be_reading_it(
    hours: int, left: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "MAX_READING_TIME", timedelta(hours=hours))
    lake = Lake(str(tmp_path / "lake"), "usage_lake")
    lake.create(DAILY_STORAGE)
    written = [replace_file(lake, number) for number in range(4)]
    assert [Path(address).exists() for address in written] == [False] * (4 - left) + [True] * left
    assert [file.address for file in lake.load(DAILY_STORAGE).files()] == written[-1:]


def test_a_note_stays_when_its_snapshot_expires_and_goes_before_those_of_older_versions(tmp_path: Path) -> None:
    lake = new_lake(tmp_path)
    # Older versions wrote notes to the summaries of snapshots.
    lake.load(REJECTED_RECORD).append([], {"since": "first"})
    lake.load(REJECTED_RECORD).append([], {})
    assert lake.load(REJECTED_RECORD).note("since") == "first"
    lake.load(REJECTED_RECORD).append([], {}, notes={"since": "second"})
    lake.load(REJECTED_RECORD).append([], {"since": "third"})
    expire(lake, REJECTED_RECORD)
    assert lake.load(REJECTED_RECORD).note("since") == "second"
    assert lake.load(REJECTED_RECORD).note("until") is None


@pytest.fixture
def replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Lake, list[str]]:
    """A lake that keeps two snapshots, and the files of its table: the second has taken the place of the first."""
    monkeypatch.setattr(history, "SNAPSHOTS_KEPT", 2)
    lake = Lake(str(tmp_path / "lake"), "usage_lake")
    lake.create(DAILY_STORAGE)
    return lake, [replace_file(lake, number) for number in range(2)]


def test_nothing_is_deleted_that_a_tag_refers_to(replaced: tuple[Lake, list[str]]) -> None:
    lake, _ = replaced
    first = iceberg(lake, DAILY_STORAGE).snapshots()[0].snapshot_id
    tag(lake, DAILY_STORAGE, "mine", first)
    written = [replace_file(lake, number) for number in range(2, 6)]
    assert iceberg(lake, DAILY_STORAGE).scan(snapshot_id=first).to_arrow().num_rows == 1
    assert [file.address for file in lake.load(DAILY_STORAGE).files()] == written[-1:]
    assert len(iceberg(lake, DAILY_STORAGE).snapshots()) == 3


def test_nothing_is_deleted_that_is_used_again_after_a_return_to_an_older_snapshot(
    replaced: tuple[Lake, list[str]],
) -> None:
    lake, written = replaced
    roll_back(lake, DAILY_STORAGE, iceberg(lake, DAILY_STORAGE).snapshots()[0].snapshot_id)
    for _ in range(4):
        loaded = lake.load(DAILY_STORAGE)
        loaded.append([], {})
        storage_for(lake.location).delete(loaded.expired_files)
    assert [file.address for file in lake.load(DAILY_STORAGE).files()] == written[:1]
    assert lake.load(DAILY_STORAGE).rows(("objects",)).num_rows == 1
    # Once the history is one line again, files that are replaced are deleted again.
    again = [replace_file(lake, number) for number in range(2, 6)]
    assert [Path(address).exists() for address in again] == [False, False, True, True]
