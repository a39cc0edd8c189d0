"""The folder of a run: what is read back from it, what it may delete, and when its run counts as dead."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import glue_jobs.ingest.staging.run_folder
from glue_jobs.errors import LakeError, StorageError
from glue_jobs.ingest.commit.commit import finish_others
from glue_jobs.ingest.staging.run_folder import Heartbeat, RunFolder, is_dead, new_run, unfinished
from glue_jobs.ingest.staging.run_notes import CommitPlan
from glue_jobs.lake import Lake
from glue_jobs.storage.folder import FolderStorage
from glue_jobs.tables.rejected_record import REJECTED_RECORD
from tests.disturbed import disturbed, failing
from tests.lake.small_commits import commit, new_lake

NOW = datetime(2024, 5, 7)
TOMORROW = datetime.now(UTC).replace(tzinfo=None) + timedelta(days=2)
PLAN: dict[str, Any] = {"version": 2, "tables": {}, "commits": {}, "expired_files": []}


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return new_lake(tmp_path)


@pytest.fixture
def root(lake: Lake) -> str:
    return f"{lake.location}/_runs/usage_lake/p"


@pytest.fixture
def folder(root: str) -> RunFolder:
    return new_run(root, NOW)


def write(folder: RunFolder, name: str, content: Any) -> str:
    path = Path(folder.address) / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(content))
    return str(path)


def finish(lake: Lake, root: str) -> list[str]:
    return finish_others(lake, lake.load(REJECTED_RECORD), root, TOMORROW)


def test_a_plan_comes_back_as_it_was_written(folder: RunFolder) -> None:
    change = {"files": [], "removed": []}
    plan = CommitPlan.model_validate({**PLAN, "tables": {"rejected_record": change}, "commits": {"rejected_record": 3}})
    folder.write_commit(plan)
    assert folder.read_commit() == plan
    content = json.loads((Path(folder.address) / "commit.json").read_text())
    assert content == {**PLAN, "tables": {"rejected_record": change}, "commits": {"rejected_record": 3}}


def test_a_plan_of_the_version_before_means_the_same(lake: Lake, folder: RunFolder) -> None:
    expired = f"{lake.location}/usage_lake/rejected_record/metadata/snap-1.avro"
    tables = {"rejected_record": {"files": [], "removed": []}}
    write(folder, "commit.json", {"tables": tables, "bases": {"rejected_record": 3}, "doomed": [expired]})
    plan = folder.read_commit()
    assert plan is not None
    assert (plan.commits, plan.expired_files) == ({"rejected_record": 3}, [expired])


def test_announcements_of_this_version_and_the_one_before_are_read(folder: RunFolder) -> None:
    folder.announce(["/a", "/b"])
    write(folder, "files/old.json", ["/c"])
    assert sorted(folder.announced()) == ["/a", "/b", "/c"]


def test_without_a_plan_there_is_none(folder: RunFolder) -> None:
    assert folder.read_commit() is None


@pytest.mark.parametrize("name", ["commit.json", "files/one.json"])
def test_a_note_that_was_only_half_written_says_nothing(name: str, folder: RunFolder) -> None:
    path = Path(write(folder, name, PLAN))
    path.write_text(path.read_text()[:20])
    assert folder.read_commit() is None
    assert folder.announced() == []


@pytest.mark.parametrize("name", ["commit.json", "files/one.json"])
def test_notes_of_a_newer_program_are_refused_and_kept(name: str, lake: Lake, root: str, folder: RunFolder) -> None:
    address = write(folder, name, {"version": 6, "all": "new"})
    with pytest.raises(LakeError) as error:
        finish(lake, root)
    assert str(error.value) == (
        f"{address} was written by a newer version of this program (notes of version 6, known is 5); use the newer"
        " program, which finishes that run"
    )
    assert Path(address).exists()


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("commit.json", [], "Field required"),
        ("commit.json", "text", "Input should be a valid dictionary"),
        ("commit.json", {**PLAN, "version": 1}, "Input should be 2, 3, 4 or 5"),
        ("commit.json", {**PLAN, "more": 1}, "Extra inputs are not permitted"),
        ("commit.json", {**PLAN, "expired_files": "/etc/passwd"}, "Input should be a valid list"),
        ("commit.json", PLAN, "it has no change of rejected_record"),
        (
            "commit.json",
            {**PLAN, "tables": {name: {"files": [], "removed": []} for name in ("rejected_record", "sales")}},
            "there is no table sales",
        ),
        ("files/one.json", {"version": 2}, "Field required"),
        ("files/one.json", [1], "Input should be a valid string"),
    ],
)
def test_what_no_run_writes_is_refused_and_kept(
    name: str, content: Any, reason: str, lake: Lake, root: str, folder: RunFolder
) -> None:
    address = write(folder, name, content)
    with pytest.raises(LakeError) as error:
        finish(lake, root)
    assert f"{address} is not what a run writes ({reason}" in str(error.value)
    assert "find out who wrote it, delete its folder, and start the run again" in str(error.value)
    assert Path(address).exists()


@pytest.mark.parametrize("partition", [{"source": "s"}, {"ingest_date": "yesterday", "source": "s"}])
def test_a_plan_with_another_partition_is_refused(
    partition: dict[str, str], lake: Lake, root: str, folder: RunFolder
) -> None:
    file = {"address": f"{lake.location}/usage_lake/rejected_record/data/a.parquet", "partition": partition}
    write(folder, "commit.json", {**PLAN, "tables": {"rejected_record": {"files": [], "removed": [file]}}})
    with pytest.raises(LakeError, match="is not what a run writes"):
        finish(lake, root)


# Addresses by which somebody who can write into a run's folder could reach other files.
ELSEWHERE: dict[str, Callable[[Path], str]] = {
    "outside the lake": lambda folder: f"{folder}/precious.txt",
    "through the folder above": lambda folder: f"{folder}/lake/usage_lake/../../precious.txt",
    "the catalog": lambda folder: f"{folder}/lake/catalog.db",
    "another database": lambda folder: f"{folder}/lake/other/precious.txt",
    "another run's folder": lambda folder: f"{folder}/lake/_runs/usage_lake/p/other-run/alive",
    "a link to a file": lambda folder: f"{folder}/lake/usage_lake/link.txt",
    "a file in a linked folder": lambda folder: f"{folder}/lake/usage_lake/linked/precious.txt",
    "a bucket": lambda folder: "s3://example-data/precious.txt",
    "a relative path": lambda folder: "precious.txt",
}


@pytest.fixture
def precious(tmp_path: Path, lake: Lake) -> Path:
    """A file that no run may read or delete, and links to it from within the lake."""
    path = tmp_path / "precious.txt"
    path.write_text("mine")
    (tmp_path / "lake/other").mkdir()
    (tmp_path / "lake/other/precious.txt").write_text("mine")
    (tmp_path / "lake/usage_lake/link.txt").symlink_to(path)
    (tmp_path / "lake/usage_lake/linked").symlink_to(tmp_path)
    other = RunFolder(f"{lake.location}/_runs/usage_lake/p/other-run", "other-run")
    other.touch()
    return path


@pytest.mark.parametrize("way", ELSEWHERE)
@pytest.mark.parametrize("place", ["files", "removed", "expired_files"])
def test_a_plan_that_names_a_file_elsewhere_is_refused_and_nothing_is_deleted(
    place: str, way: str, lake: Lake, root: str, folder: RunFolder, precious: Path, tmp_path: Path
) -> None:
    commit(lake, 0)
    lake.load(REJECTED_RECORD).append([], {"usage-lake.run-id": folder.run_id})
    address = ELSEWHERE[way](tmp_path)
    file = {"address": address, "partition": {"ingest_date": "2024-05-07", "source": "s"}}
    change = {"files": [], "removed": [], **({place: [file]} if place != "expired_files" else {})}
    content = {**PLAN, "tables": {"rejected_record": change}}
    content["expired_files"] = [address] if place == "expired_files" else []
    note = write(folder, "commit.json", content)
    with pytest.raises(LakeError) as error:
        finish(lake, root)
    assert f"{note} is not what a run writes ({address} is not in this lake)" in str(error.value)
    assert precious.read_text() == "mine"
    assert Path(address).exists() or "s3" in address or address == "precious.txt"


@pytest.mark.parametrize("way", ELSEWHERE)
def test_an_announced_file_elsewhere_is_kept_and_reported(
    way: str, lake: Lake, root: str, folder: RunFolder, precious: Path, tmp_path: Path
) -> None:
    address = ELSEWHERE[way](tmp_path)
    own = f"{lake.location}/usage_lake/rejected_record/data/own.parquet"
    Path(own).parent.mkdir(parents=True, exist_ok=True)
    Path(own).write_bytes(b"own")
    folder.announce([own, address])
    RunFolder(f"{root}/other-run", "other-run").touch()
    said = finish_others(lake, lake.load(REJECTED_RECORD), root, TOMORROW)
    assert f"kept 1 files that run {folder.run_id} named outside this lake: {address}" in said
    assert f"removed what the dead run {folder.run_id} left" in said
    assert precious.read_text() == "mine"
    assert (tmp_path / "lake/other/precious.txt").exists()
    assert (tmp_path / "lake/catalog.db").exists()
    assert not Path(own).exists()
    assert not Path(folder.address).exists()


def test_a_run_that_gives_up_deletes_nothing_elsewhere(folder: RunFolder, precious: Path) -> None:
    folder.announce([str(precious)])
    folder.abandon()
    assert precious.exists()


def test_a_run_folder_that_is_a_link_is_not_emptied(lake: Lake, root: str, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "letter.txt").write_text("mine")
    Path(root).mkdir(parents=True)
    (Path(root) / "20240507T000000-00000000").symlink_to(home)
    said = finish(lake, root)
    assert "kept 1 files that run 20240507T000000-00000000 named outside this lake" in said[-1]
    assert (home / "letter.txt").read_text() == "mine"


def test_a_lake_may_itself_be_reached_through_a_link(lake: Lake, root: str, tmp_path: Path) -> None:
    (tmp_path / "linked").symlink_to(lake.location)
    folder = new_run(root.replace("/lake/", "/linked/"), NOW)
    own = f"{tmp_path}/linked/usage_lake/rejected_record/data/own.parquet"
    Path(own).parent.mkdir(parents=True, exist_ok=True)
    Path(own).write_bytes(b"own")
    folder.announce([own])
    assert folder.remove() == []
    assert not Path(own).exists()


@pytest.mark.parametrize(
    ("address", "owned"),
    [
        ("s3://lake/l/db/table/data/a.parquet", True),
        ("s3://lake/l/_runs/db/p/r/late_rows/a.arrow", True),
        ("s3://lake/l/_runs/db/p/r2/a", False),
        ("s3://lake/l/db", False),
        ("s3://lake/l/db2/table/a", False),
        ("s3://lake/l/db/../x", False),
        ("s3://lake/l/db//a", False),
        ("s3://lake/l/db/./a", False),
        ("s3://lake2/l/db/table/a", False),
        ("/lake/l/db/table/a", False),
        ("db/table/a", False),
    ],
)
def test_on_s3_a_run_owns_its_folder_and_the_tables_of_its_database(address: str, owned: bool) -> None:
    assert RunFolder("s3://lake/l/_runs/db/p/r", "r").owns(address) == owned


def test_a_removed_folder_keeps_the_files_it_is_told_to(lake: Lake, folder: RunFolder) -> None:
    data = Path(lake.location) / "usage_lake/rejected_record/data"
    data.mkdir(parents=True)
    for name in ("kept", "other"):
        (data / name).write_bytes(b"rows")
    folder.announce([f"{data}/kept", f"{data}/other"])
    folder.remove(keep=[f"{data}/kept"])
    assert [path.name for path in data.iterdir()] == ["kept"]
    assert unfinished(str(Path(folder.address).parent)) == []


def test_the_plan_is_deleted_after_everything_else(folder: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    folder.announce([])
    folder.write_commit(CommitPlan.model_validate(PLAN))
    delete, deleted = FolderStorage.delete, []

    def noted(storage: FolderStorage, addresses: list[str]) -> None:
        deleted.append({Path(address).name for address in addresses})
        delete(storage, addresses)

    monkeypatch.setattr(FolderStorage, "delete", noted)
    folder.remove()
    assert deleted[-1] == {"commit.json"}
    assert not any("commit.json" in names for names in deleted[:-1])


def test_a_run_that_gives_up_keeps_its_notes(lake: Lake, folder: RunFolder) -> None:
    data = Path(lake.location) / "usage_lake/rejected_record/data/a"
    data.parent.mkdir(parents=True)
    data.write_bytes(b"rows")
    folder.announce([str(data)])
    folder.abandon()
    assert not data.exists()
    assert folder.announced() == [str(data)]


def test_a_run_is_dead_after_a_whole_day_of_silence(folder: RunFolder) -> None:
    alive = folder.last_alive()
    assert alive is not None
    assert not is_dead(folder, alive + timedelta(hours=23, minutes=59))
    assert not is_dead(folder, alive + timedelta(hours=24))
    assert is_dead(folder, alive + timedelta(hours=24, seconds=1))


def test_a_folder_that_is_gone_is_not_dead(folder: RunFolder) -> None:
    folder.remove()
    assert folder.last_alive() is None
    assert not is_dead(folder, TOMORROW)


@pytest.mark.parametrize(("hours", "gives_up"), [(11.9, False), (12.1, True)])
def test_a_run_gives_up_after_half_of_that_silence(
    hours: float, gives_up: bool, folder: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [1_000_000.0]
    monkeypatch.setattr(glue_jobs.ingest.staging.run_folder.time, "time", lambda: clock[0])
    with Heartbeat(folder) as heartbeat:
        clock[0] += hours * 3600
        if gives_up:
            with pytest.raises(StorageError, match=f"run {folder.run_id} was suspended for hours and gives up"):
                heartbeat.check()
        else:
            heartbeat.check()


def test_a_beat_after_the_suspension_does_not_hide_it(folder: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [1_000_000.0]
    monkeypatch.setattr(glue_jobs.ingest.staging.run_folder.time, "time", lambda: clock[0])
    monkeypatch.setattr(glue_jobs.ingest.staging.run_folder, "HEARTBEAT_INTERVAL", timedelta(milliseconds=5))
    with Heartbeat(folder) as heartbeat:
        clock[0] += 24 * 3600
        time.sleep(0.2)
        with pytest.raises(StorageError, match="was suspended"):
            heartbeat.check()


def test_a_note_that_another_run_has_just_removed_says_nothing(folder: RunFolder) -> None:
    folder.write_commit(CommitPlan.model_validate(PLAN))
    with disturbed(FolderStorage, "get", Path(folder.address, "commit.json").unlink):
        assert folder.read_commit() is None


def test_a_note_that_cannot_be_read_stops_the_run(folder: RunFolder) -> None:
    folder.write_commit(CommitPlan.model_validate(PLAN))
    gone = failing(FolderStorage, "get", StorageError("the network is down"))
    with gone, pytest.raises(StorageError, match="the network is down"):
        folder.read_commit()
