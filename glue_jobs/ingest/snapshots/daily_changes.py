"""Stage ``daily_change``: compare each snapshot of a run with the previous and the next one of its inventory.

Reasons: docs/decisions/0010-inventory-snapshots.md.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date
from typing import TYPE_CHECKING

from glue_jobs.ingest.snapshots.comparison import DataFiles, SnapshotPair, compare_pairs
from glue_jobs.ingest.snapshots.delivery import columns_of, partitions_of, snapshot_of
from glue_jobs.ingest.staging.change import Change
from glue_jobs.ingest.staging.task_context import TaskContext, write_parts
from glue_jobs.progress import Reporter
from glue_jobs.sources.pipeline import SnapshotPipeline
from glue_jobs.sources.s3_inventory_object.parser import SnapshotId

if TYPE_CHECKING:
    from glue_jobs.lake import Lake, LoadedTable, StoredFile

# S3 delivers inventories daily or weekly. The previous and the next snapshot are searched within this many days.
MAX_DISTANCE_DAYS = 14

IngestedFiles = Mapping[SnapshotId, list[str] | None]
"""Addresses of the data files of each snapshot that a run ingests; None if only its totals are stored."""


def stage_daily_changes(
    context: TaskContext[SnapshotPipeline],
    lake: Lake,
    stored: list[StoredFile],
    ingested: IngestedFiles,
    reporter: Reporter,
) -> Change:
    """Write the rows of ``daily_change`` that a run adds; returns the change with the stored files that they replace.

    ``stored`` are the data files of the snapshots in the lake. Two snapshots that cannot be compared have no rows; if
    they cannot be read, the reason is reported.
    """
    pipeline = context.pipeline
    if not ingested:
        return Change([])
    files = _complete_snapshots(stored, ingested)
    timeline = _Timeline(lake.load(pipeline.totals), files, ingested)
    # The snapshot after an ingested one gets a new predecessor, so it is compared again.
    snapshots = [*dict.fromkeys([*ingested, *(after for each in ingested if (after := timeline.successor(each)))])]
    outdated = lake.load(pipeline.changes).files(**partitions_of(snapshots))
    # Partitions in which another program merged files of several snapshots stay as they are.
    joined = {file.partition for file in outdated if snapshot_of(file) is None}
    snapshots = [each for each in snapshots if (*each.partition.values(),) not in joined]
    pairs = [SnapshotPair(before, each) for each in snapshots if (before := timeline.comparable_predecessor(each))]
    parts = [(pair.after.partition, rows) for pair, rows in compare_pairs(pairs, files, reporter) if rows.num_rows]
    removed = [file for file in outdated if snapshot_of(file) in snapshots]
    return Change(write_parts(context, pipeline.changes, parts), removed, columns_of(snapshots))


def _complete_snapshots(stored: list[StoredFile], ingested: IngestedFiles) -> DataFiles:
    """The data files of the snapshots whose objects are all in the lake after this run."""
    # Another program may have deleted rows of a snapshot, or merged files of several snapshots of a partition.
    deleted = {snapshot_of(file) for file in stored if file.has_deletes}
    joined = {file.partition for file in stored if snapshot_of(file) is None}
    files: defaultdict[SnapshotId, list[str]] = defaultdict(list)
    for file in stored:
        snapshot = snapshot_of(file)
        if snapshot and snapshot not in deleted and snapshot not in ingested and file.partition not in joined:
            files[snapshot].append(file.address)
    return {**files, **{snapshot: addresses for snapshot, addresses in ingested.items() if addresses is not None}}


class _Timeline:
    """The snapshots of each inventory, in order of time: those that a run ingests and those around them."""

    def __init__(self, totals: LoadedTable, files: DataFiles, ingested: IngestedFiles) -> None:
        self._totals, self._files, self._ingested = totals, files, ingested
        self._snapshots: defaultdict[tuple[str, str], list[SnapshotId]] = defaultdict(list)
        for each in sorted({*files, *ingested, *self._with_totals(ingested)}):
            self._snapshots[each.inventory].append(each)

    def successor(self, snapshot: SnapshotId) -> SnapshotId | None:
        """The next snapshot of the same inventory."""
        inventory = self._snapshots[snapshot.inventory]
        return next(iter(inventory[inventory.index(snapshot) + 1 :]), None)

    def comparable_predecessor(self, snapshot: SnapshotId) -> SnapshotId | None:
        """The previous snapshot of the same inventory, if all objects of both are known."""
        inventory = self._snapshots[snapshot.inventory]
        previous = inventory[: inventory.index(snapshot)][-1:]
        return previous[0] if previous and all(map(self._is_complete, (*previous, snapshot))) else None

    def _with_totals(self, ingested: Iterable[SnapshotId]) -> Iterable[SnapshotId]:
        dates = {day for each in ingested for day in _days_around(each.time.date())}
        files = self._totals.files(source_bucket={each.source_bucket for each in ingested}, snapshot_date=dates)
        return filter(None, map(snapshot_of, files))

    def _is_complete(self, snapshot: SnapshotId) -> bool:
        return snapshot in self._files or (snapshot not in self._ingested and self._is_empty(snapshot))

    def _is_empty(self, snapshot: SnapshotId) -> bool:
        """Whether the totals in the lake say that the snapshot has no current objects."""
        rows = self._totals.rows(("inventory_id", "snapshot_time", "objects"), **partitions_of([snapshot]))
        return not any(
            row["objects"]
            for row in rows.to_pylist()
            if (row["inventory_id"], row["snapshot_time"]) == (snapshot.inventory_id, snapshot.time)
        )


def _days_around(day: date) -> list[date]:
    first = max(day.toordinal() - MAX_DISTANCE_DAYS, date.min.toordinal())
    last = min(day.toordinal() + MAX_DISTANCE_DAYS, date.max.toordinal())
    return [date.fromordinal(number) for number in range(first, last + 1)]
