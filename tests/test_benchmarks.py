"""The benchmarks run and give a table; what they measure is never tested, but that both sides do the same work is."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.orc as paorc
import pyarrow.parquet as pq
import pytest

import benchmarks.__main__
from benchmarks import duckdb_inventory, duckdb_regex, duckdb_trail, inventory_files, our_run
from benchmarks.__main__ import main
from benchmarks.inventory_lake import inventory_lake
from benchmarks.log_pattern import FIELDS, PATTERN
from benchmarks.measure import Line, Settings
from benchmarks.sample_files import trail_files, whole_trail
from glue_jobs.lake import Lake
from glue_jobs.sample import write_sample
from glue_jobs.sources.cloudtrail_s3_event.parser import parse_cloudtrail
from glue_jobs.sources.s3_access_log.parser import parse_access_log
from glue_jobs.sources.s3_inventory_object.daily_storage import DAILY_STORAGE
from glue_jobs.sources.s3_inventory_object.table import S3_INVENTORY_OBJECT
from glue_jobs.tables.model import Table
from tests.end_to_end.lakes import without_spark


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("benchmarks")


@pytest.mark.parametrize(
    ("name", "figure"),
    [
        ("slow_gets", "| objects a second |"),
        ("peak_memory", "| one-inventory-file-of-0.5-MB-gzip |"),
        ("daily_runs", "| entries listed: late / early |"),
        ("storage_reports", "| storage/growth |"),
    ],
)
def test_a_quick_run_prints_its_table_and_leaves_the_results_alone(
    name: str,
    figure: str,
    folder: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PYSPARK_SUBMIT_ARGS", "pyspark-shell")
    # Not the real ones, which somebody may be measuring just now.
    results = tmp_path / "RESULTS.md"
    monkeypatch.setattr(benchmarks.__main__, "RESULTS", results)
    assert main([name, "--quick", "--dir", str(folder)]) == 0
    assert figure in capsys.readouterr().out
    assert not results.exists()


def test_a_named_run_replaces_only_its_own_section(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def giving(figure: str) -> Callable[[Settings], Iterator[Line]]:
        return lambda _: iter([Line("lines", figure)])

    monkeypatch.setenv("PYSPARK_SUBMIT_ARGS", "pyspark-shell")
    results = tmp_path / "RESULTS.md"
    monkeypatch.setattr(benchmarks.__main__, "RESULTS", results)
    monkeypatch.setattr(benchmarks.__main__, "described", lambda: "a machine")
    for names, figures in ((["late"], "01"), ([], "23"), (["early"], "45")):
        measured = {"early": ("Early one", giving(figures[0])), "late": ("Late one", giving(figures[1]))}
        monkeypatch.setattr(benchmarks.__main__, "BENCHMARKS", measured)
        assert main([*names, "--dir", str(tmp_path)]) == 0
    assert main(["late", "--quick", "--dir", str(tmp_path)]) == 0
    table = "a machine\n\n| what | figure | target | met | how |\n|---|---|---|---|---|\n| lines | {} |  |  |  |\n"
    expected = f"# Results\n\n## Early one\n\n{table.format(4)}\n## Late one\n\n{table.format(3)}"
    assert results.read_text() == expected


def test_an_unknown_benchmark_is_named(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["nothing", "--dir", str(folder)])
    assert "there is no benchmark nothing" in capsys.readouterr().err


def test_the_regular_expression_reads_what_the_parser_reads(tmp_path: Path) -> None:
    write_sample(tmp_path, last_day=date(2024, 6, 30), days=3, scale=0.02)
    files = [path for path in tmp_path.rglob("20*-*") if path.is_file()]
    every = [line for path in files for line in path.read_bytes().splitlines() if line]
    # A quote that a client typed deceives the expression, two blanks in a row or bytes that are not UTF-8 stop it.
    lines = [line for line in every if line.count(b'"') <= 6 and re.match(PATTERN, line.decode(errors="ignore"))]
    lines = [line for line in lines if line == line.decode(errors="ignore").encode()]
    assert len(lines) > 0.98 * len(every)
    raw, target = tmp_path / "plain", tmp_path / "out"
    raw.mkdir()
    (raw / "log").write_bytes(b"\n".join(lines))
    duckdb_regex.convert(raw, target)
    theirs = duckdb.sql(f"FROM '{target}/**/*.parquet' WHERE request_id IS NOT NULL").to_arrow_table()
    ours = parse_access_log(b"\n".join(lines)).rows
    for name in FIELDS:
        if name != "key":
            assert _values(theirs[name]) == _values(ours[name]), name


def test_a_made_lake_has_the_dictionaries_of_an_ingested_inventory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_spark(monkeypatch)
    our_run.run(
        inventory_files.snapshot(tmp_path, "Parquet", 200, 1), tmp_path / "lake", pipeline="s3_inventory_object"
    )
    lakes = Lake(str(tmp_path / "lake"), "usage_lake"), inventory_lake(tmp_path, 200)
    for table in (S3_INVENTORY_OBJECT, DAILY_STORAGE):
        ingested, made = (_with_dictionary(lake, table) for lake in lakes)
        both = ingested.keys() & made.keys()
        assert {"account", "source_bucket", "snapshot_time"} <= both
        # A few numbers repeat in one inventory and not in the other.
        texts = {field.name for field in table.arrow_schema if field.type == pa.string()}
        assert {name: made[name] for name in both & texts} == {name: ingested[name] for name in both & texts}


def _with_dictionary(lake: Lake, table: Table) -> dict[str, bool]:
    """The columns of a data file, and which have a dictionary."""
    file = pq.read_metadata(lake.load(table).files()[0].address)
    columns = [file.row_group(0).column(number) for number in range(file.num_columns)]
    return {column.path_in_schema: column.has_dictionary_page for column in columns}


def test_the_declared_shape_reads_what_the_parser_reads(folder: Path, tmp_path: Path) -> None:
    raw = whole_trail(Settings(folder, quick=True, rounds=1))
    documents = [gzip.decompress(path.read_bytes()) for path in trail_files(raw)]
    duckdb_trail.convert(raw, tmp_path / "out")
    theirs = duckdb.sql(f"FROM '{tmp_path}/out/**/*.parquet'").to_arrow_table()
    parsed = [parse_cloudtrail(document) for document in documents]
    assert not any(each.rejected for each in parsed)
    ours = pa.concat_tables(each.rows for each in parsed)
    # These are more than one field of the event.
    meant = {"access_point_arn", "bucket", "cipher_suite", "host_header", "subscriber_account_id", "user_name"}
    columns = [name for name in theirs.column_names if name not in {*meant, "event_date"}]
    assert len(columns) > 25
    for name in columns:
        # The parser takes an empty text for none.
        found = [value or "None" for value in _values(theirs[name])]
        assert sorted(found) == _values(ours[name]), name


def _values(column: pa.ChunkedArray) -> list[str]:
    plain = pc.cast(column, column.type.value_type) if pa.types.is_dictionary(column.type) else column
    return sorted(map(str, plain.to_pylist()))


@pytest.mark.parametrize("form", ["CSV", "ORC", "Parquet"])
def test_inventories_are_read_alike(form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    without_spark(monkeypatch)
    raw = inventory_files.snapshot(tmp_path, form, 200, 2)
    assert our_run.run(raw, tmp_path / "lake", pipeline="s3_inventory_object").totals.rows == 200
    ours = Lake(str(tmp_path / "lake"), "usage_lake").load(S3_INVENTORY_OBJECT).rows(tuple(duckdb_inventory.TYPES))
    files = inventory_files.data_files(raw)
    if form == "CSV":
        duckdb_inventory.convert(files, tmp_path / "out")
        theirs = duckdb.sql(f"FROM '{tmp_path}/out/**/*.parquet'").to_arrow_table()
    else:
        theirs = pa.concat_tables([paorc.read_table(file) if form == "ORC" else pq.read_table(file) for file in files])
    for name in duckdb_inventory.TYPES:
        assert _values(theirs[name]) == _values(ours[name]), name
