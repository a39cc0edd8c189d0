"""How fast CloudTrail files become the table, beside the other engines and the floor."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from importlib.util import find_spec

from benchmarks import cloudtrail_engines as engines
from benchmarks.contest import FLOOR, OURS, Other, contest, lines
from benchmarks.floor import Reading
from benchmarks.measure import Hosts, Line, Settings
from benchmarks.sample_files import config_file, trail_files, whole_trail


def measure(settings: Settings) -> Iterator[Line]:
    """Lines of the results: our seconds, and the others' over ours."""
    raw = whole_trail(settings)
    files = trail_files(raw)
    typed = "typed columns, no JSON texts; not sorted, duplicates kept"
    others = [
        Other("Spark read.json", partial(engines.spark, raw), 4.5, typed),
        Other("DuckDB read_json", partial(engines.duckdb, raw), 3.5, typed),
    ]
    if find_spec("chdb"):
        texts = f"{len(engines.CLICKHOUSE_COLUMNS)} columns with the JSON texts; not sorted, duplicates kept"
        others.append(Other("ClickHouse", partial(engines.clickhouse, raw), 1, texts))
    with Hosts() as hosts:
        runs = contest(
            settings, hosts, "cloudtrail_s3_event", raw, others, config_file(raw), Reading(engines.decode, files)
        )
    size = sum(path.stat().st_size for path in files)
    amount = f"{runs[OURS].result.totals.records:,} events in {len(files):,} files, {size / 1e6:,.0f} MB of gzip"
    yield from lines(runs, others, f"{amount}; every column, sorted, duplicates dropped")
    floor = "gunzip, typed decode, the finished rows written, by as many processes"
    yield runs[FLOOR].over(runs[OURS], f"{FLOOR} / ours", note=floor)
