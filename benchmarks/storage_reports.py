"""Time and bytes read of the storage reports over a large inventory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from functools import partial

from benchmarks.inventory_files import changes, inventory_lake, open_lake
from benchmarks.machine import bytes_read
from benchmarks.measure import Contestant, Host, Line, Settings, interleaved
from glue_jobs.query.duckdb.lake_engine import open_engine
from glue_jobs.query.saved.query import SavedQuery

MAX_SECONDS = 5
QUICK_OBJECTS = 20_000
OBJECTS = 20_000_000
CHANGES = "comparing two snapshots"
DAY = date(2026, 3, 15)

# The generated inventory has no noncurrent versions, and no object without encryption or replication.
NO_ROWS = ("storage/noncurrent_versions", "storage/unencrypted_or_unreplicated")


def measure(settings: Settings) -> Iterator[Line]:
    """A line for every saved query on storage: its median time, and the bytes it read."""
    objects = settings.objects or (QUICK_OBJECTS if settings.quick else OBJECTS)
    location = inventory_lake(settings.folder, objects).location
    queries = [query for query in SavedQuery.all() if query.name.startswith("storage/")]
    contestants = {query.name: Contestant(partial(_answer, location, query)) for query in queries}
    contestants[CHANGES] = Contestant(partial(changes, location))
    with Host() as host:
        runs = interleaved(contestants, settings.rounds, host=host)
    for query in queries:
        line = runs[query.name].line(query.name, f"{runs[query.name].result / 1e6:,.1f} MB read; {objects:,} objects")
        met = runs[query.name].wall < MAX_SECONDS if objects >= OBJECTS else None
        yield replace(line, target=f"under {MAX_SECONDS} s of {OBJECTS:,}", met=met)
    yield runs[CHANGES].line(CHANGES, f"2 x {objects:,} objects, by the run that brings the second, for growth")


def _answer(location: str, query: SavedQuery) -> int:
    """Answer the query as usage-lake does, reading the lake's metadata too; returns the bytes that the process read."""
    before = bytes_read()
    with open_engine(open_lake(location)) as engine:
        assert engine.run(query.as_of(DAY)).num_rows or query.name in NO_ROWS
    return bytes_read() - before
