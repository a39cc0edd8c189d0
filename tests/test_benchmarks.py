"""The benchmarks run and print tables, seconds are counted right, and all contestants do the same work."""

from __future__ import annotations

import gzip
import os
import re
import time
from collections.abc import Callable, Iterator
from datetime import date
from functools import partial
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.orc as paorc
import pyarrow.parquet as pq
import pytest

import benchmarks.__main__
from benchmarks import access_log_engines, cloudtrail_engines, inventory, inventory_files, our_run
from benchmarks.__main__ import main
from benchmarks.access_log_engines import FIELDS, PATTERN
from benchmarks.inventory_files import TYPES
from benchmarks.measure import Contestant, Host, Line, Measured, Runs, Settings, interleaved
from benchmarks.sample_files import trail_files, whole_trail
from glue_jobs.lake import Lake
from glue_jobs.sample import write_sample
from glue_jobs.sources.cloudtrail_s3_event.parser import parse_cloudtrail
from glue_jobs.sources.s3_access_log.parser import parse_access_log
from glue_jobs.sources.s3_inventory_object.table import S3_INVENTORY_OBJECT
from tests.burning import burn, burn_in_a_child
from tests.end_to_end.lakes import without_spark


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("benchmarks")


@pytest.mark.parametrize(
    ("name", "figure"),
    [
        ("slow_gets", "| objects a second |"),
        ("many_objects", "| peak memory of the driver |"),
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


def test_a_named_run_replaces_only_its_own_section(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def giving(figure: str) -> Callable[[Settings], Iterator[Line]]:
        return lambda _: iter([Line("lines", figure, "7")])

    monkeypatch.setenv("PYSPARK_SUBMIT_ARGS", "pyspark-shell")
    results = tmp_path / "RESULTS.md"
    monkeypatch.setattr(benchmarks.__main__, "RESULTS", results)
    monkeypatch.setattr(benchmarks.__main__, "described", lambda: "a machine")
    monkeypatch.setattr(benchmarks.__main__, "warm_memory", lambda: None)
    for names, figures in ((["late"], "01"), ([], "23"), (["early"], "45")):
        measured = {"early": ("Early one", giving(figures[0])), "late": ("Late one", giving(figures[1]))}
        monkeypatch.setattr(benchmarks.__main__, "BENCHMARKS", measured)
        assert main([*names, "--dir", str(tmp_path)]) == 0
    assert main(["late", "--quick", "--dir", str(tmp_path)]) == 0
    header = "a machine\n\n| what | figure | CPU | target | met | how |\n|---|---|---|---|---|---|\n"
    early, late = (
        f"## {title}\n\n{header}| lines | {n} | 7 |  |  |  |\n" for title, n in (("Early one", 4), ("Late one", 3))
    )
    head, *sections = re.split("^(?=## )", results.read_text(), flags=re.MULTILINE)
    assert head.startswith("# Results\n\n")
    assert sections == [f"{early}\n", late]


def test_an_unknown_benchmark_is_named(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["nothing", "--dir", str(folder)])
    assert "there is no benchmark nothing" in capsys.readouterr().err


def test_the_regular_expression_reads_what_the_parser_reads(tmp_path: Path) -> None:
    write_sample(tmp_path, last_day=date(2024, 6, 30), days=3, scale=0.02)
    files = [path for path in tmp_path.rglob("20*-*") if path.is_file()]
    every = [line for path in files for line in path.read_bytes().splitlines() if line]
    # A quote that a client typed deceives the expression. Two blanks in a row, the blanks in the name of an origin
    # access identity and bytes that are not UTF-8 stop it.
    lines = [line for line in every if line.count(b'"') <= 6 and re.match(PATTERN, line.decode(errors="ignore"))]
    lines = [line for line in lines if line == line.decode(errors="ignore").encode()]
    assert len(lines) > 0.97 * len(every)
    raw, target = tmp_path / "plain", tmp_path / "out"
    raw.mkdir()
    (raw / "log").write_bytes(b"\n".join(lines))
    access_log_engines.duckdb(raw, target)
    theirs = duckdb.sql(f"FROM '{target}/**/*.parquet' WHERE request_id IS NOT NULL").to_arrow_table()
    ours = parse_access_log(b"\n".join(lines)).rows
    for name in FIELDS:
        if name != "key":
            assert _values(theirs[name]) == _values(ours[name]), name


@pytest.fixture(scope="module")
def host() -> Iterator[Host]:
    with Host() as started:
        started.call(burn)
        yield started


@pytest.mark.parametrize(
    "work",
    [
        burn,
        partial(burn_in_a_child, ignored=False, orphaned=False),
        partial(burn_in_a_child, ignored=True, orphaned=False),
        partial(burn_in_a_child, ignored=False, orphaned=True),
    ],
    ids=["itself", "child", "child-nobody-waits-for", "orphan"],
)
def test_cpu_seconds_are_of_the_whole_process_tree(work: Callable[[], None], host: Host) -> None:
    measured = host.call(work)
    idle = host.call(time.sleep, 0.3)
    assert measured.cpu is not None and idle.cpu is not None
    # A child that nobody waits for is noted five times a second.
    assert 0.25 < measured.cpu < 0.75
    assert measured.wall > 0.45
    assert idle.cpu < 0.1


def name_and_process(name: str) -> tuple[str, int]:
    return name, os.getpid()


def test_contestants_take_turns_and_warm_ups_do_not_count() -> None:
    turns: list[str] = []
    contestants = {name: Contestant(partial(name_and_process, name)) for name in ("one", "other")}
    runs = interleaved(contestants, 2, lambda: turns.append("tidy"))
    first, second = (run.result for run in runs["one"].measured)
    assert (first, first[0], runs["other"].result[0]) == (second, "one", "other")
    assert first[1] != runs["other"].result[1]
    assert len(turns) == 6


def test_contestants_may_share_a_process(host: Host) -> None:
    contestants = {name: Contestant(os.getpid) for name in ("one", "other")}
    runs = interleaved(contestants, 1, host=host)
    assert runs["one"].result == runs["other"].result


@pytest.mark.parametrize(
    ("limits", "target", "met"),
    [
        ({"least": 3}, "at least 3", True),
        ({"least": 3.1}, "at least 3.1", False),
        ({"most": 3}, "at most 3", True),
        ({"most": 2.9}, "at most 2.9", False),
        ({}, "", None),
    ],
)
def test_ratios_are_of_medians_and_targets_of_wall_seconds(
    limits: dict[str, float], target: str, met: bool | None
) -> None:
    slow = Runs([Measured(None, wall, cpu) for wall, cpu in ((1, 9), (3, 1), (8, 5))])
    line = slow.over(Runs([Measured(None, 2, 1)]), "slow / fast", scale=2, note="why", **limits)
    assert line == Line("slow / fast", "3.00", "10.00", target, met, "3.00 s (1.00, 3.00, 8.00); CPU 5.00 s; why")


def test_the_declared_shape_reads_what_the_parser_reads(folder: Path, tmp_path: Path) -> None:
    raw = whole_trail(Settings(folder, quick=True, rounds=1))
    documents = [gzip.decompress(path.read_bytes()) for path in trail_files(raw)]
    cloudtrail_engines.duckdb(raw, tmp_path / "out")
    theirs = duckdb.sql(f"FROM '{tmp_path}/out/**/*.parquet'").to_arrow_table()
    parsed = [parse_cloudtrail(document, np.array([0])) for document in documents]
    assert not any(each.rejected for each in parsed)
    ours = pa.concat_tables(each.rows for each in parsed)
    # These are more than one field of the event.
    meant = {"access_point_arn", "bucket", "cipher_suite", "host_header", "key", "subscriber_account_id", "user_name"}
    meant |= {"management_event", "event_date"}
    columns = [name for name in theirs.column_names if name not in meant]
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
    ours = Lake(str(tmp_path / "lake"), "usage_lake").load(S3_INVENTORY_OBJECT).rows(tuple(TYPES))
    files = inventory_files.data_files(raw)
    if form == "CSV":
        inventory.duckdb(files, tmp_path / "out")
        theirs = duckdb.sql(f"FROM '{tmp_path}/out/**/*.parquet'").to_arrow_table()
    else:
        theirs = pa.concat_tables([paorc.read_table(file) if form == "ORC" else pq.read_table(file) for file in files])
    for name in TYPES:
        assert _values(theirs[name]) == _values(ours[name]), name
