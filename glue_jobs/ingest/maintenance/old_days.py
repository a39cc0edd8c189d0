"""Merge the small files of days to which a run adds nothing, in separate commits after those of the run.

Such days come from earlier versions of the program, other programs, and runs that wrote many files at once. A run finds
them in the manifests that are newer than a noted position. It compacts rejected records and the ledger of its pipeline
in the same way. The commits follow the protocol of all runs: docs/decisions/0002-commit-protocol.md.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import astuple, dataclass, field
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from glue_jobs.config import Config
from glue_jobs.enrich.reference_data import ReferenceData
from glue_jobs.errors import UsageLakeError
from glue_jobs.ingest.commit.commit import commit_run
from glue_jobs.ingest.staging import compaction
from glue_jobs.ingest.staging.change import Change
from glue_jobs.ingest.staging.compaction import (
    Budget,
    can_merge,
    is_small,
    merge_files,
    own_files,
    run_merges,
    small_files,
)
from glue_jobs.ingest.staging.data_files import NewFile
from glue_jobs.ingest.staging.run_folder import Heartbeat, given_up_on_error, new_run
from glue_jobs.ingest.staging.task_context import TaskContext
from glue_jobs.lake.without_pyiceberg.manifest_position import ManifestPosition
from glue_jobs.lake.without_pyiceberg.plain_files import json_note
from glue_jobs.progress import Reporter
from glue_jobs.sources.pipeline import Pipeline
from glue_jobs.tables.ingested_object import INGESTED_OBJECT
from glue_jobs.tables.model import Table
from glue_jobs.tables.rejected_record import REJECTED_RECORD

if TYPE_CHECKING:
    from glue_jobs.lake import Lake, LoadedTable, StoredFile

# A note on the table of rows: by table name, the position up to which runs have read the table's manifests.
LOOKED_AT = "usage-lake.looked-at"

# A run reads at most this many bytes of a table's new manifests. A megabyte lists some 2,500 files.
MAX_MANIFEST_BYTES = 4 * 2**20

# A run without anything else to commit notes its position only if it has read this many bytes of manifests.
MANY_MANIFEST_BYTES = 2**18

Partition = tuple[Any, ...]
Groups = list[list["StoredFile"]]


@dataclass(frozen=True)
class SmallFiles:
    """Partitions of a table with many small files, the worst first, in the manifests up to a ``position``.

    ``bytes`` is the size of the manifests that were read.
    """

    table: Table
    location: str
    partitions: list[Partition]
    position: ManifestPosition
    bytes: int


@dataclass(frozen=True)
class OldDays:
    """Where small files were found, table by table, and the positions that earlier runs ``noted``."""

    found: list[SmallFiles] = field(default_factory=list)
    noted: Mapping[str, ManifestPosition] = field(default_factory=dict)

    @property
    def is_any(self) -> bool:
        """Whether any table has partitions to compact."""
        return any(each.partitions for each in self.found)

    @property
    def is_much(self) -> bool:
        """Whether so many bytes were read that noting the positions is worth a commit."""
        return sum(each.bytes for each in self.found) >= MANY_MANIFEST_BYTES

    @property
    def notes(self) -> dict[str, str]:
        """The note with the new position of each table that has nothing to compact."""
        return _note(self.noted, {each.table: each.position for each in self.found if not each.partitions})

    @property
    def locations(self) -> dict[str, str]:
        """The locations of the tables, by table name."""
        return {each.table.name: each.location for each in self.found}


def find_old_days(lake: Lake, pipeline: Pipeline, rows: LoadedTable) -> OldDays:
    """Find days with many small files in the pipeline's table, the rejected records and the ledger.

    Raises:
        LakeError: a table cannot be read.
    """
    noted = _noted(rows)
    tables = [rows] if pipeline.only_adds_rows else []
    tables += [lake.load(table) for table in (REJECTED_RECORD, INGESTED_OBJECT)]
    return OldDays([_find(each, pipeline, noted.get(each.table.name, ManifestPosition())) for each in tables], noted)


def _find(loaded: LoadedTable, pipeline: Pipeline, after: ManifestPosition) -> SmallFiles:
    newer = loaded.newer_files(after, compaction.MIN_FILES, MAX_MANIFEST_BYTES)
    counts = Counter(partition for partition, size in newer.files if is_small(size))
    is_own = loaded.table in pipeline.tables
    many = [
        each
        for each, count in counts.items()
        if count >= compaction.MIN_FILES and (is_own or pipeline.name in each) and can_merge(loaded)
    ]
    worst_first = sorted(many, key=lambda each: (-counts[each], *map(str, each)))
    return SmallFiles(loaded.table, loaded.location, worst_first, newer.position, newer.bytes)


def compact_old_days(
    lake: Lake, pipeline: Pipeline, old_days: OldDays, runs: str, now: datetime, reporter: Reporter
) -> None:
    """Compact the days that were found, up to a bound; later runs find the others.

    Raises:
        UsageLakeError: compaction failed; the next run tries again, or finishes the commit.
    """
    rows = lake.load(pipeline.table)
    budget, in_order = Budget(), dict[Table, ManifestPosition]()
    groups: dict[Table, Groups] = {}
    for each in old_days.found:
        if each.partitions:
            loaded = rows if each.table == rows.table else lake.load(each.table)
            groups[each.table], is_all = _groups(loaded, each.partitions, budget)
            if is_all:
                in_order[each.table] = each.position
    folder = new_run(runs, now)
    context = TaskContext(pipeline, Config(), ReferenceData(()), folder, now.date(), old_days.locations)
    changes = _staged(context, groups, reporter)
    for table, change in changes.items():
        if len(change.removed) < sum(map(len, groups[table])):
            in_order.pop(table, None)
    notes = _note(_noted(rows), in_order)
    moved = {table: change for table, change in changes.items() if change.removed}
    if not moved:
        folder.remove()
        if in_order:
            # No file can be merged, for example because another program has deleted rows of all of them.
            rows.append([], {}, notes=notes)
        return
    commit_run(lake, rows, folder, {rows.table: Change([]), **moved}, {}, notes, only_moves=True)
    for table, change in moved.items():
        reporter.say(f"{len(change.removed):,} small files of {table.name} became {len(change.files):,}")


def _groups(loaded: LoadedTable, partitions: list[Partition], budget: Budget) -> tuple[Groups, bool]:
    """Groups of files that become one file each, and whether they are all that has to be merged."""
    some = partitions[: budget.files // compaction.MIN_FILES]
    if not some:
        return [], False
    values = {name: {each[at] for each in some} for at, name in enumerate(loaded.table.partitions)}
    stored = [file for file in own_files(loaded, loaded.files(**values)) if file.partition in some]
    groups = [*small_files(stored, {}, budget)]
    return groups, len(some) == len(partitions) and not budget.is_exhausted


def _staged(context: TaskContext[Pipeline], groups: Mapping[Table, Groups], reporter: Reporter) -> dict[Table, Change]:
    """Write the new files; returns the change of each table."""
    with Heartbeat(context.folder) as heartbeat, given_up_on_error(context.folder):
        changes = {table: _merged(context, table, some, reporter) for table, some in groups.items() if some}
        heartbeat.check()
    return changes


def _merged(context: TaskContext[Pipeline], table: Table, groups: Groups, reporter: Reporter) -> Change:
    """The change that replaces each group by one file; a group with an unreadable file stays as it is."""
    change = Change([])
    title = f"compacting small files of {table.name}"
    results = run_merges(partial(_merge, context, table), groups, title, reporter)
    for group, result in zip(groups, results, strict=True):
        if isinstance(result, str):
            reporter.say(f"{len(group)} small files of {table.name} stay as they are: {result}")
        else:
            change.files += result
            change.removed += group
    return change


def _merge(context: TaskContext[Pipeline], table: Table, addresses: list[str]) -> list[NewFile] | str:
    """The new files, or the reason for a failure: a damaged file of an old day must not stop a run."""
    try:
        return merge_files(context, table, addresses)
    except (UsageLakeError, pa.ArrowException, OSError) as error:
        return str(error)


def _noted(rows: LoadedTable) -> dict[str, ManifestPosition]:
    return {name: ManifestPosition(*values) for name, values in json_note(rows, LOOKED_AT).items()}


def _note(noted: Mapping[str, ManifestPosition], positions: Mapping[Table, ManifestPosition]) -> dict[str, str]:
    merged = {**noted, **{table.name: position for table, position in positions.items()}}
    return {LOOKED_AT: json.dumps({name: astuple(position) for name, position in sorted(merged.items())})}
