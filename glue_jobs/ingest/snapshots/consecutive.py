"""Which snapshots of an inventory follow each other: what a run made is compared with the one before and the one after.

Why like this: docs/decisions/0010-inventory-snapshots.md.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from glue_jobs.ingest.commit import Change
from glue_jobs.ingest.snapshots.comparison import Pair, Sides, compared
from glue_jobs.ingest.snapshots.delivery import Identity, identity_of, partitions_of
from glue_jobs.ingest.task_context import TaskContext, write_parts
from glue_jobs.lake import Lake, StoredFile
from glue_jobs.progress import Reporter
from glue_jobs.sources.pipeline import SnapshotPipeline

# S3 delivers inventories daily or weekly; snapshots of which there are only totals are looked for so far away in time.
LOOK_AROUND = timedelta(days=14)


def compare_snapshots(
    context: TaskContext[SnapshotPipeline],
    lake: Lake,
    stored: list[StoredFile],
    made: Mapping[Identity, list[str] | None],
    reporter: Reporter,
) -> Change:
    """What becomes of ``daily_change`` when a run ``made`` these snapshots: data files, None where it keeps no rows.

    What cannot be read is told, and not compared: the snapshots are as good as without it.
    """
    pipeline = context.pipeline
    if not made:
        return Change([])
    sides = _sides(stored, made)
    known = _Known(lake, pipeline, sides, made)
    snapshots = [*dict.fromkeys([*made, *(after for each in made if (after := known.after(each)))])]
    outdated = lake.load(pipeline.changes).files(**partitions_of(snapshots))
    # What another program has joined with other snapshots' rows stays.
    fixed = {file.partition for file in outdated if None in file.file_constants}
    snapshots = [each for each in snapshots if (each[0], each[2].date()) not in fixed]
    pairs = [Pair(before, each) for each in snapshots if (before := known.comparable(each))]
    parts = [(_partition(pair.after), rows) for pair, rows in compared(pairs, sides, reporter) if rows.num_rows]
    removed = [file for file in outdated if None not in file.file_constants and identity_of(file) in snapshots]
    return Change(write_parts(context, pipeline.changes, parts), removed)


def _sides(stored: list[StoredFile], made: Mapping[Identity, list[str] | None]) -> Sides:
    sides: defaultdict[Identity, list[str]] = defaultdict(list)
    # Another program may have joined files of several snapshots, or deleted rows of them.
    changed = {(file.partition, file.file_constants) for file in stored if file.has_deletes}
    mixed = {file.partition for file in stored if None in file.file_constants}
    for file in stored:
        if file.partition not in mixed and (file.partition, file.file_constants) not in changed:
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
        for each in sorted({*sides, *made, *(identity_of(file) for file in files if None not in file.file_constants)}):
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
        rows = self._totals.rows(("inventory_id", "snapshot_time", "objects"), **partitions_of([snapshot]))
        of = [(row["inventory_id"], row["snapshot_time"], row["objects"]) for row in rows.to_pylist()]
        return not any(count for *identity, count in of if (*identity,) == snapshot[1:])


def _partition(snapshot: Identity) -> dict[str, Any]:
    return {"source_bucket": snapshot[0], "snapshot_date": snapshot[2].date()}
