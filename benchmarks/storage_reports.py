"""How long the reports on storage take over a large inventory, and how much of it they read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from functools import partial
from pathlib import Path

from benchmarks.inventory_lake import changes, inventory_lake
from benchmarks.measure import Line, Settings, interleaved
from glue_jobs.lake import Lake
from glue_jobs.query.duckdb.lake_tables import sources
from glue_jobs.query.duckdb.query_engine import QueryEngine
from glue_jobs.query.saved.query import SavedQuery

MOST = 5.0
QUICK_OBJECTS = 20_000
OBJECTS = 20_000_000
CHANGES = "comparing two snapshots"
DAY = date(2026, 3, 15)


def measure(settings: Settings) -> Iterator[Line]:
    """A line for every saved query on storage: its median time, and the bytes it read."""
    objects = settings.objects or (QUICK_OBJECTS if settings.quick else OBJECTS)
    lake = inventory_lake(settings.folder, objects)
    queries = [query for query in SavedQuery.all() if query.name.startswith("storage/")]
    read: dict[str, int] = {}

    def run(query: SavedQuery) -> None:
        read[query.name] = _bytes_read(lake, query)

    contenders: dict[str, Callable[[], object]] = {query.name: partial(run, query) for query in queries}
    contenders[CHANGES] = partial(changes, lake)
    times = interleaved(contenders, settings.rounds, lambda: None)
    for query in queries:
        seconds = times[query.name].median
        note = f"{read[query.name] / 1e6:,.1f} MB read; {objects:,} objects; {times[query.name]}"
        met = seconds < MOST if objects >= OBJECTS else None
        yield Line(query.name, f"{seconds:.2f} s", f"under {MOST:g} s of {OBJECTS:,}", met, note)
    note = f"2 x {objects:,} objects, by the run that brings the second, for growth; {times[CHANGES]}"
    yield Line(CHANGES, f"{times[CHANGES].median:.2f} s", note=note)


def _bytes_read(lake: Lake, query: SavedQuery) -> int:
    """Answer the query as usage-lake does, the lake's metadata included; how many bytes the process read meanwhile."""
    before = _read_so_far()
    with QueryEngine(sources(lake)) as engine:
        assert engine.run(query.as_of(DAY)).num_rows or query.name in NO_ROWS
    return _read_so_far() - before


# The made inventory has no older versions, and no object without encryption or replication.
NO_ROWS = ("storage/noncurrent_versions", "storage/unencrypted_or_unreplicated")


def _read_so_far() -> int:
    """Bytes this process has asked files for, from the page cache too; of Linux."""
    counters = dict(line.split(": ") for line in Path("/proc/self/io").read_text().splitlines())
    return int(counters["rchar"])
