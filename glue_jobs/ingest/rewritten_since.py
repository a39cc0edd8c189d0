"""The change of a run to a table whose files another program rewrote after the run had staged its own.

The run's files have rows that only move, from files that are gone: added now, these rows would be there twice, and the
rows that the run replaces would stay.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from glue_jobs.config import Config
from glue_jobs.enrich.reference_data import ReferenceData
from glue_jobs.ingest.data_files import NewFile
from glue_jobs.ingest.replaced_rows import StoredRows, files_with, read_rows, replaced_in, write_again
from glue_jobs.ingest.staging import RunFolder
from glue_jobs.ingest.task_context import TaskContext
from glue_jobs.sources.pipeline import ListedPipeline
from glue_jobs.tables.rejected_record import REJECTED_RECORD
from glue_jobs.tables.uploaded import INFERRED

if TYPE_CHECKING:
    from glue_jobs.lake import LoadedTable, StoredFile


def staged_again(
    pipeline: ListedPipeline, register: LoadedTable, loaded: LoadedTable, folder: RunFolder, files: list[str]
) -> tuple[list[str], list[NewFile], list[StoredFile]]:
    """Stage the run's change of the table, as it is now, anew.

    ``register`` is the table of documents, which has the run's commit, and ``files`` what the run staged. Returns those
    of them that have only rows of the run itself, the files that stored ones became, and these stored ones.

    Raises:
        UsageLakeError: a file cannot be read or written.
    """
    table, origin = loaded.table, "run_id" if loaded.table == REJECTED_RECORD else "ingest_run_id"
    own = [address for address in files if _is_of_run(address, origin, folder.run_id)]
    stored = register.rows(("source_object", "ingest_run_id"))
    objects = stored.filter(pc.equal(stored["ingest_run_id"], folder.run_id))["source_object"].to_pylist()
    ids = {(each.kind, each.run_id) for each in map(pipeline.document_id, objects)}
    replaced = replaced_in(pipeline, table, ids)
    today, locations = datetime.now(UTC).date(), {table.name: loaded.location}
    context = TaskContext(pipeline, Config(), ReferenceData(()), folder, today, locations)
    touched = files_with(pipeline, loaded, replaced)
    written = [
        write_again(context, StoredRows(table, [file.address], replaced, loaded.note(INFERRED) or ""))
        for file in touched
    ]
    return own, [file for each in written for file in each], touched


def _is_of_run(address: str, origin: str, run_id: str) -> bool:
    runs = read_rows(address)[origin].cast(pa.string())
    return bool(pc.all(pc.equal(runs, run_id)).as_py())
