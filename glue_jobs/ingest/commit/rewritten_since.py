"""Restage the change to a table whose files another program has rewritten since the run staged its own.

The run's files contain rows copied from files that no longer exist. Committing them now would store these rows twice,
and would keep the rows that the run replaces.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeVar

import pyarrow as pa
import pyarrow.compute as pc

from glue_jobs.config import Config
from glue_jobs.enrich.reference_data import ReferenceData
from glue_jobs.ingest.staging.change import check_replaceable
from glue_jobs.ingest.staging.data_files import NewFile, read_file
from glue_jobs.ingest.staging.replaced_rows import StoredRows, files_with, read_rows, replaced_in, write_again
from glue_jobs.ingest.staging.run_folder import RunFolder
from glue_jobs.ingest.staging.run_notes import TableChange, partition_values
from glue_jobs.ingest.staging.task_context import TaskContext, write_partitions
from glue_jobs.sources.pipeline import ListedPipeline, Pipeline
from glue_jobs.tables.rejected_record import REJECTED_RECORD
from glue_jobs.tables.uploaded import INFERRED

if TYPE_CHECKING:
    from glue_jobs.lake import LoadedTable, StoredFile

AnyPipeline = TypeVar("AnyPipeline", bound=Pipeline)

Staged = tuple[list[str], list[NewFile], list["StoredFile"]]
"""Addresses of staged files that stay as they are, new files, and the stored files that the new ones replace."""


def documents_again(
    pipeline: ListedPipeline, register: LoadedTable, loaded: LoadedTable, folder: RunFolder, change: TableChange
) -> Staged:
    """Restage the run's change on top of the table's current snapshot.

    ``register`` is the table of documents, which already has the run's commit.

    Raises:
        UsageLakeError: a file cannot be read or written.
    """
    table, run_id, context = loaded.table, folder.run_id, _context(pipeline, loaded, folder)
    origin = "run_id" if table == REJECTED_RECORD else "ingest_run_id"
    own = [file.address for file in change.files if _is_of_run(file.address, origin, run_id)]
    stored = register.rows(("source_object", "ingest_run_id"))
    objects = stored.filter(pc.equal(stored["ingest_run_id"], run_id))["source_object"].to_pylist()
    ids = {(each.kind, each.run_id) for each in map(pipeline.document_id, objects)}
    replaced = replaced_in(pipeline, table, ids)
    touched = files_with(pipeline, loaded, replaced)
    written = [
        write_again(context, StoredRows(table, [file.address], replaced, loaded.note(INFERRED) or ""))
        for file in touched
    ]
    return own, [file for each in written for file in each], touched


def _is_of_run(address: str, origin: str, run_id: str) -> bool:
    runs = read_rows(address)[origin].cast(pa.string())
    return bool(pc.all(pc.equal(runs, run_id)).as_py())


def rows_again(
    pipeline: Pipeline,
    loaded: LoadedTable,
    folder: RunFolder,
    change: TableChange,
    replaced: Mapping[str, Sequence[str]],
) -> Staged:
    """Restage a change whose plan has the values of the rows that it replaces.

    The staged rows replace stored rows with these values. All other stored rows stay.

    Raises:
        UsageLakeError: a file cannot be read or written, or another program deleted rows of it.
    """
    table, context = loaded.table, _context(pipeline, loaded, folder)
    values = {*zip(*replaced.values(), strict=True)}
    own: list[str] = []
    written: list[NewFile] = []
    touched: list[StoredFile] = []
    for address in (file.address for file in change.files):
        rows = read_file(table, address)
        of_run = rows.filter(_has(rows, tuple(replaced), values))
        if of_run.num_rows == rows.num_rows:
            own.append(address)
        elif of_run.num_rows:
            written += write_partitions(context, table, of_run)
    # A rewrite never moves rows to another partition, whichever program does it.
    planned = [partition_values(table, file) for file in (*change.files, *change.removed)]
    for file in loaded.files(**{name: {each[name] for each in planned} for name in table.partitions}):
        rows = read_file(table, file.address)
        others = rows.filter(pc.invert(_has(rows, tuple(replaced), values)))
        if others.num_rows < rows.num_rows:
            touched.append(file)
            written += write_partitions(context, table, others) if others.num_rows else []
    check_replaceable(table, touched)
    return own, written, touched


def _context(pipeline: AnyPipeline, loaded: LoadedTable, folder: RunFolder) -> TaskContext[AnyPipeline]:
    today, locations = datetime.now(UTC).date(), {loaded.table.name: loaded.location}
    return TaskContext(pipeline, Config(), ReferenceData(()), folder, today, locations)


def _has(rows: pa.Table, columns: Sequence[str], values: set[tuple[str, ...]]) -> pa.Array:
    """A mask of the rows that have one of the values in these columns."""
    texts = (map(str, rows[name].to_pylist()) for name in columns)
    return pa.array([each in values for each in zip(*texts, strict=True)], pa.bool_())
