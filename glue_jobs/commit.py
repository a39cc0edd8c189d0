"""How a run becomes visible, once and whole: docs/decisions/0002-commit-protocol.md.

The order is rows, rejected records, ledger. The rows' snapshot carries the run id; what follows is planned in
the run's folder before that snapshot is made, so whoever comes next can finish it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from glue_jobs.data_files import NewFile
from glue_jobs.errors import LakeError, LostRaceError
from glue_jobs.lake import Lake, LoadedTable, describe
from glue_jobs.staging import RunFolder, is_dead, unfinished
from glue_jobs.storage import storage_for
from glue_jobs.table import Table
from glue_jobs.tables.ingested_object import INGESTED_OBJECT
from glue_jobs.tables.rejected_record import REJECTED_RECORD

RUN_ID = "usage-lake.run-id"

# Each try is lost to another run's commit; more in a row than this means something else is wrong.
MOST_TRIES = 30


def commit_run(
    lake: Lake,
    rows: LoadedTable,
    folder: RunFolder,
    files: Mapping[Table, list[NewFile]],
    summary: Mapping[str, str],
) -> None:
    """Make the run's rows, rejected records and ledger visible; afterwards the run's folder is gone.

    Raises:
        LostRaceError: another run committed to the rows' table since ``rows`` was loaded; nothing is stored.
    """
    plan = {table.name: [_noted(file) for file in written] for table, written in files.items()}
    folder.write_commit(plan)
    try:
        rows.append([file.descriptor for file in files[rows.table]], {**summary, RUN_ID: folder.run_id})
    except LostRaceError:
        folder.remove()
        raise
    _complete(lake, folder, plan)


def finish_others(lake: Lake, rows: LoadedTable, root: str, now: datetime) -> list[str]:
    """Finish the commits of runs that died half-way and sweep what dead runs left; returns sentences on both.

    ``rows`` must have been loaded before this is called: what it does not show as committed is left alone.
    """
    done = []
    for folder in unfinished(root):
        plan = folder.read_commit()
        if plan is not None and _landed(rows, folder.run_id, plan):
            _complete(lake, folder, plan)
            done.append(f"finished the commit of run {folder.run_id}")
        elif is_dead(folder, now):
            folder.remove()
            done.append(f"removed what the dead run {folder.run_id} left")
    return done


def _complete(lake: Lake, folder: RunFolder, plan: Mapping[str, Any]) -> None:
    for table in (REJECTED_RECORD, INGESTED_OBJECT):
        _append_once(lake, table, plan.get(table.name, []), folder.run_id)
    folder.remove(keep=[file["address"] for files in plan.values() for file in files])


def _append_once(lake: Lake, table: Table, noted: list[dict[str, Any]], run_id: str) -> None:
    """Append the files unless the table has them, however many runs try to at the same time."""
    for _ in range(MOST_TRIES):
        loaded = lake.load(table)
        if not noted or _has(loaded, noted):
            return
        try:
            loaded.append([_described(table, file) for file in noted], {RUN_ID: run_id})
        except LostRaceError:
            continue
        return
    raise LakeError(f"{table.name} changed {MOST_TRIES} times while run {run_id} tried to commit to it; start it again")


def _landed(rows: LoadedTable, run_id: str, plan: Mapping[str, Any]) -> bool:
    if any(summary.get(RUN_ID) == run_id for summary in rows.summaries()):
        return True
    noted = plan[rows.table.name]
    return bool(noted) and _has(rows, noted)


def _has(loaded: LoadedTable, noted: list[dict[str, Any]]) -> bool:
    # All files of a run are committed together: where the first is, all are.
    partition = _partition(loaded.table, noted[0])
    present = loaded.files(**{name: [value] for name, value in partition.items()})
    return any(file.address == noted[0]["address"] for file in present)


def _noted(file: NewFile) -> dict[str, Any]:
    partition = {
        name: value.isoformat() if isinstance(value, date) else value for name, value in file.partition.items()
    }
    return {"address": file.address, "partition": partition}


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
