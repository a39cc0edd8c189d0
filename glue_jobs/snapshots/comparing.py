"""What a run's snapshots changed: each compared with the one before it of the same inventory, and the next one with it.

Why like this: docs/decisions/0010-inventory-snapshots.md.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pyarrow as pa

from glue_jobs.commit import Change
from glue_jobs.errors import StorageError
from glue_jobs.job import Job, write_parts
from glue_jobs.lake import Lake, StoredFile
from glue_jobs.pipelines import SnapshotPipeline
from glue_jobs.progress import Reporter
from glue_jobs.snapshots.changed import BY, COLUMNS, changes_between, sum_of
from glue_jobs.snapshots.delivery import Identity, identity_of
from glue_jobs.snapshots.key_ranges import KeyRange, key_ranges, read_range, row_groups
from glue_jobs.tables.s3_inventory_object import S3_INVENTORY_OBJECT
from glue_jobs.workers import workers_for

# Rows of both snapshots that a task holds at a time.
MOST_ROWS = 2_000_000

# Comparing a row is as much work as reading so many raw bytes.
LIKE_BYTES = 16

# S3 delivers inventories daily or weekly; snapshots of which there are only totals are looked for so far away in time.
LOOK_AROUND = timedelta(days=35)

Sides = Mapping[Identity, list[str]]
"""Snapshots whose objects are all there, and the data files that have them; none when the snapshot is empty."""


@dataclass(frozen=True)
class Pair:
    """Two snapshots of an inventory, none of it between them."""

    before: Identity
    after: Identity


@dataclass(frozen=True)
class _Task:
    """A range of keys of the numbered pair."""

    pair: int
    keys: KeyRange

    def __len__(self) -> int:
        return len(self.keys)


def compare_snapshots(
    job: Job,
    lake: Lake,
    stored: list[StoredFile],
    made: Mapping[Identity, list[str] | None],
    reporter: Reporter,
) -> Change:
    """What becomes of ``daily_change`` when a run ``made`` these snapshots: data files, None where it keeps no rows.

    What cannot be read is told, and not compared: the snapshots are as good as without it.
    """
    pipeline = job.pipeline
    assert isinstance(pipeline, SnapshotPipeline)
    if not made:
        return Change([])
    sides = _sides(stored, made)
    known = _Known(lake, pipeline, sides, made)
    snapshots = [*dict.fromkeys([*made, *(after for each in made if (after := known.after(each)))])]
    pairs = [Pair(before, each) for each in snapshots if (before := known.comparable(each))]
    sums = _compared(pairs, sides, reporter)
    parts = [(_partition(pair.after), _rows(pipeline, pair, found)) for pair, found in sums if found.num_rows]
    outdated = lake.load(pipeline.changes).files(**_partitions(snapshots))
    return Change(
        write_parts(job, pipeline.changes, parts), [file for file in outdated if identity_of(file) in {*snapshots}]
    )


def _sides(stored: list[StoredFile], made: Mapping[Identity, list[str] | None]) -> Sides:
    sides: defaultdict[Identity, list[str]] = defaultdict(list)
    # Another program may have joined files of several snapshots, or deleted rows of them.
    changed = {(file.partition, file.labels) for file in stored if file.has_deletes}
    mixed = {file.partition for file in stored if None in file.labels}
    for file in stored:
        if file.partition not in mixed and (file.partition, file.labels) not in changed:
            sides[identity_of(file)].append(file.address)
    for identity, addresses in made.items():
        sides.pop(identity, None)
        if addresses is not None:
            sides[identity] = addresses
    return sides


class _Known:
    """All snapshots near those that the run made, also those of which there are only totals."""

    def __init__(
        self, lake: Lake, pipeline: SnapshotPipeline, sides: Sides, made: Mapping[Identity, list[str] | None]
    ) -> None:
        self._sides, self._made = sides, made
        self._totals = lake.load(pipeline.totals)
        span = range(-LOOK_AROUND.days, LOOK_AROUND.days + 1)
        days = {each[2].date() + timedelta(days) for each in made for days in span}
        files = self._totals.files(source_bucket={each[0] for each in made}, snapshot_date=days)
        self._times: defaultdict[tuple[str, str], list[Identity]] = defaultdict(list)
        for each in sorted({*sides, *made, *(identity_of(file) for file in files if None not in file.labels)}):
            self._times[each[:2]].append(each)

    def after(self, snapshot: Identity) -> Identity | None:
        """The next one of the same inventory."""
        times = self._times[snapshot[:2]]
        place = times.index(snapshot) + 1
        return times[place] if place < len(times) else None

    def comparable(self, snapshot: Identity) -> Identity | None:
        """The one before it of the same inventory, if all objects of both are there."""
        times = self._times[snapshot[:2]]
        place = times.index(snapshot)
        return times[place - 1] if place and self._is_whole(times[place - 1]) and self._is_whole(snapshot) else None

    def _is_whole(self, snapshot: Identity) -> bool:
        return snapshot in self._sides or (snapshot not in self._made and self._is_empty(snapshot))

    def _is_empty(self, snapshot: Identity) -> bool:
        """Whether the stored snapshot has no current objects."""
        rows = self._totals.rows(("inventory_id", "snapshot_time", "objects"), **_partitions([snapshot]))
        of = [(row["inventory_id"], row["snapshot_time"], row["objects"]) for row in rows.to_pylist()]
        return not any(count for *identity, count in of if (*identity,) == snapshot[1:])


def _compared(pairs: list[Pair], sides: Sides, reporter: Reporter) -> Iterator[tuple[Pair, pa.Table]]:
    """What each pair's snapshots differ in; none where one of them cannot be read."""
    tasks = []
    problems: dict[int, str] = {}
    for number, pair in enumerate(pairs):
        try:
            before, after = (row_groups(sides.get(each, [])) for each in (pair.before, pair.after))
        except (StorageError, OSError, pa.ArrowException) as error:
            problems[number] = str(error)
        else:
            tasks += [_Task(number, keys) for keys in key_ranges(before, after, MOST_ROWS) if len(keys)]
    found: defaultdict[int, list[pa.Table]] = defaultdict(list)
    if tasks:
        with reporter.progress("comparing snapshots") as progress:
            workers = workers_for(sum(map(len, tasks)) * LIKE_BYTES)
            for task, result in zip(tasks, workers.run(compare_range, tasks, progress), strict=True):
                if isinstance(result, str):
                    problems[task.pair] = result
                else:
                    found[task.pair].append(result)
    for number, pair in enumerate(pairs):
        if number in problems:
            bucket, inventory, time = pair.after
            reporter.say(
                f"what changed in {bucket}/{inventory} up to {time:%Y-%m-%d %H:%M} is unknown: {problems[number]}"
            )
        elif found[number]:
            yield pair, sum_of(found[number])


