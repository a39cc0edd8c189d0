"""Pairs of snapshots compared: each cut into ranges of keys, a task for each, and what they find summed up."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa

from glue_jobs.errors import StorageError
from glue_jobs.ingest.snapshots.changed import BY, COLUMNS, changes_between, sum_of
from glue_jobs.ingest.snapshots.delivery import Identity
from glue_jobs.ingest.snapshots.key_ranges import KeyRange, key_ranges, read_range, row_groups
from glue_jobs.progress import Reporter
from glue_jobs.sources.s3_inventory_object.daily_change import DAILY_CHANGE
from glue_jobs.sources.s3_inventory_object.summaries import summary_rows
from glue_jobs.sources.s3_inventory_object.table import S3_INVENTORY_OBJECT
from glue_jobs.workers import engine

# Bytes of both snapshots that a task reads: it holds them several times over.
MOST_BYTES = 96 * 2**20

# So many of them are as much work as a byte of a raw object.
LIKE_A_RAW_BYTE = 8

Sides = Mapping[Identity, list[str]]
"""Snapshots whose objects are all there, and the data files that have them; none when the snapshot is empty."""

_UNREADABLE = (StorageError, OSError, pa.ArrowException)


@dataclass(frozen=True)
class Pair:
    """Two snapshots of an inventory, none of it between them."""

    before: Identity
    after: Identity

    def __str__(self) -> str:
        bucket, inventory_id, time = self.after
        return f"{bucket}/{inventory_id} between {self.before[2]:%Y-%m-%d %H:%M} and {time:%Y-%m-%d %H:%M}"


@dataclass(frozen=True)
class Task:
    """A range of keys of the numbered pair."""

    pair: int
    keys: KeyRange

    def __len__(self) -> int:
        return len(self.keys)


def compared(pairs: Sequence[Pair], sides: Sides, reporter: Reporter) -> Iterator[tuple[Pair, pa.Table]]:
    """The rows of ``daily_change`` of each pair, none for two empty snapshots.

    A pair of which something cannot be read is told of, and left out.
    """
    tasks: list[Task] = []
    problems: dict[int, str] = {}
    for number, pair in enumerate(pairs):
        try:
            before, after = (row_groups(sides.get(each, []), COLUMNS) for each in (pair.before, pair.after))
        except _UNREADABLE as error:
            problems[number] = str(error)
        else:
            tasks += [Task(number, keys) for keys in key_ranges(before, after, MOST_BYTES) if len(keys)]
    found: defaultdict[int, list[pa.Table]] = defaultdict(list)
    if tasks:
        with reporter.progress("comparing snapshots") as progress:
            workers = engine.workers_for(sum(map(len, tasks)) // LIKE_A_RAW_BYTE)
            for task, result in zip(tasks, workers.run(compare_range, tasks, progress), strict=True):
                if isinstance(result, str):
                    problems[task.pair] = result
                else:
                    found[task.pair].append(result)
    for number, pair in enumerate(pairs):
        if number in problems:
            reporter.say(f"it is not known what changed in {pair}: {problems[number]}")
        elif found[number]:
            yield pair, _rows(pair, sum_of(found[number]))


def compare_range(task: Task) -> pa.Table | str:
    """What changed in a range of keys, or why it cannot be told."""
    keys = task.keys
    try:
        before, after = (
            read_range(S3_INVENTORY_OBJECT, groups, keys.low, keys.high, COLUMNS, BY)
            for groups in (keys.before, keys.after)
        )
    except _UNREADABLE as error:
        return str(error)
    return changes_between(before, after)


def _rows(pair: Pair, sums: pa.Table) -> pa.Table:
    bucket, inventory_id, time = pair.after
    own = {
        "source_bucket": bucket,
        "inventory_id": inventory_id,
        "snapshot_time": time,
        "snapshot_date": time.date(),
        "previous_snapshot_time": pair.before[2],
    }
    return summary_rows(DAILY_CHANGE, sums, own)
