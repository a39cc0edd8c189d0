"""How a run's changes are committed, and how a later run finishes them: each once, whoever commits meanwhile."""

from __future__ import annotations

import json
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from glue_jobs.errors import LakeError, LostRaceError
from glue_jobs.ingest.commit.commit import MAX_COMMIT_ATTEMPTS, RUN_ID, commit_run, finish_others
from glue_jobs.ingest.staging.change import Change
from glue_jobs.ingest.staging.data_files import NewFile
from glue_jobs.ingest.staging.run_folder import RunFolder, new_run
from glue_jobs.lake import Lake, LoadedTable
from glue_jobs.lake.schema import SNAPSHOTS_KEPT
from glue_jobs.sources.s3_access_log.table import S3_ACCESS_LOG
from glue_jobs.sources.s3_inventory_object.daily_storage import DAILY_STORAGE
from glue_jobs.storage import storage_for
from glue_jobs.tables.model import Table
from glue_jobs.tables.rejected_record import REJECTED_RECORD
from tests.disturbed import failing
from tests.lake.maintenance import expire, rewrite
from tests.lake.small_commits import DAY, commit, new_file, new_lake

NAME = REJECTED_RECORD.name
NOW = datetime(2024, 5, 7)


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    lake = new_lake(tmp_path)
    lake.create(S3_ACCESS_LOG)
    return lake


@pytest.fixture
def folder(lake: Lake) -> RunFolder:
    return new_run(f"{lake.location}/_runs/usage_lake/p", NOW)


def finish(lake: Lake, rows: Table = REJECTED_RECORD) -> list[str]:
    return finish_others(lake, lake.load(rows), f"{lake.location}/_runs/usage_lake/p", NOW)


def plan(folder: RunFolder, content: dict[str, Any]) -> None:
    storage_for(folder.address).put(f"{folder.address}/commit.json", json.dumps(content).encode())


def planned(address: str, number: int = 0) -> dict[str, Any]:
    partition = {"ingest_date": (DAY + timedelta(days=number)).isoformat(), "source": "s3_access_log"}
    return {"address": address, "partition": partition}


def plan_file(lake: Lake, folder: RunFolder, address: str, number: int, **more: Any) -> dict[str, Any]:
    """Write the plan of a run that adds one file to a table as it is now."""
    tables = {NAME: {"files": [planned(address, number)], "removed": []}}
    content = {"version": 2, "tables": tables, "commits": {NAME: lake.load(REJECTED_RECORD).commits}}
    content |= {"expired_files": [], **more}
    plan(folder, content)
    return content


def missing(lake: Lake) -> str:
    return f"{lake.load(REJECTED_RECORD).location}/data/missing.parquet"


def addresses(lake: Lake) -> list[str]:
    return sorted(file.address for file in lake.load(REJECTED_RECORD).files())


def no_files(*_: object, **__: object) -> None:
    raise AssertionError("the files were looked at")


