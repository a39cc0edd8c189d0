"""How a run's changes are committed, and how it is told that a table has one: by its commits, or else by its files."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from glue_jobs.ingest.commit import RUN_ID, Change, _has, commit_run
from glue_jobs.ingest.staging import new_run
from glue_jobs.lake import Lake, LoadedTable
from glue_jobs.lake.schema import SNAPSHOTS_KEPT
from glue_jobs.sources.s3_access_log.table import S3_ACCESS_LOG
from glue_jobs.tables.rejected_record import REJECTED_RECORD
from tests.lake.small_commits import DAY, commit, new_file, new_lake

NAME = REJECTED_RECORD.name


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return new_lake(tmp_path)


def plan(lake: Lake, address: str, number: int) -> dict[str, Any]:
    """What a run notes before it commits that file, the table being as it is now."""
    partition = {"ingest_date": (DAY + timedelta(days=number)).isoformat(), "source": "s3_access_log"}
    files = [{"address": address, "partition": partition}]
    return {"tables": {NAME: {"files": files, "removed": []}}, "bases": {NAME: lake.load(REJECTED_RECORD).commits}}


def no_files(*_: object, **__: object) -> None:
    raise AssertionError("the files were looked at")


@pytest.mark.parametrize("before", [0, 3, SNAPSHOTS_KEPT + 3])
def test_a_change_that_is_not_there_is_missed_without_a_look_at_files(
    lake: Lake, before: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(before):
        commit(lake, number)
    noted = plan(lake, "not there", 2)
    for number in range(before, before + SNAPSHOTS_KEPT - 1):
        commit(lake, number)
    monkeypatch.setattr(LoadedTable, "files", no_files)
    assert not _has(lake.load(REJECTED_RECORD), "a run", noted)


@pytest.mark.parametrize("before", [0, 3])
def test_a_change_is_found_when_its_commit_is_no_longer_kept(lake: Lake, before: int) -> None:
    for number in range(before):
        commit(lake, number)
    noted = plan(lake, "not there", before)
    (address,) = commit(lake, before)
    for number in range(before + 1, before + SNAPSHOTS_KEPT + 5):
        commit(lake, number)
    loaded = lake.load(REJECTED_RECORD)
    assert not _has(loaded, "a run", noted)
    noted["tables"][NAME]["files"][0]["address"] = address
    assert _has(loaded, "a run", noted)


def test_a_plan_of_an_older_program_is_looked_up_by_its_files(lake: Lake) -> None:
    noted = plan(lake, "not there", 0)
    del noted["bases"]
    (address,) = commit(lake, 0)
    assert not _has(lake.load(REJECTED_RECORD), "a run", noted)
    noted["tables"][NAME]["files"][0]["address"] = address
    assert _has(lake.load(REJECTED_RECORD), "a run", noted)


def test_a_change_is_known_by_its_commit(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    noted = plan(lake, "replaced since", 0)
    lake.load(REJECTED_RECORD).append([], {RUN_ID: "a run"})
    monkeypatch.setattr(LoadedTable, "files", no_files)
    assert _has(lake.load(REJECTED_RECORD), "a run", noted)
    assert not _has(lake.load(REJECTED_RECORD), "another", noted)


def test_a_run_reads_nothing_of_the_files_it_has_just_written(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    lake.create(S3_ACCESS_LOG)
    rows, table = lake.load(S3_ACCESS_LOG), lake.load(REJECTED_RECORD)
    file = new_file(table, 0)
    monkeypatch.setattr(pq, "read_metadata", no_files)
    folder = new_run(f"{lake.location}/_runs", datetime(2024, 5, 7))
    commit_run(lake, rows, folder, {S3_ACCESS_LOG: Change([]), REJECTED_RECORD: Change([file])}, {})
    assert [each.address for each in lake.load(REJECTED_RECORD).files()] == [file.address]
