"""Compare pairs of snapshots: one task per key range; the results are summed per pair."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa

from glue_jobs.errors import StorageError
from glue_jobs.ingest.snapshots.changed_objects import count_changes, sum_changes
from glue_jobs.ingest.snapshots.key_ranges import KeyRange, key_ranges, read_range, row_groups
from glue_jobs.progress import Reporter
from glue_jobs.sources.s3_inventory_object.daily_change import DAILY_CHANGE
from glue_jobs.sources.s3_inventory_object.parser import SnapshotId
from glue_jobs.sources.s3_inventory_object.summaries import summary_rows
from glue_jobs.workers import engine

# Uncompressed bytes of both snapshots per task. The task needs several times as much memory.
MAX_RANGE_BYTES = 96 * 2**20

# Comparing this many bytes takes as long as ingesting one byte of a raw object.
BYTES_PER_RAW_BYTE = 8

DataFiles = Mapping[SnapshotId, list[str]]
"""Addresses of all data files of each snapshot; an empty snapshot has none."""

_READ_ERRORS = (StorageError, OSError, pa.ArrowException)


@dataclass(frozen=True)
class SnapshotPair:
    """Two consecutive snapshots of an inventory."""

    before: SnapshotId
    after: SnapshotId

    def __str__(self) -> str:
        bucket, inventory_id, time = self.after
        return f"{bucket}/{inventory_id} between {self.before.time:%Y-%m-%d %H:%M} and {time:%Y-%m-%d %H:%M}"


def compare_pairs(
    pairs: Sequence[SnapshotPair], files: DataFiles, reporter: Reporter
) -> Iterator[tuple[SnapshotPair, pa.Table]]:
    """Each pair with its rows of ``daily_change``. A pair of empty snapshots is left out.

    A pair that cannot be read is left out too, and the reason is reported.
    """
    # Each with the index of its pair.
    ranges: list[tuple[int, KeyRange]] = []
    problems: dict[int, str] = {}
    for index, pair in enumerate(pairs):
        try:
            before, after = (row_groups(files.get(snapshot, [])) for snapshot in (pair.before, pair.after))
        except _READ_ERRORS as error:
            problems[index] = str(error)
        else:
            ranges += [(index, keys) for keys in key_ranges(before, after, MAX_RANGE_BYTES) if len(keys)]
    parts: defaultdict[int, list[pa.Table]] = defaultdict(list)
    if ranges:
        tasks = [keys for _, keys in ranges]
        with reporter.progress("comparing snapshots") as progress:
            workers = engine.workers_for(sum(map(len, tasks)) // BYTES_PER_RAW_BYTE)
            for (index, _), result in zip(ranges, workers.run(compare_range, tasks, progress), strict=True):
                if isinstance(result, str):
                    problems[index] = result
                else:
                    parts[index].append(result)
    for index, pair in enumerate(pairs):
        if index in problems:
            reporter.say(f"it is not known what changed in {pair}: {problems[index]}")
        elif parts[index]:
            constants = {**pair.after.columns, "previous_snapshot_time": pair.before.time}
            yield pair, summary_rows(DAILY_CHANGE, sum_changes(parts[index]), constants)


def compare_range(keys: KeyRange) -> pa.Table | str:
    """The counted changes in a key range, or the reason why it cannot be read."""
    try:
        before, after = (read_range(groups, keys.low, keys.high) for groups in (keys.before, keys.after))
    except _READ_ERRORS as error:
        return str(error)
    return count_changes(before, after)