@pytest.mark.parametrize("before", [0, 3, SNAPSHOTS_KEPT + 3])
def test_no_file_is_looked_at_while_the_history_reaches_back_to_the_plan(
    before: int, lake: Lake, folder: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(before):
        commit(lake, number)
    plan_file(lake, folder, missing(lake), 2)
    for number in range(before, before + SNAPSHOTS_KEPT - 1):
        commit(lake, number)
    monkeypatch.setattr(LoadedTable, "files", no_files)
    assert finish(lake) == []


@pytest.mark.parametrize("counted", [True, False], ids=["plan", "plan of the first programs"])
@pytest.mark.parametrize("before", [0, 3])
def test_a_change_is_found_by_its_file_when_its_commit_is_no_longer_kept(
    before: int, counted: bool, lake: Lake, folder: RunFolder
) -> None:
    for number in range(before):
        commit(lake, number)
    commits: dict[str, Any] = {} if counted else {"commits": {}}
    content = plan_file(lake, folder, missing(lake), before, **commits)
    (address,) = commit(lake, before)
    # As many as make the oldest commit that is kept the one after the run's.
    for number in range(before + 1, before + 1 + SNAPSHOTS_KEPT):
        commit(lake, number)
    assert finish(lake) == []
    content["tables"][NAME]["files"] = [planned(address, before)]
    plan(folder, content)
    assert finish(lake) == [f"finished the commit of run {folder.run_id}"]


def test_a_change_is_found_by_its_commit_even_if_its_files_were_replaced_since(
    lake: Lake, folder: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan_file(lake, folder, missing(lake), 0)
    lake.load(REJECTED_RECORD).append([], {RUN_ID: "another run"})
    monkeypatch.setattr(LoadedTable, "files", no_files)
    assert finish(lake) == []
    lake.load(REJECTED_RECORD).append([], {RUN_ID: folder.run_id})
    assert finish(lake) == [f"finished the commit of run {folder.run_id}"]


def test_a_change_is_found_after_another_program_rewrote_its_files_and_expired_its_snapshot(
    lake: Lake, folder: RunFolder
) -> None:
    rows, file = lake.load(S3_ACCESS_LOG), new_file(lake.load(REJECTED_RECORD), 0)
    folder.announce([file.address])
    with failing(RunFolder, "remove", KeyboardInterrupt()), pytest.raises(KeyboardInterrupt):
        commit_run(lake, rows, folder, {S3_ACCESS_LOG: Change([]), REJECTED_RECORD: Change([file])}, {})
    rewrite(lake, REJECTED_RECORD)
    for table in (S3_ACCESS_LOG, REJECTED_RECORD):
        lake.load(table).append([], {})
        expire(lake, table)
    assert finish(lake, S3_ACCESS_LOG) == [f"finished the commit of run {folder.run_id}"]
    assert lake.load(REJECTED_RECORD).rows(("object",)).num_rows == 1


def test_a_run_does_not_read_the_files_it_has_just_written(
    lake: Lake, folder: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows, table = lake.load(S3_ACCESS_LOG), lake.load(REJECTED_RECORD)
    file = new_file(table, 0)
    monkeypatch.setattr(pq, "read_metadata", no_files)
    commit_run(lake, rows, folder, {S3_ACCESS_LOG: Change([]), REJECTED_RECORD: Change([file])}, {"by": "a run"})
    assert addresses(lake) == [file.address]
    assert lake.load(S3_ACCESS_LOG).summaries()[0].items() >= {"by": "a run", RUN_ID: folder.run_id}.items()
    assert not Path(folder.address).exists()


def dying_after_a_commit() -> AbstractContextManager[None]:
    return failing(LoadedTable, "append", KeyboardInterrupt(), after=True)


@pytest.mark.parametrize("dies", [False, True])
def test_a_change_that_only_removes_files_is_made_by_its_run_or_the_next_one(
    dies: bool, lake: Lake, folder: RunFolder
) -> None:
    written = [address for number in range(3) for address in commit(lake, number)]
    rows, table = lake.load(S3_ACCESS_LOG), lake.load(REJECTED_RECORD)
    removed = [file for file in table.files() if file.address in written[:2]]
    changes = {S3_ACCESS_LOG: Change([]), REJECTED_RECORD: Change([], removed)}
    if dies:
        with dying_after_a_commit(), pytest.raises(KeyboardInterrupt):
            commit_run(lake, rows, folder, changes, {})
        assert len(addresses(lake)) == 3
        assert finish(lake, S3_ACCESS_LOG) == [f"finished the commit of run {folder.run_id}"]
    else:
        commit_run(lake, rows, folder, changes, {})
    assert addresses(lake) == [written[2]]
    assert finish(lake, S3_ACCESS_LOG) == []


def test_files_to_add_are_described_and_added_by_the_next_run(lake: Lake, folder: RunFolder) -> None:
    rows, file = lake.load(S3_ACCESS_LOG), new_file(lake.load(REJECTED_RECORD), 0)
    folder.announce([file.address])
    with dying_after_a_commit(), pytest.raises(KeyboardInterrupt):
        commit_run(lake, rows, folder, {S3_ACCESS_LOG: Change([]), REJECTED_RECORD: Change([file])}, {})
    finish(lake, S3_ACCESS_LOG)
    (stored,) = lake.load(REJECTED_RECORD).files()
    assert (stored.address, stored.rows, stored.partition) == (file.address, 1, (DAY, "s3_access_log"))
    assert Path(file.address).exists()


def test_a_run_that_loses_the_race_stores_nothing_and_leaves_nothing(lake: Lake, folder: RunFolder) -> None:
    rows, file = lake.load(S3_ACCESS_LOG), new_file(lake.load(REJECTED_RECORD), 0)
    folder.announce([file.address])
    lake.load(S3_ACCESS_LOG).append([], {})
    with pytest.raises(LostRaceError):
        commit_run(lake, rows, folder, {S3_ACCESS_LOG: Change([]), REJECTED_RECORD: Change([file])}, {})
    assert addresses(lake) == []
    assert not Path(file.address).exists()
    assert not Path(folder.address).exists()


def test_a_commit_that_loses_every_race_gives_up(
    lake: Lake, folder: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows, file = lake.load(S3_ACCESS_LOG), new_file(lake.load(REJECTED_RECORD), 0)
    attempts = []
    append = LoadedTable.append

    def lose(table: LoadedTable, *arguments: Any) -> None:
        if table.table == REJECTED_RECORD:
            attempts.append(1)
            raise LostRaceError("another run was first")
        append(table, *arguments)

    monkeypatch.setattr(LoadedTable, "append", lose)
    with pytest.raises(LakeError, match=f"rejected_record changed 30 times while run {folder.run_id} tried to commit"):
        commit_run(lake, rows, folder, {S3_ACCESS_LOG: Change([]), REJECTED_RECORD: Change([file])}, {})
    assert len(attempts) == MAX_COMMIT_ATTEMPTS


@pytest.mark.parametrize("dies", [True, False])
def test_expired_files_of_a_table_whose_files_are_replaced_are_announced_before_its_commit(
    dies: bool, lake: Lake, folder: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake.create(DAILY_STORAGE)
    old = f"{lake.load(DAILY_STORAGE).location}/data/old.parquet"
    storage_for(old).put(old, b"replaced long ago")
    monkeypatch.setattr(LoadedTable, "expired_files", [old])
    partition = {"source_bucket": "b", "snapshot_date": DAY}
    added = NewFile(f"{lake.load(DAILY_STORAGE).location}/data/new.parquet", partition, 1, "descriptor")
    append = LoadedTable.append

    def append_empty(table: LoadedTable, _: Any, summary: Any, removed: Any, notes: Any) -> None:
        if table.table == DAILY_STORAGE:
            assert folder.announced() == [old]
        append(table, [], summary, removed, notes)
        if dies and table.table == DAILY_STORAGE:
            raise KeyboardInterrupt

    # Only what is deleted with the second table's commit counts here.
    rows = lake.load(S3_ACCESS_LOG)
    rows.__dict__["expired_files"] = []
    monkeypatch.setattr(LoadedTable, "append", append_empty)
    changes = {S3_ACCESS_LOG: Change([]), DAILY_STORAGE: Change([added])}
    if dies:
        with pytest.raises(KeyboardInterrupt):
            commit_run(lake, rows, folder, changes, {})
        assert Path(old).exists()
        finish(lake, S3_ACCESS_LOG)
    else:
        commit_run(lake, rows, folder, changes, {})
    assert not Path(old).exists()


def test_expired_files_are_deleted_after_the_commits(
    lake: Lake, folder: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows, file = lake.load(S3_ACCESS_LOG), new_file(lake.load(REJECTED_RECORD), 0)
    expired = {table.name: f"{lake.load(table).location}/metadata/old" for table in (S3_ACCESS_LOG, REJECTED_RECORD)}
    for address in expired.values():
        storage_for(address).put(address, b"old")
    monkeypatch.setattr(LoadedTable, "expired_files", property(lambda table: [expired[table.table.name]]))
    append, there = LoadedTable.append, []

    def note_and_append(table: LoadedTable, *arguments: Any) -> None:
        there.append([Path(address).exists() for address in expired.values()])
        append(table, *arguments)

    monkeypatch.setattr(LoadedTable, "append", note_and_append)
    commit_run(lake, rows, folder, {S3_ACCESS_LOG: Change([]), REJECTED_RECORD: Change([file])}, {})
    assert there == [[True, True], [True, True]]
    assert [Path(address).exists() for address in expired.values()] == [False, False]
