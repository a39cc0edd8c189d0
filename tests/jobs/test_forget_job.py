"""Forgetting a person: what is gone, what adds up after it, and what a stopped run leaves to the next one."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import nullcontext, suppress
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

import glue_jobs.ingest.commit.commit
import glue_jobs.ingest.create_tables
import glue_jobs.ingest.forget.forget
from glue_jobs import Lake
from glue_jobs.cli.main import main
from glue_jobs.errors import LakeError, LostRaceError, StorageError
from glue_jobs.ingest.forget.forget import FOLDER
from glue_jobs.ingest.staging.run_folder import new_run, runs_folder
from glue_jobs.lake import Lake as Tables
from glue_jobs.lake import LoadedTable
from glue_jobs.lake.cleaning.old_snapshots import all_files
from glue_jobs.sources.s3_access_log.table import S3_ACCESS_LOG
from glue_jobs.storage import storage_for
from glue_jobs.storage.folder import FolderStorage
from glue_jobs.tables.ingested_object import INGESTED_OBJECT
from glue_jobs.tables.model import Table
from glue_jobs.tables.place import PLACE
from glue_jobs.tables.rejected_record import REJECTED_RECORD
from glue_jobs.tables.subscriber import SUBSCRIBER
from tests.disturbed import appends_to, disturbed, failing
from tests.end_to_end.lakes import left_over, orphans
from tests.end_to_end.sources import ACCESS_LOGS, CLOUDTRAIL, Raw, events
from tests.lake.maintenance import iceberg, rewrite

DAY = date(2024, 5, 7)
ADDRESS = "192.0.2.7"
ACCOUNT = "111122223333"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lake with events 0 to 9 of two sources; each number has an address of its own. One record of 7 is rejected."""
    folder = tmp_path_factory.mktemp("forget")
    logs, trail = Raw(ACCESS_LOGS, f"{folder}/raw/logs"), Raw(CLOUDTRAIL, f"{folder}/raw/trail")
    logs.deliver(DAY, 1, events(DAY, range(5)), bad=1)
    bad = ACCESS_LOGS.record(events(DAY, [7])[0]).replace(b" 200 ", b" many ")
    own = ACCESS_LOGS.record(events(DAY, [9])[0]).replace(b" - 0000", f" arn:aws:iam::{ACCOUNT}:user/a 0000".encode())
    assert ACCOUNT.encode() in own
    logs.put(
        ACCESS_LOGS.object_name(DAY, 2),
        b"\n".join([*(ACCESS_LOGS.record(event) for event in events(DAY, range(5, 9))), bad, own, b""]),
    )
    trail.deliver(DAY, 1, events(DAY, range(10)))
    (folder / "config.yaml").write_text(f"subscribers:\n  - {{account: '{ACCOUNT}', name: Ana}}\n")
    lake = Lake(folder / "lake")
    for raw in (logs, trail):
        lake.ingest(raw.source.pipeline.name, raw.address, config=folder / "config.yaml")
    # Another snapshot, so that the first ones are old.
    logs.deliver(DAY, 3, events(DAY, [17]))
    lake.ingest("s3_access_log", logs.address)
    shutil.copytree(folder / "lake", folder / "sound")
    return folder


@pytest.fixture
def lake(made: Path) -> Iterator[Lake]:
    yield Lake(made / "lake")
    shutil.rmtree(made / "lake")
    shutil.copytree(made / "sound", made / "lake")


def stored(folder: Path, text: str) -> set[str]:
    """The tables and the other places that have the text, in whichever file below the lake."""
    found = set()
    for path in (folder / "lake").rglob("*"):
        if path.suffix == ".parquet":
            schema = pq.ParquetFile(path).schema_arrow
            texts = [field.name for field in schema if field.type in (pa.string(), pa.binary())]
            # A dictionary may have values that no row has.
            rows = pq.ParquetFile(path, read_dictionary=texts).read()
            # The names of raw objects are not of the person.
            columns = [rows[name] for name in rows.column_names if name not in ("object", "source_object", "key")]
            values = (getattr(chunk, "dictionary", chunk) for column in columns for chunk in column.chunks)
            if any(text in str(value) for each in values for value in each.to_pylist()):
                found.add(path.relative_to(folder / "lake/usage_lake").parts[0])
        elif path.is_file() and text.encode() in path.read_bytes():
            found.add(path.name)
    return found


