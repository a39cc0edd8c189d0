"""How a run becomes visible, once and whole: docs/decisions/0002-commit-protocol.md.

The order is rows, then whatever else the run wrote, the ledger last. The rows' snapshot carries the run id; what
follows is planned in the run's folder before that snapshot is made, so whoever comes next can finish it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from glue_jobs.errors import LakeError, LostRaceError
from glue_jobs.ingest.data_files import NewFile
from glue_jobs.ingest.staging import RunFolder, is_dead, unfinished
from glue_jobs.lake import Lake, LoadedTable, StoredFile, describe
from glue_jobs.sources.pipelines import TABLES
from glue_jobs.storage import storage_for
from glue_jobs.tables.model import Table

RUN_ID = "usage-lake.run-id"

# Each try is lost to another run's commit; more in a row than this means something else is wrong.
MOST_TRIES = 30


@dataclass
class Change:
    """What a run does to one table: files that are new, and stored ones whose place they take or that are too old."""

    files: list[NewFile]
    removed: list[StoredFile] = field(default_factory=list)


def commit_run(
    lake: Lake, rows: LoadedTable, folder: RunFolder, changes: Mapping[Table, Change], summary: Mapping[str, str]
) -> None:
    """Make the run's changes visible, the rows' first and then in the given order; afterwards its folder is gone.

    Raises:
        LostRaceError: another run committed to the rows' table since ``rows`` was loaded; nothing is stored.
    """
    tables = {table.name: _noted(table, change) for table, change in changes.items()}
    others = [lake.load(table) for table in changes if table != rows.table]
    bases = {loaded.table.name: loaded.commits for loaded in (rows, *others)}
    plan = {"tables": tables, "bases": bases, "doomed": rows.expired_files}
    folder.write_commit(plan)
    own = changes[rows.table]
    try:
        rows.append([file.descriptor for file in own.files], {**summary, RUN_ID: folder.run_id}, own.removed)
    except LostRaceError:
        folder.remove()
        raise
    _complete(lake, rows.table, folder, plan, {file.address: file for each in changes.values() for file in each.files})


def finish_others(lake: Lake, rows: LoadedTable, root: str, now: datetime) -> list[str]:
    """Finish the commits of runs that died half-way and sweep what dead runs left; returns sentences on both.

    ``rows`` must have been loaded before this is called: what it does not show as committed is left alone.
    """
    done = []
    for folder in unfinished(root):
        plan = folder.read_commit()
        if plan is not None and _has(rows, folder.run_id, plan):
            _complete(lake, rows.table, folder, plan, {})
            done.append(f"finished the commit of run {folder.run_id}")
        elif is_dead(folder, now):
            folder.remove()
            done.append(f"removed what the dead run {folder.run_id} left")
    return done


def _complete(
    lake: Lake, rows: Table, folder: RunFolder, plan: Mapping[str, Any], known: Mapping[str, NewFile]
) -> None:
    """Do what follows the rows; of the files, by address, that this process has not written itself nothing is known."""
    tables = {table.name: table for table in TABLES}
    for name, noted in plan["tables"].items():
        if name != rows.name and (noted["files"] or noted["removed"]):
            _change_once(lake, tables[name], plan, folder, known)
    storage_for(lake.location).delete(plan["doomed"])
    folder.remove(keep=[file["address"] for noted in plan["tables"].values() for file in noted["files"]])


def _change_once(
    lake: Lake, table: Table, plan: Mapping[str, Any], folder: RunFolder, known: Mapping[str, NewFile]
) -> None:
    """Make the change unless it was made, however many runs try to at the same time."""
    noted = plan["tables"][table.name]
    for _ in range(MOST_TRIES):
        loaded = lake.load(table)
        removed = _stored(loaded, noted["removed"])
        if _has(loaded, folder.run_id, plan) or not (noted["files"] or removed):
            return
        if table.file_constants and loaded.expired_files:
            # Data files too: whoever finishes this run deletes them if this process does not live to.
            folder.announce(loaded.expired_files)
        try:
            described = [
                known[file["address"]].descriptor if file["address"] in known else _described(table, file)
                for file in noted["files"]
            ]
            loaded.append(described, {RUN_ID: folder.run_id}, removed)
        except LostRaceError:
            continue
        storage_for(lake.location).delete(loaded.expired_files)
        return
    raise LakeError(
        f"{table.name} changed {MOST_TRIES} times while run {folder.run_id} tried to commit to it; start it again"
    )


def _has(loaded: LoadedTable, run_id: str, plan: Mapping[str, Any]) -> bool:
    """Whether the table has the run's change, or has had it before files of it were replaced again."""
    if any(summary.get(RUN_ID) == run_id for summary in loaded.summaries()):
        return True
    name = loaded.table.name
    # Programs before this one did not count the commits.
    noted, bases = plan["tables"][name]["files"], plan.get("bases", {})
    if not noted or (name in bases and loaded.has_all_since(bases[name])):
        return False
    # All files of a run are committed together: where the first is, all are.
    partition = _partition(loaded.table, noted[0])
    present = loaded.files(**{name: [value] for name, value in partition.items()})
    return any(file.address == noted[0]["address"] for file in present)


def _stored(loaded: LoadedTable, noted: list[dict[str, Any]]) -> list[StoredFile]:
    """Those of the noted files that the table has now."""
    if not noted:
        return []
    addresses = {file["address"] for file in noted}
    found = {name: {_partition(loaded.table, file)[name] for file in noted} for name in loaded.table.partitions}
    return [file for file in loaded.files(**found) if file.address in addresses]


def _noted(table: Table, change: Change) -> dict[str, list[dict[str, Any]]]:
    removed = [(file.address, dict(zip(table.partitions, file.partition, strict=True))) for file in change.removed]
    return {
        "files": [_note(file.address, file.partition) for file in change.files],
        "removed": [_note(*each) for each in removed],
    }


def _note(address: str, partition: Mapping[str, Any]) -> dict[str, Any]:
    plain = {name: value.isoformat() if isinstance(value, date) else value for name, value in partition.items()}
    return {"address": address, "partition": plain}


def _partition(table: Table, noted: Mapping[str, Any]) -> dict[str, Any]:
    types = {column.name: column.type for column in table.columns}
    return {
        name: date.fromisoformat(value) if types[name] == "date" and value is not None else value
        for name, value in noted["partition"].items()
    }


def _described(table: Table, noted: Mapping[str, Any]) -> Any:
    data = storage_for(noted["address"]).get(noted["address"])
    metadata = pq.read_metadata(pa.BufferReader(data))
    return describe(table, noted["address"], len(data), metadata, _partition(table, noted))
