"""Throughput of run summaries to their tables, beside the upstream method and Spark."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from benchmarks.contest import OURS, Other, contest, lines
from benchmarks.measure import Line, Settings
from benchmarks.summary_files import plain_python, size_of, spark, summaries, upstream

# The upstream method takes an hour for all summaries, so it converts only this many.
UPSTREAM_RUNS = 2_000


def measure(settings: Settings) -> Iterator[Line]:
    """Lines of the results: our seconds, and the others' over ours."""
    raw = summaries(settings)
    count = len((raw / "nindex.txt").read_text().split())
    part = min(UPSTREAM_RUNS, count)
    others = [
        Other("upstream way", partial(upstream, part, raw), 10, f"{part:,} runs, scaled to all", count / part),
        Other("Spark read.text", partial(spark, raw), 5, "families and sequences; not sorted"),
        Other("plain Python, whole files", partial(plain_python, raw), note="not what upstream does; not sorted"),
    ]
    runs = contest(settings, "run_summary", raw, others)
    totals = runs[OURS].result.totals
    amount = f"{totals.objects:,} summaries with {totals.records:,} lines, {size_of(raw) / 1e6:,.0f} MB"
    yield from lines(runs, others, f"{amount}; every column, sorted")