def reader_id(lake: Lake) -> str:
    rows = lake.table("s3_access_log").select("request_id", "reader_id").to_arrow().to_pylist()
    (found,) = (row["reader_id"] for row in rows if int(row["request_id"], 16) == 7)
    return str(found)


def assert_sound(made: Path, lake: Lake) -> None:
    assert [str(each) for each in lake.check(made / "raw") if not each.holds] == []
    assert orphans(str(made / "lake")) == set()


def test_an_address_is_gone_from_all_tables_rejected_records_and_old_snapshots(made: Path, lake: Lake) -> None:
    of_person = reader_id(lake)
    assert stored(made, of_person) == {"s3_access_log", "cloudtrail_s3_event", "rejected_record"}
    planned = lake.forget([ADDRESS], dry_run=True)
    assert stored(made, of_person) == {"s3_access_log", "cloudtrail_s3_event", "rejected_record"}
    done = lake.forget([ADDRESS])
    assert +done.rows == +planned.rows == {"s3_access_log": 1, "cloudtrail_s3_event": 1, "rejected_record": 1}
    assert done.raw_objects == planned.raw_objects
    assert {Path(name).parent.name for name in done.raw_objects} == {"logs", "07"}
    assert stored(made, of_person) == set()
    assert lake.table("s3_access_log").to_arrow().num_rows == 10
    sums = lake.sql('SELECT sum(records) AS n, sum("rows") AS r, sum(filtered) AS f FROM ingested_object').to_pylist()
    assert sums == [{"n": 23, "r": 19, "f": 3}]
    assert_sound(made, lake)
    assert lake.ingest("s3_access_log", made / "raw/logs").run_id is None
    assert not +lake.forget([ADDRESS]).rows


def test_an_account_is_gone_and_so_is_its_name(made: Path, lake: Lake) -> None:
    def ledger() -> set[str]:
        return {file.address for file in Tables(str(made / "lake"), "usage_lake").load(INGESTED_OBJECT).files()}

    before = ledger()
    assert stored(made, ACCOUNT) == {"s3_access_log", "subscriber"}
    assert +lake.forget(accounts=[ACCOUNT]).rows == {"s3_access_log": 1, "subscriber": 1}
    assert stored(made, ACCOUNT) == set()
    # Of three files of the ledger, one has an object with the account.
    assert (len(before), len(before & ledger())) == (3, 2)
    assert_sound(made, lake)


MOMENTS: dict[str, tuple[Any, str, Callable[..., bool]]] = {
    "before the rejected records": (LoadedTable, "append", lambda loaded, *_: loaded.table == REJECTED_RECORD),
    "before old files are deleted": (
        FolderStorage,
        "delete",
        lambda _, some: any("/metadata/" in each for each in some),
    ),
}


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_run_that_is_stopped_is_finished_by_the_next_one(moment: str, made: Path, lake: Lake) -> None:
    of_person = reader_id(lake)
    owner, name, when = MOMENTS[moment]
    with failing(owner, name, KeyboardInterrupt(), when=when), pytest.raises(KeyboardInterrupt):
        lake.forget(reader_ids=[of_person])
    lake.forget(reader_ids=[of_person])
    assert stored(made, of_person) == set()
    assert_sound(made, lake)


def test_a_second_command_that_begins_before_the_first_one_ends_leaves_no_file_of_the_person(
    made: Path, lake: Lake
) -> None:
    of_person, module = reader_id(lake), glue_jobs.ingest.forget.forget

    def begin() -> None:
        with failing(module, "_forget_in", KeyboardInterrupt()), pytest.raises(KeyboardInterrupt):
            lake.forget(accounts=[ACCOUNT])

    with disturbed(module, "end_old_snapshots", begin):
        lake.forget(reader_ids=[of_person])
    assert stored(made, of_person) == set()
    assert_sound(made, lake)


def test_a_reader_of_a_lake_that_keeps_addresses_is_gone_from_rejected_records_too(tmp_path: Path) -> None:
    raw, lake = Raw(ACCESS_LOGS, f"{tmp_path}/raw"), Lake(tmp_path / "lake")
    line, other = (ACCESS_LOGS.record(events(DAY, [number])[0]) for number in (7, 8))
    raw.put(ACCESS_LOGS.object_name(DAY, 1), b"\n".join([line, other, line.replace(b" 200 ", b" many "), b""]))
    (tmp_path / "config.yaml").write_text("privacy: {addresses: keep}")
    lake.ingest("s3_access_log", raw.address, config=tmp_path / "config.yaml")
    assert stored(tmp_path, ADDRESS) == {"s3_access_log", "rejected_record"}
    reader = reader_id(lake)
    planned = lake.forget(reader_ids=[reader], dry_run=True)
    assert +planned.rows == +lake.forget(reader_ids=[reader]).rows == {"s3_access_log": 1, "rejected_record": 1}
    assert stored(tmp_path, ADDRESS) == set()
    assert stored(tmp_path, "192.0.2.8") == {"s3_access_log"}


