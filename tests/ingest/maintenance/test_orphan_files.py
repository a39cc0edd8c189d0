"""Files that nothing refers to are deleted, some with each run; nothing else ever is."""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from glue_jobs.ingest.maintenance import orphan_files
from glue_jobs.ingest.maintenance.orphan_files import ROUND, delete_orphan_files
from glue_jobs.ingest.staging.data_files import write_file
from glue_jobs.ingest.staging.run_folder import RunFolder, new_run, runs_folder
from glue_jobs.lake import Lake
from glue_jobs.progress import PlainReporter
from glue_jobs.sources.pipelines import BY_NAME
from glue_jobs.sources.s3_access_log.table import S3_ACCESS_LOG
from glue_jobs.storage.folder import FolderStorage
from glue_jobs.tables.ingested_object import INGESTED_OBJECT
from glue_jobs.tables.model import Table
from glue_jobs.tables.rejected_record import REJECTED_RECORD
from tests.ingest.staging.test_data_files import full_rows
from tests.lake.maintenance import expire, iceberg, roll_back, tag

PIPELINE = BY_NAME["s3_access_log"]
DAY = date(2024, 5, 7)
NOW = datetime.now(UTC).replace(tzinfo=None)
OWN = "20240507T010203-0123abcd-{:032x}.parquet"
NEXT = iter(range(2**31))


@pytest.fixture
def lake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lake:
    """Tables with a file each, and rounds that are always due."""
    monkeypatch.setattr(orphan_files, "COMMITS_PER_ROUND", 0)
    lake = Lake(str(tmp_path / "lake"), "usage_lake")
    for table in (S3_ACCESS_LOG, REJECTED_RECORD, INGESTED_OBJECT):
        lake.create(table)
        replace_files(lake, table)
    return lake


def replace_files(lake: Lake, table: Table) -> str:
    """A new file takes the place of those that the table has; returns its address."""
    loaded = lake.load(table)
    row = {**full_rows(table)[0], "event_date": DAY, "pipeline": PIPELINE.name, "source": PIPELINE.name}
    rows = pa.Table.from_pylist([row], schema=table.arrow_schema)
    partition = {name: row[name] for name in table.partitions}
    path = "/".join(f"{name}={value}" for name, value in partition.items())
    file = write_file(table, rows, f"{loaded.location}/data/{path}/{OWN.format(next(NEXT))}", partition)
    loaded.append([file.descriptor], {}, loaded.files())
    return file.address


def put(lake: Lake, path: str) -> Path:
    """A file below the database's folder that nothing refers to."""
    file = Path(lake.location, "usage_lake", path)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(b"x")
    return file


def age(lake: Lake, days: float) -> None:
    then = (datetime.now(UTC) - timedelta(days=days)).timestamp()
    for path in Path(lake.location).rglob("*.*"):
        os.utime(path, (then, then))


def everything(lake: Lake) -> set[str]:
    return {str(path) for path in Path(lake.location, "usage_lake").rglob("*.*") if path.is_file()}


def sweep(lake: Lake, runs: int = 3, note: bool = True) -> str:
    """What so many runs say, by default those of a round: each table has one page of files."""
    stream = io.StringIO()
    for _ in range(runs):
        rows = lake.load(S3_ACCESS_LOG)
        folder = runs_folder(lake.location, lake.database, PIPELINE.name)
        notes = delete_orphan_files(lake, PIPELINE, rows, folder, NOW, PlainReporter(stream))
        if notes and note:
            with iceberg(lake, S3_ACCESS_LOG).transaction() as transaction:
                transaction.set_properties(notes)
    return stream.getvalue()


UNUSED = (
    "s3_access_log/metadata/00099-0a.metadata.json",
    "s3_access_log/metadata/0a-m0.avro",
    "s3_access_log/metadata/snap-1-0-0a.avro",
    f"s3_access_log/data/event_date=2024-05-07/{OWN.format(2**40)}",
    f"s3_access_log/data/event_date=2019-01-01/{OWN.format(2**41)}",
    "rejected_record/metadata/0a-m1.avro",
    f"rejected_record/data/ingest_date=2024-05-07/source=s3_access_log/{OWN.format(2**40)}",
    f"ingested_object/data/pipeline=s3_access_log/object_day=2024-05-07/{OWN.format(2**40)}",
    f"ingested_object/data/pipeline=s3_access_log/object_day=null/{OWN.format(2**41)}",
)

