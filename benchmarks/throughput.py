"""How fast raw lines become the table, beside the usual ways and the floor."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path

from benchmarks import chdb_regexp, duckdb_regex, our_run, parquet_floor, spark_regexp
from benchmarks.measure import Line, Settings, Times, interleaved
from benchmarks.sample_files import QUICK_SCALE, SCALE, config_file, log_files, sample
from glue_jobs.spark import session

# Spark's way takes minutes for all files; every so many-th stands for them.
SPARK_EVERY = 8

OURS, SPARK, DUCKDB, CLICKHOUSE, FLOOR = "this project", "Spark regexp_extract", "DuckDB regex", "ClickHouse", "floor"


def measure(settings: Settings) -> Iterator[Line]:
    """Lines of the results: seconds, and the others' seconds over ours."""
    raw = sample(settings.folder, QUICK_SCALE if settings.quick else SCALE)
    work = settings.folder / "throughput"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir()
    session()
    # A first run starts Spark's workers and gives the floor its rows.
    lines = our_run.run(raw, work / "first", config_file(raw)).totals.records
    data_files = sorted((work / "first").rglob("*.parquet"))
    data_files = [path for path in data_files if "/s3_access_log/data/" in str(path)]
    with parquet_floor.Writers(data_files) as writers:
        times = interleaved(
            _contenders(raw, work / "out", writers), settings.rounds, lambda: shutil.rmtree(work / "out")
        )
    shutil.rmtree(work)
    yield from _report(times, lines, sum(path.stat().st_size for path in log_files(raw)))


def _contenders(raw: Path, out: Path, writers: parquet_floor.Writers) -> dict[str, Callable[[], None]]:
    some = log_files(raw)[::SPARK_EVERY]

    def ours() -> None:
        our_run.run(raw, out, config_file(raw))

    contenders: dict[str, Callable[[], None]] = {
        OURS: ours,
        SPARK: lambda: spark_regexp.convert(session(), some, out),
        DUCKDB: lambda: duckdb_regex.convert(raw, out),
        FLOOR: lambda: writers.write(out),
    }
    if find_spec("chdb"):
        contenders[CLICKHOUSE] = lambda: chdb_regexp.convert(raw, out)
    return contenders


def _report(times: dict[str, Times], lines: int, size: int) -> Iterator[Line]:
    ours = times[OURS].median
    amount = f"{lines:,} lines, {size / 1e6:,.0f} MB"
    yield Line(OURS, str(times[OURS]), note=f"{amount}; all derived columns, sorted, duplicates dropped")
    spark = times[SPARK].median * SPARK_EVERY / ours
    part = f"{times[SPARK]} for every {SPARK_EVERY}th file, scaled to all"
    yield Line(f"{SPARK} / ours", f"{spark:.1f}", "at least 15", spark >= 15, part)
    duckdb = times[DUCKDB].median / ours
    yield Line(f"{DUCKDB} / ours", f"{duckdb:.2f}", "at least 2, aim 2.5", duckdb >= 2, str(times[DUCKDB]))
    if CLICKHOUSE in times:
        yield Line(f"{CLICKHOUSE} / ours", f"{times[CLICKHOUSE].median / ours:.2f}", note=str(times[CLICKHOUSE]))
    else:
        yield Line(f"{CLICKHOUSE} / ours", "–", note="the optional package chdb is not installed")
    floor = "the finished rows only written, by as many processes"
    yield Line("ours / floor", f"{ours / times[FLOOR].median:.2f}", note=f"{times[FLOOR]}: {floor}")