def test_nothing_is_removed_without_the_key_that_made_the_reader_ids(made: Path, lake: Lake, tmp_path: Path) -> None:
    keys = tmp_path / "other.json"
    keys.write_text('{"2006-03-14": "' + "x" * 40 + '"}')
    keys.chmod(0o600)
    with pytest.raises(StorageError, match="without it nobody can tell"):
        lake.forget([ADDRESS], reader_keys=keys)


@pytest.mark.parametrize("commit", [1, 2], ids=["of rows", "of the purge"])
def test_a_run_of_ingestion_that_commits_meanwhile_is_told_and_loses_nothing(
    commit: int, made: Path, lake: Lake
) -> None:
    of_person, raw = reader_id(lake), Raw(ACCESS_LOGS, f"{made}/late")
    raw.deliver(DAY, 5, events(DAY, [21]))
    ingested = disturbed(
        LoadedTable,
        "append",
        lambda: lake.ingest("s3_access_log", raw.address),
        when=appends_to("s3_access_log"),
        nth=commit,
    )
    with ingested, pytest.raises(LostRaceError, match="a run or another program changed a table meanwhile; what is"):
        lake.forget(reader_ids=[of_person])
    lake.forget(reader_ids=[of_person])
    assert stored(made, of_person) == set()
    assert lake.sql("SELECT count(*) AS n FROM s3_access_log").to_pylist() == [{"n": 11}]
    assert_sound(made, lake)


def test_rows_of_a_run_that_has_not_committed_its_ledger_yet_are_not_removed_alone(made: Path, lake: Lake) -> None:
    of_person, raw = reader_id(lake), Raw(ACCESS_LOGS, f"{made}/late")
    raw.deliver(DAY, 5, events(DAY, [257]))

    def commit_rows() -> None:
        died = failing(LoadedTable, "append", KeyboardInterrupt(), when=appends_to(INGESTED_OBJECT.name))
        with died, pytest.raises(KeyboardInterrupt):
            lake.ingest("s3_access_log", raw.address)

    meanwhile = disturbed(glue_jobs.ingest.forget.forget, "finish_others", commit_rows, after=True)
    with meanwhile, suppress(LostRaceError):
        lake.forget(reader_ids=[of_person])
    lake.forget(reader_ids=[of_person])
    assert stored(made, of_person) == set()
    assert_sound(made, lake)


def test_nothing_is_removed_when_another_program_compacts_a_table_meanwhile(made: Path, lake: Lake) -> None:
    tables = Tables(str(made / "lake"), "usage_lake")
    compacted = disturbed(glue_jobs.ingest.forget.forget, "_settled", lambda: rewrite(tables, REJECTED_RECORD))
    with compacted, pytest.raises(LostRaceError, match="a run or another program changed a table meanwhile"):
        lake.forget(reader_ids=[reader_id(lake)])
    assert [str(each) for each in lake.check() if not each.holds] == []
    assert left_over(str(made / "lake")) == []


@pytest.mark.parametrize("is_killed", [False, True], ids=["in this run", "in the next one"])
@pytest.mark.parametrize("table", [REJECTED_RECORD, INGESTED_OBJECT], ids=lambda table: table.name)
def test_a_table_that_another_program_rewrites_between_two_commits_loses_what_was_planned(
    table: Table, is_killed: bool, made: Path, lake: Lake
) -> None:
    tables, of_person = Tables(str(made / "lake"), "usage_lake"), reader_id(lake)

    def happens() -> None:
        rewrite(tables, table)
        if is_killed:
            raise KeyboardInterrupt

    with (
        disturbed(
            glue_jobs.ingest.commit.commit, "_change_once", happens, when=lambda _lake, _source, each, *_: each == table
        ),
        pytest.raises(KeyboardInterrupt) if is_killed else nullcontext(),
    ):
        lake.forget(reader_ids=[of_person])
    lake.forget(reader_ids=[of_person])
    assert stored(made, of_person) == set()
    sums = lake.sql('SELECT sum(records) AS n, sum("rows") AS r, sum(filtered) AS f FROM ingested_object').to_pylist()
    assert sums == [{"n": 23, "r": 19, "f": 3}]
    assert_sound(made, lake)
    assert left_over(str(made / "lake")) == []


