"""How fast access logs become the table, beside the other engines and the floor."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from importlib.util import find_spec

from benchmarks import access_log_engines as engines
from benchmarks.contest import FLOOR, OURS, Other, contest, lines
from benchmarks.floor import Reading
from benchmarks.measure import Hosts, Line, Settings
from benchmarks.sample_files import QUICK_SCALE, SCALE, config_file, log_files, sample

# Spark takes minutes for all files; one of every so many stands for them.
SPARK_EVERY = 8


def measure(settings: Settings) -> Iterator[Line]:
    """Lines of the results: our seconds, and the others' over ours."""
    raw = sample(settings.folder, QUICK_SCALE if settings.quick else SCALE)
    files = log_files(raw)
    part = f"every {SPARK_EVERY}th file, scaled to all"
    spark = partial(engines.spark, files[::SPARK_EVERY])
    others = [
        Other("Spark regexp_extract", spark, 15, part, SPARK_EVERY),
        Other("DuckDB regex", partial(engines.duckdb, raw), 2, "the aim is 2.5"),
    ]
    if find_spec("chdb"):
        others.append(Other("ClickHouse", partial(engines.clickhouse, raw)))
    with Hosts() as hosts:
        runs = contest(settings, hosts, "s3_access_log", raw, others, config_file(raw), Reading())
    size = sum(path.stat().st_size for path in files)
    amount = f"{runs[OURS].result.totals.records:,} lines, {size / 1e6:,.0f} MB"
    yield from lines(runs, others, f"{amount}; all derived columns, sorted, duplicates dropped")
    floor = "the finished rows only written, by as many processes"
    yield runs[FLOOR].over(runs[OURS], f"{FLOOR} / ours", note=floor)
