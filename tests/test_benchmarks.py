"""The benchmarks run and give a table; what they measure is never tested, but that both sides do the same work is."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from benchmarks import duckdb_regex
from benchmarks.__main__ import RESULTS, main
from benchmarks.log_pattern import FIELDS, PATTERN
from glue_jobs.local.sample import write_sample
from glue_jobs.sources.access_log_parser import parse_access_log


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("benchmarks")


@pytest.mark.parametrize(
    ("name", "figure"),
    [
        ("slow_gets", "| objects a second |"),
        ("peak_memory", "| 100-files-of-5-lines |"),
        ("daily_runs", "| entries listed: late / early |"),
        ("storage_reports", "| storage/growth |"),
    ],
)
def test_a_quick_run_prints_its_table_and_leaves_the_results_alone(
    name: str, figure: str, folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYSPARK_SUBMIT_ARGS", "pyspark-shell")
    before = RESULTS.stat().st_mtime_ns if RESULTS.exists() else None
    assert main([name, "--quick", "--dir", str(folder)]) == 0
    assert figure in capsys.readouterr().out
    assert (RESULTS.stat().st_mtime_ns if RESULTS.exists() else None) == before


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


def _values(column: pa.ChunkedArray) -> list[str]:
    plain = pc.cast(column, column.type.value_type) if pa.types.is_dictionary(column.type) else column
    return sorted(map(str, plain.to_pylist()))
