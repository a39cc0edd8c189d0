"""A sound lake passes every check; each kind of damage is named by the check that it concerns."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from click.testing import CliRunner
from pyiceberg.expressions import EqualTo

from glue_jobs import Lake
from glue_jobs.cli.main import main
from glue_jobs.errors import ArgumentError, LakeError
from glue_jobs.jobs.check.raw_sample import check_raw_sample
from glue_jobs.lake import Lake as Tables
from glue_jobs.sample import write_sample
from glue_jobs.sources.cloudtrail_s3_event.table import CLOUDTRAIL_S3_EVENT
from glue_jobs.sources.pipelines import BY_NAME
from glue_jobs.sources.s3_access_log.table import S3_ACCESS_LOG
from glue_jobs.sources.s3_inventory_object.daily_change import DAILY_CHANGE
from glue_jobs.sources.s3_inventory_object.daily_storage import DAILY_STORAGE
from glue_jobs.sources.s3_inventory_object.table import S3_INVENTORY_OBJECT
from glue_jobs.tables.ingested_object import INGESTED_OBJECT
from glue_jobs.tables.model import Table
from glue_jobs.tables.rejected_record import REJECTED_RECORD
from tests.lake.maintenance import damage, iceberg

Replace = Callable[[dict[str, Any]], dict[str, Any]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small lake of its own, because tests damage it: folders ``raw``, ``lake`` and ``sound``, a copy of the lake."""
    folder = tmp_path_factory.mktemp("check")
    write_sample(folder, last_day=datetime.now(UTC).date() - timedelta(days=1), days=1, scale=0.01)
    lake = Lake(folder / "lake")
    for source in sorted(path.name for path in (folder / "raw").iterdir()):
        lake.ingest(source, folder / "raw" / source, config=folder / "config.yaml")
    shutil.copytree(folder / "lake", folder / "sound")
    return folder


@pytest.fixture
def lake(folder: Path) -> Iterator[Path]:
    """The lake, which is sound again after the test."""
    yield folder / "lake"
    shutil.rmtree(folder / "lake")
    shutil.copytree(folder / "sound", folder / "lake")


def wrong(lake: Path, *options: str) -> dict[str, str]:
    """The lines of the command that are not ok, by the subject of the check."""
    result = CliRunner().invoke(main, ["check", "--lake", str(lake), *options])
    lines = [line.split(None, 1) for line in result.output.splitlines()]
    assert {sign for sign, _ in lines} <= {"ok", "WRONG"}, result.output
    found = dict(text.split(": ", 1) for sign, text in lines if sign == "WRONG")
    assert result.exit_code == (1 if found else 0), result.output
    return found


def data_file(lake: Path, table: Table) -> Path:
    return Path(min(file.address for file in Tables(str(lake), "usage_lake").load(table).files()))


def change(lake: Path, table: Table, column: str, replace: Replace | None, times: int = 1) -> Any:
    """Replace the first row with the smallest value of a column, in Iceberg; returns that value."""
    opened = iceberg(Tables(str(lake), "usage_lake"), table)
    rows = opened.scan().to_arrow()
    value = pc.min(rows[column]).as_py()
    same = rows.filter(pc.equal(rows[column], pa.scalar(value, rows.schema.field(column).type)))
    first, rest = same.slice(0, 1).to_pylist()[0], same.slice(1)
    opened.delete(EqualTo(column, value))
    changed = [replace(first)] * times if replace else []
    opened.append(pa.concat_tables([rest, pa.Table.from_pylist(changed, schema=same.schema)]))
    return value


def test_unreadable_objects_are_counted_apart(tmp_path: Path) -> None:
    for name in ("place", "request"):
        (tmp_path / "raw/data" / name).mkdir(parents=True)
        (tmp_path / "raw/data" / name / "a.csv").write_text("a\n1\n")
    (tmp_path / "raw/data/b.csv").write_text("b\n1\n")
    Lake(tmp_path / "lake").ingest("upload", tmp_path / "raw")
    result = CliRunner().invoke(main, ["check", "--lake", f"{tmp_path}/lake"])
    assert "ledger: 1 object with 1 record add up, 2 unreadable objects apart\n" in result.output


def test_a_sound_lake_is_ok(demo_folder: Path) -> None:
    result = CliRunner().invoke(
        main, ["check", "--lake", f"{demo_folder}/lake", "--raw", f"{demo_folder}/raw", "--sample", "5"]
    )
    assert result.exit_code == 0, result.output
    lines = result.output.splitlines()
    subjects = [line.removeprefix("ok     ").split(":")[0] for line in lines]
    assert subjects == ["files", "ledger", "rows", "rejected records", "duplicates", "daily_storage", "raw"]
    assert re.search(r"raw: 10 objects parsed again, [0-9,]+ rows as stored$", lines[-1])
    assert not re.search("unreadable", result.output)
    assert re.match(r"ok     rows: [0-9,]+ are stored, inventories apart, for each object", lines[2])


def test_files_that_are_missing_or_truncated_are_named_and_other_checks_go_on(lake: Path) -> None:
    missing, truncated = data_file(lake, S3_ACCESS_LOG), data_file(lake, DAILY_STORAGE)
    size = truncated.stat().st_size
    missing.unlink()
    truncated.write_bytes(truncated.read_bytes()[:100])
    found = wrong(lake)
    assert set(found["files"].split("; ")) == {
        f"{missing} is missing",
        f"{truncated} has 100 bytes instead of {size:,}",
    }
    assert set(found) == {"files", "rows", "duplicates", "daily_storage"}
    assert found["rows"].startswith("not checked: ")


