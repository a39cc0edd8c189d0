"""How a run becomes visible, once and as a whole: docs/decisions/0002-commit-protocol.md.

The rows are committed first, then everything else that the run wrote, the ledger last. Each commit carries the run id.
Before the rows are committed, the run's folder gets a plan of the other commits, so that any later run can finish them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from glue_jobs.errors import LakeError, LostRaceError
from glue_jobs.ingest.commit.planned_tables import described, planned_tables
from glue_jobs.ingest.commit.rewritten_since import documents_again, rows_again
from glue_jobs.ingest.staging.change import Change, planned, replaced_rows
from glue_jobs.ingest.staging.run_folder import RunFolder, is_dead, unfinished
from glue_jobs.ingest.staging.run_notes import CommitPlan, PlannedFile, TableChange, not_a_note, partition_values
from glue_jobs.sources.pipeline import ListedPipeline, Pipeline
from glue_jobs.sources.pipelines import BY_NAME
from glue_jobs.storage import storage_for
from glue_jobs.tables.model import Table

if TYPE_CHECKING:
    from glue_jobs.lake import Lake, LoadedTable, StoredFile

RUN_ID = "usage-lake.run-id"

# A note on each table: ids of the last runs that committed to it, the newest last. Their snapshots may have expired.
RUN_IDS = "usage-lake.run-ids"
MAX_RUN_IDS = 100

NO_NOTES: Mapping[str, str] = MappingProxyType({})

# An attempt fails when another run commits first. More failures in a row than this have another cause.
MAX_COMMIT_ATTEMPTS = 30


def commit_run(
    lake: Lake,
    rows: LoadedTable,
    folder: RunFolder,
    changes: Mapping[Table, Change],
    summary: Mapping[str, str],
    notes: Mapping[str, str] = NO_NOTES,
    only_moves: bool = False,
) -> None:
    """Make the run's changes visible, those of the rows first and then in the given order, and remove its folder.

    The rows' snapshot gets the ``summary``, their table the ``notes``. ``only_moves`` says that the new files have
    exactly the rows of the removed ones; a change whose files another program has removed is then left out.

    Raises:
        LostRaceError: another run committed to the rows' table since ``rows`` was loaded; nothing is stored.
    """
    from glue_jobs.lake import table_to_json

    others = [lake.load(table) for table in changes if table != rows.table]
    inferred = {table.name: table_to_json(table) for table in changes if table.inferred}
    replaced = replaced_rows(changes)
    plan = CommitPlan(
        version=5 if replaced else 4 if only_moves else 3 if inferred else 2,
        tables={table.name: planned(table, change) for table, change in changes.items()},
        commits={loaded.table.name: loaded.commits for loaded in (rows, *others)},
        expired_files=rows.expired_files,
        inferred=inferred,
        only_moves=only_moves,
        replaced=replaced,
    )
    folder.write_commit(plan)
    own = changes[rows.table]
    try:
        _append(rows, folder, [file.descriptor for file in own.files], own.removed, summary, notes)
    except LostRaceError:
        folder.remove()
        raise
    written = {file.address: file.descriptor for change in changes.values() for file in change.files}
    _complete(lake, rows.table, folder, plan, written)


def finish_others(lake: Lake, rows: LoadedTable, root: str, now: datetime) -> list[str]:
    """Finish the commits of runs that died half-way and delete the files of other dead runs; returns sentences on both.

    ``rows`` must have been loaded before this is called, so that runs that commit later are left alone.

    Raises:
        LakeError: a run's notes need a newer version of the program, or were not written by a run of this lake.
    """
    sentences = []
    for folder in unfinished(root):
        plan = _checked_plan(folder, rows.table)
        foreign: list[str] = []
        if plan is not None and _has_change(rows, folder.run_id, plan):
            foreign = _complete(lake, rows.table, folder, plan, {})
            sentences.append(f"finished the commit of run {folder.run_id}")
        elif is_dead(folder, now):
            foreign = folder.remove()
            sentences.append(f"removed what the dead run {folder.run_id} left")
        if foreign:
            sentences.append(
                f"kept {len(foreign)} files that run {folder.run_id} named outside this lake: {foreign[0]}"
            )
    return sentences


def _checked_plan(folder: RunFolder, rows: Table) -> CommitPlan | None:
    plan = folder.read_commit()
    try:
        if plan is not None and rows.name not in plan.tables:
            raise ValueError(f"it has no change of {rows.name}")
        for table, change in planned_tables(plan) if plan else ():
            for file in (*change.files, *change.removed):
                partition_values(table, file)
    except ValueError as error:
        raise not_a_note(f"{folder.address}/commit.json", str(error)) from error
    return plan


def _complete(lake: Lake, rows: Table, folder: RunFolder, plan: CommitPlan, written: Mapping[str, Any]) -> list[str]:
    """Make the changes that follow the commit of the rows; returns addresses in the notes that the run does not own.

    ``written`` has, by address, the descriptors of files that this process wrote. Other files are read for theirs.
    """
    pipeline = BY_NAME.get(rows.name)
    tables = planned_tables(plan)
    for table, change in tables:
        if table != rows and (change.files or change.removed or table.inferred):
            _change_once(lake, pipeline, table, plan, folder, written)
    storage_for(lake.location).delete(plan.expired_files)
    keep = [file.address for change in plan.tables.values() for file in change.files]
    # Another process may have restaged a change and committed files that this plan does not name.
    again = [table for table, change in tables if change.removed and _can_stage_again(pipeline, table, plan)]
    keep += [file.address for table in again for file in lake.load(table).files()]
    return folder.remove(keep)


def _change_once(
    lake: Lake, pipeline: Pipeline | None, table: Table, plan: CommitPlan, folder: RunFolder, written: Mapping[str, Any]
) -> None:
    """Commit the change unless the table has it already; safe if several runs try at the same time."""
    for _ in range(MAX_COMMIT_ATTEMPTS):
        change = plan.tables[table.name]
        loaded = lake.load(table)
        removed = _stored(loaded, change.removed)
        if _has_change(loaded, folder.run_id, plan):
            return
        if len(removed) < len(change.removed):
            if plan.only_moves:
                # Files that the plan does not name are deleted with the folder.
                plan.tables[table.name] = TableChange(files=[], removed=[])
                folder.write_commit(plan)
                return
            if pipeline and _can_stage_again(pipeline, table, plan):
                change, removed = _planned_again(lake, pipeline, loaded, plan, folder)
        if not (change.files or removed or table.inferred):
            return
        if table.file_constants and loaded.expired_files:
            # These may be data files. If this process dies first, the run that finishes this one deletes them.
            folder.announce(loaded.expired_files)
        files = [written.get(file.address) or described(table, file) for file in change.files]
        try:
            _append(loaded, folder, files, removed)
        except LostRaceError:
            continue
        storage_for(lake.location).delete(loaded.expired_files)
        return
    raise LakeError(
        f"{table.name} changed {MAX_COMMIT_ATTEMPTS} times while run {folder.run_id} tried to commit to it; start it"
        " again"
    )


def _can_stage_again(pipeline: Pipeline | None, table: Table, plan: CommitPlan) -> bool:
    return isinstance(pipeline, ListedPipeline) or table.name in plan.replaced


def _planned_again(
    lake: Lake, pipeline: Pipeline, loaded: LoadedTable, plan: CommitPlan, folder: RunFolder
) -> tuple[TableChange, list[StoredFile]]:
    """A new change for a table whose files another program rewrote after the first one was planned. It is stored in the
    plan before its commit, so that the run that finishes this one keeps its files."""
    name = loaded.table.name
    before = {file.address: file for file in plan.tables[name].files}
    if isinstance(pipeline, ListedPipeline):
        staged = documents_again(pipeline, lake.load(pipeline.table), loaded, folder, plan.tables[name])
    else:
        staged = rows_again(pipeline, loaded, folder, plan.tables[name], plan.replaced[name])
    own, files, removed = staged
    moved = planned(loaded.table, Change(files, removed))
    change = TableChange(files=[*(before[address] for address in own), *moved.files], removed=moved.removed)
    plan.tables[name] = change
    folder.write_commit(plan)
    return change, removed


def _append(
    loaded: LoadedTable,
    folder: RunFolder,
    files: list[Any],
    removed: list[StoredFile],
    summary: Mapping[str, str] = NO_NOTES,
    notes: Mapping[str, str] = NO_NOTES,
) -> None:
    run_ids = json.dumps([*_run_ids(loaded), folder.run_id][-MAX_RUN_IDS:])
    loaded.append(files, {**summary, RUN_ID: folder.run_id}, removed, {**notes, RUN_IDS: run_ids})


def _run_ids(loaded: LoadedTable) -> list[str]:
    run_ids: list[str] = json.loads(loaded.note(RUN_IDS) or "[]")
    return run_ids


def is_last_run(loaded: LoadedTable, run_id: str) -> bool:
    """Whether the run was the last one to commit to the table; commits of other programs do not count."""
    return _run_ids(loaded)[-1:] == [run_id]


def _has_change(loaded: LoadedTable, run_id: str, plan: CommitPlan) -> bool:
    """Whether the run's change was committed, even if its files have been replaced and its snapshot has expired."""
    if run_id in _run_ids(loaded) or any(summary.get(RUN_ID) == run_id for summary in loaded.summaries()):
        return True
    name = loaded.table.name
    files = plan.tables[name].files
    if not files or loaded.has_all_since(plan.commits.get(name, 0)):
        return False
    # All files of a run are committed together, so checking the first one suffices.
    return bool(_stored(loaded, files[:1]))


def _stored(loaded: LoadedTable, files: Iterable[PlannedFile]) -> list[StoredFile]:
    """The planned files that the table has now."""
    addresses = {file.address: partition_values(loaded.table, file) for file in files}
    if not addresses:
        return []
    partitions = {name: {values[name] for values in addresses.values()} for name in loaded.table.partitions}
    return [file for file in loaded.files(**partitions) if file.address in addresses]
