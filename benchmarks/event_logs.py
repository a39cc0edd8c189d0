"""Throughput of access logs and CloudTrail files to their tables, beside the other engines and the floor."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from importlib.util import find_spec
from pathlib import Path

from benchmarks import access_log_engines, cloudtrail_engines
from benchmarks.contest import FLOOR, OURS, Other, contest, lines
from benchmarks.floor import Reading
from benchmarks.measure import Line, Settings
from benchmarks.sample_files import config_file, log_files, sample_logs, trail_files, whole_trail

# Spark takes minutes for all access logs, so it converts one of every so many files.
SPARK_EVERY = 8


def access_log(settings: Settings) -> Iterator[Line]:
    """Lines of the results for access logs: our seconds, and the others' over ours."""
    raw, engines = sample_logs(settings), access_log_engines
    files = log_files(raw)
    part = f"every {SPARK_EVERY}th file, scaled to all"
    others = [
        Other("Spark regexp_extract", partial(engines.spark, files[::SPARK_EVERY]), 15, part, SPARK_EVERY),
        Other("DuckDB regex", partial(engines.duckdb, raw), 2, "the aim is 2.5"),
        Other("ClickHouse", partial(engines.clickhouse, raw)),
    ]
    yield from _compare(settings, "s3_access_log", raw, files, others, Reading(), "the finished rows only written")


def cloudtrail(settings: Settings) -> Iterator[Line]:
    """Lines of the results for CloudTrail files: our seconds, and the others' over ours."""
    raw, engines = whole_trail(settings), cloudtrail_engines
    files = trail_files(raw)
    typed = "typed columns, no JSON texts; not sorted, duplicates kept"
    texts = f"{len(engines.CLICKHOUSE_COLUMNS)} columns with the JSON texts; not sorted, duplicates kept"
    others = [
        Other("Spark read.json", partial(engines.spark, raw), 4.5, typed),
        Other("DuckDB read_json", partial(engines.duckdb, raw), 3.5, typed),
        Other("ClickHouse", partial(engines.clickhouse, raw), 1, texts),
    ]
    floor, note = Reading(engines.decode, files), "gunzip, typed decode, the finished rows written"
    yield from _compare(settings, "cloudtrail_s3_event", raw, files, others, floor, note)


def _compare(
    settings: Settings, pipeline: str, raw: Path, files: list[Path], others: list[Other], floor: Reading, note: str
) -> Iterator[Line]:
    # ClickHouse is an optional package.
    others = [other for other in others if other.name != "ClickHouse" or find_spec("chdb")]
    runs = contest(settings, pipeline, raw, others, config_file(raw), floor)
    size = sum(path.stat().st_size for path in files)
    amount = f"{runs[OURS].result.totals.records:,} records in {len(files):,} files of {size / 1e6:,.0f} MB"
    yield from lines(runs, others, f"{amount}; every column, sorted, duplicates dropped")
    yield runs[FLOOR].over(runs[OURS], f"{FLOOR} / ours", note=f"{note}, by as many processes")