@pytest.mark.parametrize("column", ["user_agent", "request_uri", "event_time", "bytes_sent", "remote_prefix"])
def test_a_file_that_is_damaged_in_any_column_is_named(lake: Path, column: str) -> None:
    damaged = data_file(lake, S3_ACCESS_LOG)
    damage(damaged, column)
    assert wrong(lake)["files"].startswith(f"{damaged} is damaged (")


def test_rows_that_were_changed_are_named(lake: Path, folder: Path) -> None:
    changed = change(lake, S3_ACCESS_LOG, "source_object", lambda row: row | {"http_status": 299})
    line = change(lake, S3_ACCESS_LOG, "request_id", lambda row: row, times=2)
    event = change(lake, CLOUDTRAIL_S3_EVENT, "event_id", lambda row: row, times=2)
    key = change(lake, INGESTED_OBJECT, "key", lambda row: row | {"records": row["records"] + 1})
    rejected = change(lake, REJECTED_RECORD, "object", lambda row: row | {"records": 8})
    change(lake, DAILY_STORAGE, "snapshot_time", lambda row: row | {"objects": (row["objects"] or 0) + 5})
    found = wrong(lake, "--raw", f"{folder}/raw", "--sample", "1000")
    assert set(found) == {"ledger", "rows", "rejected records", "duplicates", "daily_storage", "raw"}
    assert re.fullmatch(rf"{key} has \S+ records, but \S+ parts", found["ledger"])
    assert re.fullmatch(
        rf"{rejected} has \d+ rejected records stored, and \d+ in the ledger", found["rejected records"]
    )
    assert f"s3_access_log is stored 2 times: request_id {line} in " in found["duplicates"]
    assert f"cloudtrail_s3_event is stored 2 times: event_id {event} in " in found["duplicates"]
    assert found["daily_storage"].endswith(": wrong objects by +5")
    assert re.search(rf"stored rows? of {changed} differs? from its records", found["raw"])


def test_rows_that_were_deleted_are_named(lake: Path) -> None:
    source = change(lake, S3_ACCESS_LOG, "source_object", None)
    event = iceberg(Tables(str(lake), "usage_lake"), CLOUDTRAIL_S3_EVENT).scan(limit=1).to_arrow().to_pylist()[0]
    iceberg(Tables(str(lake), "usage_lake"), INGESTED_OBJECT).delete(EqualTo("key", event["source_object"]))
    iceberg(Tables(str(lake), "usage_lake"), S3_INVENTORY_OBJECT).delete()
    results = {result.subject: result for result in Lake(lake).check()}
    assert {subject for subject, result in results.items() if not result.holds} == {"rows", "daily_storage"}
    shorter, unknown = results["rows"].wrong
    assert shorter.startswith(f"{source} has ")
    assert unknown.startswith(f"{event['source_object']} has ") and unknown.endswith(" and 0 in the ledger")
    assert "; and " in str(results["daily_storage"])


def test_objects_that_are_gone_are_counted_and_not_wrong(lake: Path, folder: Path) -> None:
    # A check takes some of the objects only, by chance.
    gone = sorted((folder / "raw" / "cloudtrail_s3_event").rglob("*.json.gz"))[::2]
    hidden = [path.rename(f"{path}.hidden") for path in gone]
    try:
        (raw,) = [
            each for each in Lake(lake).check(raw=folder / "raw" / "cloudtrail_s3_event") if each.subject == "raw"
        ]
        assert raw.holds
        assert re.search(r"raw: \d+ objects? parsed again, .*; \d+ more objects could not be read$", str(raw))
    finally:
        for path, original in zip(hidden, gone, strict=True):
            path.rename(original)


def test_the_sample_does_not_depend_on_the_order_of_the_ledger(tmp_path: Path) -> None:
    entry = {"etag": "e", "size": 1, "last_modified": datetime(2024, 5, 7), "records": 1}
    ledger = pa.Table.from_pylist([{"key": f"{tmp_path}/{number}", **entry} for number in range(20)])

    class Ledger:
        def __init__(self, rows: pa.Table) -> None:
            self.run = lambda _: rows

    found = [
        check_raw_sample(Ledger(rows), [BY_NAME["s3_access_log"]], str(tmp_path), 1).wrong  # type: ignore[arg-type]
        for rows in (ledger, ledger.take(pa.array(range(19, -1, -1))))
    ]
    assert "could be read: " in found[0][0]
    assert found[0] == found[1]


def test_a_folder_without_ingested_objects_is_an_error(demo_lake: str, tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match="the ledger has no access logs, CloudTrail files or run summaries below"):
        Lake(demo_lake).check(raw=tmp_path)
    with pytest.raises(LakeError, match="there are no tables"):
        Lake(tmp_path).check()


def test_tables_of_uploads_may_have_names_that_sql_reserves(tmp_path: Path) -> None:
    for name in ("group", "select"):
        (tmp_path / "raw/data" / name).mkdir(parents=True)
        (tmp_path / "raw/data" / name / "a.csv").write_text("order\n1\n")
    Lake(tmp_path / "lake").ingest("upload", tmp_path / "raw")
    assert wrong(tmp_path / "lake") == {}


def test_a_table_that_was_dropped_is_named(lake: Path) -> None:
    # No ledger counts its rows, and no snapshot can be compared again.
    Tables(str(lake), "usage_lake")._catalog.drop_table(("usage_lake", DAILY_CHANGE.name))
    assert wrong(lake) == {"files": "the table daily_change is gone"}
