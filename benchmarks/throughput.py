"""How fast raw lines become the table, beside the usual ways and the floor."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec

from benchmarks import chdb_regexp, duckdb_regex, spark_regexp
from benchmarks.contest import FLOOR, OURS, compare
from benchmarks.measure import Line, Settings, Times
from benchmarks.sample_files import QUICK_SCALE, SCALE, log_files, sample
from benchmarks.usual_spark import UsualSpark
from glue_jobs.sources.pipelines import BY_NAME

# Spark's way takes minutes for all files; every so many-th stands for them.
SPARK_EVERY = 8

SPARK, DUCKDB, CLICKHOUSE = "Spark regexp_extract", "DuckDB regex", "ClickHouse"


def measure(settings: Settings) -> Iterator[Line]:
    """Lines of the results: seconds, and the others' seconds over ours."""
    raw = sample(settings.folder, QUICK_SCALE if settings.quick else SCALE)
    files = log_files(raw)
    with UsualSpark() as spark:
        others = {
            SPARK: lambda out: spark.run(spark_regexp.convert, files[::SPARK_EVERY], out),
            DUCKDB: lambda out: duckdb_regex.convert(raw, out),
        }
        if find_spec("chdb"):
            others[CLICKHOUSE] = lambda out: chdb_regexp.convert(raw, out)
        times, totals = compare(settings, BY_NAME["s3_access_log"], raw, others)
    yield from _report(times, totals.records, sum(path.stat().st_size for path in files))


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
