"""The peak memory of a Python worker, for one large file of each source and for many tiny files."""

from __future__ import annotations

import os
import re
import resource
import shutil
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from unittest.mock import patch

from benchmarks.inventory_files import files_by_snapshot, inventory_lake, large_csv, open_lake, read_snapshot
from benchmarks.measure import Host, Line, Settings
from benchmarks.our_run import chunks, context
from benchmarks.sample_files import large_log, large_trail_file, sample_logs, tiny_files, whole_trail
from glue_jobs.ingest.duplicates.across_files import Day
from glue_jobs.ingest.duplicates.rewrite_files import drop_duplicates
from glue_jobs.ingest.events.chunk_task import ingest_chunk
from glue_jobs.ingest.snapshots.changed_objects import COLUMNS
from glue_jobs.ingest.snapshots.comparison import MAX_RANGE_BYTES, compare_range
from glue_jobs.ingest.snapshots.key_ranges import key_ranges, row_groups
from glue_jobs.ingest.snapshots.snapshot_task import SnapshotChunk, ingest_snapshot_chunk
from glue_jobs.sources.pipelines import BY_NAME
from glue_jobs.workers.processes import WORKER_MEMORY

MAX_BYTES = 2**30
WORKERS = 2


def measure(settings: Settings) -> Iterator[Line]:
    """Lines of the results: peak memory of a process that does all tasks of a run, one after the other."""
    folder, quick = settings.folder, settings.quick
    logs, trail = sample_logs(settings), whole_trail(settings)
    large_trail = large_trail_file(trail, folder, 500_000 if quick else 50_000_000)
    whole_run = "one process for all chunks of {}, then the duplicates of every day"
    for pipeline, raw in (
        ("s3_access_log", large_log(logs, folder, 20_000_000 if quick else 2_000_000_000)),
        ("s3_access_log", tiny_files(settings)[0]),
        ("cloudtrail_s3_event", large_trail),
        ("cloudtrail_s3_event", trail),
    ):
        yield _line(settings, raw.name, partial(_run, pipeline, raw), whole_run.format(raw.name))
    inventory = large_csv(folder, 500_000 if quick else 2_000_000_000)
    yield _line(settings, inventory.name, partial(_snapshot, inventory), "one process for a snapshot's only file")
    location = inventory_lake(folder, 20_000 if quick else 4_000_000).location
    ranges = "one process for all key ranges of two snapshots that are compared"
    yield _line(settings, Path(location).name, partial(_comparison, location), ranges)


def _line(settings: Settings, name: str, work: Callable[[Path], int], note: str) -> Line:
    scratch = settings.folder / "peak-memory"
    shutil.rmtree(scratch, ignore_errors=True)
    # The process gets the memory settings of Spark's workers.
    with patch.dict(os.environ, WORKER_MEMORY), Host() as host:
        files, peak = host.call(_with_peak, work, scratch).result
    met = peak < MAX_BYTES
    return Line(name, f"{peak >> 20:,} MiB", "", f"under {MAX_BYTES >> 20:,} MiB", met, f"{note}; {files} data files")


def _with_peak(work: Callable[[Path], int], scratch: Path) -> tuple[int, int]:
    import pyspark  # noqa: F401 - a worker of Spark has it in memory

    return work(scratch), peak_bytes()


def _run(pipeline: str, raw: Path, scratch: Path) -> int:
    task = context(scratch, BY_NAME[pipeline])
    days: defaultdict[object, Day] = defaultdict(lambda: Day([], [], []))
    for chunk in chunks(str(raw), BY_NAME[pipeline], WORKERS):
        made = ingest_chunk(task, chunk)
        for file in made.files:
            days[file.partition["event_date"]].new.append(file)
        for rows in made.late_rows:
            days[rows.partition["event_date"]].late_rows.append(rows)
    files = sum(len(day.new) for day in days.values())
    return files + sum(len(each.files) - len(each.addresses) for each in drop_duplicates(task, [*days.values()]))


def _snapshot(raw: Path, scratch: Path) -> int:
    snapshot = read_snapshot(raw)
    task = context(scratch, BY_NAME["s3_inventory_object"])
    result = ingest_snapshot_chunk(task, SnapshotChunk(snapshot, snapshot.files, keep_rows=True))
    if problem := result.invalid or result.rejected or result.duplicates:
        raise AssertionError(f"{raw.name}: {problem}")
    return len(result.files)


def _comparison(location: str, _: Path) -> int:
    before, after = (files for _, files in sorted(files_by_snapshot(open_lake(location)).items()))
    groups = row_groups(before, COLUMNS), row_groups(after, COLUMNS)
    for keys in key_ranges(*groups, MAX_RANGE_BYTES):
        if isinstance(problem := compare_range(keys), str):
            raise AssertionError(problem)
    return len(before) + len(after)


def peak_bytes() -> int:
    """The peak resident memory of this process in bytes."""
    # After fork and exec on Linux, ``getrusage`` includes the parent's peak; VmHWM starts with the program.
    status = Path("/proc/self/status")
    if status.exists():
        found = re.search(r"^VmHWM:\s*(\d+) kB", status.read_text(), re.MULTILINE)
        return int(found[1]) * 1024 if found else 0
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
