"""How fast CloudTrail files become the table, beside the usual ways and the floor."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec

from benchmarks import chdb_trail, duckdb_trail, spark_trail
from benchmarks.contest import FLOOR, OURS, compare
from benchmarks.measure import Line, Settings, Times
from benchmarks.parquet_floor import Reading
from benchmarks.sample_files import trail_files, whole_trail
from benchmarks.trail_shape import decode
from benchmarks.usual_spark import UsualSpark
from glue_jobs.sources.pipelines import BY_NAME

SPARK, DUCKDB, CLICKHOUSE = "Spark read.json", "DuckDB read_json", "ClickHouse"
LEAST = {SPARK: 6, DUCKDB: 4}
MOST = 1.3


def measure(settings: Settings) -> Iterator[Line]:
    """Lines of the results: seconds, the others' seconds over ours, ours over ClickHouse's and the floor's."""
    raw = whole_trail(settings)
    files = trail_files(raw)
    with UsualSpark() as spark:
        others = {
            SPARK: lambda out: spark.run(spark_trail.convert, raw, out),
            DUCKDB: lambda out: duckdb_trail.convert(raw, out),
        }
        if find_spec("chdb"):
            others[CLICKHOUSE] = lambda out: chdb_trail.convert(raw, out)
        times, totals = compare(settings, BY_NAME["cloudtrail_s3_event"], raw, others, Reading(decode, files))
    size = sum(path.stat().st_size for path in files)
    yield from _report(times, f"{totals.records:,} events in {len(files):,} files, {size / 1e6:,.0f} MB of gzip")


def _report(times: dict[str, Times], amount: str) -> Iterator[Line]:
    ours = times[OURS].median
    yield Line(OURS, str(times[OURS]), note=f"{amount}; every column, sorted, duplicates dropped")
    for name, least in LEAST.items():
        ratio = times[name].median / ours
        note = f"{times[name]}: typed columns, no JSON texts; not sorted, duplicates kept"
        yield Line(f"{name} / ours", f"{ratio:.2f}", f"at least {least}", ratio >= least, note)
    if CLICKHOUSE in times:
        ratio = ours / times[CLICKHOUSE].median
        note = (
            f"{times[CLICKHOUSE]}: {len(chdb_trail.COLUMNS)} columns with the JSON texts; not sorted, duplicates kept"
        )
        yield Line(f"ours / {CLICKHOUSE}", f"{ratio:.2f}", f"at most {MOST}", ratio <= MOST, note)
    else:
        yield Line(f"ours / {CLICKHOUSE}", "–", note="the optional package chdb is not installed")
    floor = "gunzip, typed decode, the finished rows written, by as many processes"
    yield Line("ours / floor", f"{ours / times[FLOOR].median:.2f}", note=f"{times[FLOOR]}: {floor}")
