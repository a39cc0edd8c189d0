"""The most memory a Python worker ever holds: for one large file of each source and for very many tiny ones."""

from __future__ import annotations

import os
import re
import resource
import shutil
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from unittest.mock import patch

from benchmarks.inventory_files import large_csv, read_snapshot
from benchmarks.inventory_lake import inventory_lake, sides
from benchmarks.measure import Line, Settings
from benchmarks.one_task import context, objects
from benchmarks.sample_files import QUICK_SCALE, SCALE, large_file, large_trail_file, sample, whole_trail
from benchmarks.tiny_files import files_of
from glue_jobs.ingest.chunk_task import ingest_chunk
from glue_jobs.ingest.duplicates.in_files import Day
from glue_jobs.ingest.duplicates.rewrite import drop_duplicates
from glue_jobs.ingest.snapshots.changed_objects import COLUMNS
from glue_jobs.ingest.snapshots.comparison import MAX_RANGE_BYTES, RangeTask, compare_range
from glue_jobs.ingest.snapshots.key_ranges import key_ranges, row_groups
from glue_jobs.ingest.snapshots.snapshot_task import SnapshotChunk, ingest_snapshot_chunk
from glue_jobs.lake import Lake
from glue_jobs.read.plan import chunk_size, split_into_chunks
from glue_jobs.sources.pipeline import Pipeline
from glue_jobs.sources.pipelines import BY_NAME
from glue_jobs.workers.spark import WORKER_MEMORY

MOST = 2**30
WORKERS = 2


def measure(settings: Settings) -> Iterator[Line]:
    """Lines of the results: peak memory of a process that does all tasks of a run, one after the other."""
    access_log, trail = BY_NAME["s3_access_log"], BY_NAME["cloudtrail_s3_event"]
    logs, trails = (_log(settings), files_of(settings)[0]), (_trail(settings), whole_trail(settings))
    places = [*((place, access_log) for place in logs), *((place, trail) for place in trails)]
    for place, pipeline in places:
        how = f"one process for all chunks of {place.name}, then all days' duplicates"
        yield _line(settings, place, partial(_peak, pipeline=pipeline), how)
    inventory = large_csv(settings.folder, 500_000 if settings.quick else 2_000_000_000)
    yield _line(settings, inventory, _peak_of_snapshot, "one process for a snapshot's only file")
    lake = inventory_lake(settings.folder, 20_000 if settings.quick else 4_000_000)
    how = "one process for all ranges of keys of two snapshots that are compared"
    yield _line(settings, Path(lake.location), _peak_of_comparing, how)


def _line(settings: Settings, place: Path, work: Callable[[Path, Path], tuple[int, int]], how: str) -> Line:
    # A spawned process keeps memory as Spark's workers do.
    with patch.dict(os.environ, WORKER_MEMORY), ProcessPoolExecutor(1, get_context("spawn")) as pool:
        peak, files = pool.submit(work, place, settings.folder / "peak-memory").result()
    note = f"{how}; {files} data files"
    return Line(place.name, f"{peak / 2**20:,.0f} MiB", f"under {MOST >> 20:,} MiB", peak < MOST, note)


def _log(settings: Settings) -> Path:
    """A folder with one large access log."""
    size = 20_000_000 if settings.quick else 2_000_000_000
    folder = settings.folder / f"one-file-of-{size // 1_000_000}-MB"
    folder.mkdir(exist_ok=True)
    raw = sample(settings.folder, QUICK_SCALE if settings.quick else SCALE)
    large_file(raw, folder / "2024-06-30-00-00-00-0000000000000000", size)
    return folder


def _trail(settings: Settings) -> Path:
    """A folder with one large CloudTrail file."""
    size = 500_000 if settings.quick else 50_000_000
    folder = settings.folder / f"one-trail-file-of-{size / 1e6:g}-MB-gzip"
    folder.mkdir(exist_ok=True)
    large_trail_file(whole_trail(settings), folder / "large.json.gz", size)
    return folder


def _peak(raw: Path, work: Path, pipeline: Pipeline) -> tuple[int, int]:
    import pyspark  # noqa: F401 - a worker of Spark has it in memory

    this = context(work, pipeline)
    found = objects(str(raw), pipeline)
    size = chunk_size(sum(each.entry.size for each in found), WORKERS)
    days: defaultdict[object, Day] = defaultdict(lambda: Day([], [], []))
    for chunk in split_into_chunks(found, size, lambda _: pipeline.framing.is_splittable):
        made = ingest_chunk(this, chunk)
        for file in made.files:
            days[file.partition["event_date"]].new.append(file)
        for few in made.late_rows:
            days[few.partition["event_date"]].late_rows.append(few)
    files = sum(len(day.new) for day in days.values())
    files += sum(len(each.files) - len(each.addresses) for each in drop_duplicates(this, [*days.values()]))
    shutil.rmtree(work)
    return _most_memory(), files


def _peak_of_snapshot(raw: Path, work: Path) -> tuple[int, int]:
    import pyspark  # noqa: F401 - a worker of Spark has it in memory

    snapshot = read_snapshot(raw)
    result = ingest_snapshot_chunk(
        context(work, BY_NAME["s3_inventory_object"]), SnapshotChunk(snapshot, snapshot.files, keep_rows=True)
    )
    if result.invalid or result.rejected or result.duplicates:
        raise AssertionError(f"{raw.name}: {result.invalid or result.rejected or result.duplicates}")
    shutil.rmtree(work)
    return _most_memory(), len(result.files)


def _peak_of_comparing(raw: Path, _: Path) -> tuple[int, int]:
    import pyspark  # noqa: F401 - a worker of Spark has it in memory

    before, after = (files for _, files in sorted(sides(Lake(str(raw), "usage_lake")).items()))
    groups = row_groups(before, COLUMNS), row_groups(after, COLUMNS)
    for keys in key_ranges(*groups, MAX_RANGE_BYTES):
        if isinstance(problem := compare_range(RangeTask(0, keys)), str):
            raise AssertionError(problem)
    return _most_memory(), len(before) + len(after)


def _most_memory() -> int:
    """Bytes this process has had resident at most."""
    # What ``getrusage`` tells after fork and exec on Linux includes the parent's peak; VmHWM begins with the program.
    status = Path("/proc/self/status")
    if status.exists():
        found = re.search(r"^VmHWM:\s*(\d+) kB", status.read_text(), re.MULTILINE)
        return int(found[1]) * 1024 if found else 0
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