def compare_range(task: _Task) -> pa.Table | str:
    """What changed in a range of keys, or why it cannot be told."""
    keys = task.keys
    try:
        before, after = (
            read_range(S3_INVENTORY_OBJECT, groups, keys.low, keys.high, COLUMNS, BY)
            for groups in (keys.before, keys.after)
        )
    except (StorageError, OSError, pa.ArrowException) as error:
        return str(error)
    return changes_between(before, after)


def _rows(pipeline: SnapshotPipeline, pair: Pair, sums: pa.Table) -> pa.Table:
    bucket, inventory_id, time = pair.after
    own = {
        "source_bucket": bucket,
        "inventory_id": inventory_id,
        "snapshot_time": pa.scalar(time, pa.timestamp("us")),
        "snapshot_date": time.date(),
        "previous_snapshot_time": pa.scalar(pair.before[2], pa.timestamp("us")),
    }
    columns = {name: pa.repeat(value, sums.num_rows) for name, value in own.items()}
    columns |= {name: sums[name] for name in sums.column_names}
    schema = pipeline.changes.arrow_schema
    rows = pa.table([columns[name] for name in schema.names], schema=schema)
    return rows.sort_by([(name, "ascending") for name in BY])


def _partition(snapshot: Identity) -> dict[str, Any]:
    return {"source_bucket": snapshot[0], "snapshot_date": snapshot[2].date()}


def _partitions(snapshots: Iterable[Identity]) -> dict[str, set[Any]]:
    """The values that the partitions of any of the snapshots have."""
    some = [_partition(each) for each in snapshots]
    return {name: {each[name] for each in some} for name in some[0]}