# Of other programs and other pipelines; or not what Iceberg's writers call their files.
FOREIGN = (
    "s3_access_log/metadata/version-hint.text",
    "s3_access_log/metadata/1-0a.stats",
    "s3_access_log/metadata/backup/0a-m0.avro",
    "s3_access_log/data/event_date=2024-05-07/00000-0-0a.parquet",
    f"s3_access_log/data/event_date=null/mine/{OWN.format(2**42)}",
    f"ingested_object/data/pipeline=other/object_day=2024-05-07/{OWN.format(2**40)}",
    f"ingested_object/data/pipeline=null/object_day=2024-05-07/{OWN.format(2**40)}",
    "subscriber/metadata/0a-m1.avro",
)


def test_what_nothing_refers_to_is_deleted_once_no_commit_under_way_can_be_of_it(lake: Lake) -> None:
    used = everything(lake)
    unused = {str(put(lake, path)) for path in UNUSED}
    foreign = {str(put(lake, path)) for path in FOREIGN}
    age(lake, days=2.9)
    assert sweep(lake) == ""
    assert used | unused | foreign <= everything(lake)
    age(lake, days=3.1)
    assert "deleted 5 files of s3_access_log that nothing refers to" in sweep(lake)
    assert unused.isdisjoint(everything(lake))
    assert used | foreign <= everything(lake)


@pytest.mark.parametrize("keep", ["old snapshots", "a tag", "the way back"])
def test_what_any_snapshot_refers_to_stays(keep: str, lake: Lake) -> None:
    snapshot = iceberg(lake, S3_ACCESS_LOG).current_snapshot().snapshot_id
    if keep == "a tag":
        tag(lake, S3_ACCESS_LOG, "mine", snapshot)
    replace_files(lake, S3_ACCESS_LOG)
    # The commit before lists the replaced file as removed.
    lake.load(S3_ACCESS_LOG).append([], {})
    if keep == "the way back":
        roll_back(lake, S3_ACCESS_LOG, snapshot)
    age(lake, days=4)
    before = everything(lake)
    assert sweep(lake) == ""
    assert before <= everything(lake)
    assert iceberg(lake, S3_ACCESS_LOG).scan(snapshot_id=snapshot).to_arrow().num_rows == 1


def test_files_of_snapshots_that_another_program_ended_are_deleted(lake: Lake) -> None:
    (first,) = [file.address for file in lake.load(S3_ACCESS_LOG).files()]
    second = replace_files(lake, S3_ACCESS_LOG)
    # The commit of the second file lists the first one as removed.
    lake.load(S3_ACCESS_LOG).append([], {})
    expire(lake, S3_ACCESS_LOG)
    age(lake, days=4)
    sweep(lake)
    assert (Path(first).exists(), Path(second).exists()) == (False, True)
    assert len(list(Path(lake.location).glob("usage_lake/s3_access_log/metadata/snap-*"))) == 1


def test_files_of_a_run_that_has_not_finished_stay_however_old_they_are(lake: Lake) -> None:
    runs = runs_folder(lake.location, lake.database, PIPELINE.name)
    begun = new_run(runs, NOW - timedelta(days=9))
    staged = put(lake, UNUSED[3])
    age(lake, days=8)
    sweep(lake)
    assert staged.exists()
    begun.remove()
    RunFolder(f"{runs}/of-somebody", "of-somebody").touch()
    sweep(lake)
    assert staged.exists()
    RunFolder(f"{runs}/of-somebody", "of-somebody").remove()
    sweep(lake)
    assert not staged.exists()


def listed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The entries that are listed from now on."""
    seen: list[str] = []
    original: Callable[..., Any] = FolderStorage.list

    def counted(storage: FolderStorage, *arguments: Any) -> Any:
        for entry in original(storage, *arguments):
            seen.append(entry.address)
            yield entry

    monkeypatch.setattr(FolderStorage, "list", counted)
    return seen


def test_each_run_goes_on_from_where_the_last_one_stopped(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(orphan_files, "FILES_PER_RUN", 5)
    before = everything(lake)
    unused = [put(lake, f"s3_access_log/metadata/{number:02}-m0.avro") for number in range(12)]
    age(lake, days=4)
    seen, runs = listed(monkeypatch), 0
    while any(path.exists() for path in unused):
        at = len(seen)
        sweep(lake, runs=1)
        runs += 1
        assert len(seen) - at <= 5
        assert runs < 20
    assert runs > 2
    assert before <= everything(lake)


def test_a_round_begins_when_there_were_enough_commits(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(orphan_files, "COMMITS_PER_ROUND", 3)
    seen = listed(monkeypatch)
    assert lake.load(S3_ACCESS_LOG).commits == 1
    sweep(lake)
    assert (seen, lake.load(S3_ACCESS_LOG).note(ROUND)) == ([], None)
    for _ in range(2):
        lake.load(S3_ACCESS_LOG).append([], {})
    sweep(lake)
    looked_at = len(seen)
    assert looked_at >= 9
    sweep(lake)
    assert len(seen) == looked_at