def test_a_rejected_record_that_another_program_moves_is_gone_although_no_other_is_left(tmp_path: Path) -> None:
    raw, lake = Raw(ACCESS_LOGS, f"{tmp_path}/raw"), Lake(tmp_path / "lake")
    line = ACCESS_LOGS.record(events(DAY, [7])[0])
    raw.put(ACCESS_LOGS.object_name(DAY, 1), b"\n".join([line, line.replace(b" 200 ", b" many "), b""]))
    lake.ingest("s3_access_log", raw.address)
    rewrites = partial(rewrite, Tables(str(tmp_path / "lake"), "usage_lake"), REJECTED_RECORD)
    with disturbed(glue_jobs.ingest.commit.commit, "_change_once", rewrites):
        lake.forget([ADDRESS])
    assert lake.table("rejected_record").to_arrow().num_rows == 0
    assert [str(each) for each in lake.check() if not each.holds] == []


def test_a_tag_that_keeps_an_old_snapshot_is_named(made: Path, lake: Lake) -> None:
    tables = Tables(str(made / "lake"), "usage_lake")
    table = iceberg(tables, S3_ACCESS_LOG)
    table.manage_snapshots().create_tag(table.snapshots()[0].snapshot_id, "year-end").commit()
    # A run that died before it ended old snapshots has announced their files, and the tag keeps them.
    kept = sorted(all_files(tables.load(S3_ACCESS_LOG)))
    new_run(runs_folder(tables.location, tables.database, FOLDER), datetime(2024, 5, 8)).announce(kept)
    with pytest.raises(LakeError, match="s3_access_log has the branch or tag year-end"):
        lake.forget(accounts=[ACCOUNT])
    assert kept and all(Path(address).exists() for address in kept)


def test_the_command_asks_for_yes_and_says_what_is_removed(made: Path, lake: Lake) -> None:
    command = ["forget", "--lake", str(made / "lake"), "--account", ACCOUNT]
    refused = CliRunner().invoke(main, command)
    assert (refused.exit_code, "give --yes" in refused.output) == (2, True)
    mistaken = CliRunner().invoke(main, [*command, "--account", "12"])
    assert (mistaken.exit_code, "this is '12'" in mistaken.output, "--yes" in mistaken.output) == (2, True, False)
    shown = CliRunner().invoke(main, [*command, "--dry-run"]).output
    assert "s3_access_log: 1 row would be removed\nsubscriber: 1 row would be removed\n" in shown
    done = CliRunner().invoke(main, [*command, "--yes"])
    assert "s3_access_log: 1 row removed\nsubscriber: 1 row removed\nold snapshots: " in done.output
    assert "old snapshots: 0 files" not in done.output
    assert f"{made}/raw/logs" in done.output.splitlines()[-1]


def test_a_lake_on_s3_forgets_too_and_keeps_no_file_of_the_person(bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # Creating each table takes time.
    needed = (S3_ACCESS_LOG, REJECTED_RECORD, INGESTED_OBJECT, SUBSCRIBER, PLACE)
    monkeypatch.setattr(glue_jobs.ingest.create_tables, "QUERIED_TABLES", needed)
    raw, name = Raw(ACCESS_LOGS, f"{bucket}/raw"), f"lake_{bucket[-12:]}"
    raw.deliver(DAY, 1, events(DAY, range(10)))
    lake = Lake(f"{bucket}/lake", database=name)
    lake.ingest("s3_access_log", raw.address)
    of_person = reader_id(lake)

    def files() -> dict[str, pa.Table]:
        addresses = [each.address for each in storage_for(bucket).list(f"{bucket}/lake/{name}/s3_access_log/data/")]
        return {each: pq.read_table(pa.BufferReader(storage_for(bucket).get(each))) for each in addresses}

    def has_person() -> bool:
        return any(of_person in rows["reader_id"].to_pylist() for rows in files().values())

    assert has_person()
    assert +lake.forget([ADDRESS]).rows == {"s3_access_log": 1}
    assert not has_person()
    assert sum(rows.num_rows for rows in files().values()) == 9
    assert [str(each) for each in lake.check(raw.address) if not each.holds] == []
