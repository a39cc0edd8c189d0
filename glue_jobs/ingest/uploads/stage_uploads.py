"""Staging of uploads: objects become rows of tables whose columns are inferred from all objects together.

Reasons: docs/decisions/0027-uploaded-files.md.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from functools import partial, reduce
from typing import TYPE_CHECKING

import pyarrow as pa

from glue_jobs.errors import LakeError, UnreadableObjectError
from glue_jobs.ingest.staging.change import Change, StagedRun
from glue_jobs.ingest.staging.compaction import RAW_BYTES_PER_BYTE
from glue_jobs.ingest.staging.data_files import NewFile
from glue_jobs.ingest.staging.replaced_rows import StoredRows, groups_to_write_again, replaced_in
from glue_jobs.ingest.staging.task_context import TaskContext, write_partitions
from glue_jobs.ingest.uploads.upload_task import NewRows, Part, UploadResult, read_uploads, write_rows
from glue_jobs.progress import Reporter
from glue_jobs.query.saved.view import SavedView
from glue_jobs.read.plan import batch_by_size, chunk_size, largest_first, split_into_chunks
from glue_jobs.read.raw_object import RawObject
from glue_jobs.sources.lake_tables import uploaded_names, uploaded_names_note
from glue_jobs.sources.pipeline import UploadPipeline
from glue_jobs.sources.tables import TABLES
from glue_jobs.sources.upload.columns import types_of, with_types
from glue_jobs.sources.upload.source import table_of
from glue_jobs.sources.upload.types import TEXT, Type, arrow_type, is_stored, joined_fields
from glue_jobs.tables.model import Table, athena_type
from glue_jobs.tables.rejected_record import REJECTED_RECORD
from glue_jobs.tables.uploaded import INFERRED, SOURCE_OBJECT, uploaded_table
from glue_jobs.workers import engine

if TYPE_CHECKING:
    from glue_jobs.lake import Lake, LoadedTable, StoredFile

# One task writes at most about this many bytes of new rows.
BYTES_PER_TASK = 128 * 2**20

# Messages name the renamed columns of at most this many objects; the table of uploads has those of all.
MAX_NOTES_TOLD = 10


def stage_uploads(
    context: TaskContext[UploadPipeline],
    lake: Lake,
    rows: LoadedTable,
    new: list[RawObject],
    folder: str,
    reporter: Reporter,
) -> StagedRun:
    """Write the data files of new objects, uploads below ``folder``, and rewrite stored files that they affect.

    ``rows`` is the table of uploads as it was before the run.

    Raises:
        UsageLakeError: a task cannot continue.
    """
    refused = _refused(lake, folder, new)
    taken = [each for each in new if each.entry.address not in refused]
    results = _read(context, folder, taken, reporter)
    unreadable = refused | {address: error for each in results for address, error in each.unreadable.items()}
    ingested = [each for each in taken if each.entry.address not in unreadable]
    _tell_notes(results, reporter)
    before = _tables_of(rows, {each.entry.address for each in ingested})
    replaced = {("", address) for addresses in before.values() for address in addresses}
    parts: defaultdict[str, list[Part]] = defaultdict(list)
    for part in (part for each in results for part in each.parts):
        parts[part.table].append(part)
    stage = _Staging(context, lake, replaced, reporter)
    stage.rows_of_program(rows, _upload_files(context, results))
    for name in sorted({*parts, *before}):
        stage.uploaded_rows(name, parts[name])
    stage.rows_of_program(lake.load(REJECTED_RECORD), [file for each in results for file in each.rejected_files])
    return StagedRun(
        ingested,
        stage.changes,
        [each.counts for each in results],
        unreadable=unreadable,
        moved_rows=stage.moved,
        notes=uploaded_names_note({*uploaded_names(rows), *parts}),
        record_tables=tuple(table for table in stage.changes if table.inferred),
    )


def _refused(lake: Lake, folder: str, new: Iterable[RawObject]) -> dict[str, UnreadableObjectError]:
    """The objects whose table would have the name of a table that is not for uploads."""
    by_table: defaultdict[str, list[str]] = defaultdict(list)
    for each in new:
        by_table[table_of(folder, each.entry.address)].append(each.entry.address)
    own = {*(table.name for table in TABLES), *(view.name for view in SavedView.all())}
    refused: dict[str, UnreadableObjectError] = {}
    for name, addresses in by_table.items():
        reason = f"{name} is a table of this program's own" if name in own else ""
        try:
            _ = reason or lake.inferred(name)
        except LakeError as error:
            reason = str(error)
        if reason:
            told = f"{reason}, so uploads need another folder"
            refused |= {address: UnreadableObjectError(address, told) for address in addresses}
    return refused


def _read(
    context: TaskContext[UploadPipeline], folder: str, new: list[RawObject], reporter: Reporter
) -> list[UploadResult]:
    total = sum(each.entry.size for each in new)
    workers = engine.workers_for(total)
    size = chunk_size(total, workers.count, context.pipeline.compression_ratio)
    chunks = largest_first(split_into_chunks(new, size, lambda _: False))
    with reporter.progress("ingesting") as progress:
        return workers.run(partial(read_uploads, context, folder), chunks, progress)


def _tell_notes(results: Iterable[UploadResult], reporter: Reporter) -> None:
    told = [(each[SOURCE_OBJECT], each["notes"]) for result in results for each in result.uploads if each["notes"]]
    for address, notes in told[:MAX_NOTES_TOLD]:
        reporter.say(f"{address}: {notes}")
    if len(told) > MAX_NOTES_TOLD:
        reporter.say(f"{len(told):,} objects have such notes; the column notes of the table upload has all of them")


def _tables_of(rows: LoadedTable, addresses: Collection[str]) -> dict[str, list[str]]:
    """The objects that are stored already, by the table that has their rows."""
    stored = rows.rows((SOURCE_OBJECT, "table_name"))
    tables: defaultdict[str, list[str]] = defaultdict(list)
    for address, table in zip(stored[SOURCE_OBJECT].to_pylist(), stored["table_name"].to_pylist(), strict=True):
        if address in addresses:
            tables[table].append(address)
    return tables


def _upload_files(context: TaskContext[UploadPipeline], results: Iterable[UploadResult]) -> list[NewFile]:
    table = context.pipeline.table
    uploads = pa.Table.from_pylist([row for each in results for row in each.uploads], table.arrow_schema)
    return write_partitions(context, table, uploads) if uploads.num_rows else []


@dataclass
class _Staging:
    """Collects the changes of the tables. ``replaced`` are the objects whose older rows are removed; ``moved`` counts
    stored rows of uploads that are copied to new files."""

    context: TaskContext[UploadPipeline]
    lake: Lake
    replaced: Collection[tuple[str, str]]
    reporter: Reporter
    changes: dict[Table, Change] = field(default_factory=dict)
    moved: int = 0

    def rows_of_program(self, stored: LoadedTable, files: list[NewFile]) -> None:
        """Change a declared table: add the files, and remove older rows of the replaced objects."""
        self._change(stored, files, self._again(stored, bool(files)), [])

    def uploaded_rows(self, name: str, parts: list[Part]) -> None:
        """Change the table of uploaded rows with this name; it gets the columns that all its rows need."""
        known = self.lake.inferred(name)
        if known is None:
            known = uploaded_table(name)
            self.lake.create(known)
        before = types_of(known.inferred)
        types: dict[str, Type] = reduce(joined_fields, (part.types for part in parts), before)
        for column, kind in before.items():
            if is_stored(kind) and types[column] == TEXT != kind:
                was = athena_type(arrow_type(kind))
                why = f"because it has a value that is not of type {was}"
                self.reporter.say(f"{name}: the column {column} is text from now on, {why}")
        stored = self.lake.load(with_types(known, types, self.lake.load(known).last_field_id))
        groups = batch_by_size(parts, BYTES_PER_TASK, lambda part: part.size)
        again = self._again(stored, bool(parts))
        self._change(stored, [], again, [NewRows(stored.table, [*group]) for group in groups])

    def _again(self, stored: LoadedTable, is_growing: bool) -> list[list[StoredFile]]:
        pipeline = self.context.pipeline
        replaced = replaced_in(pipeline, stored.table, self.replaced)
        return groups_to_write_again(pipeline, stored, replaced, is_growing)

    def _change(
        self, stored: LoadedTable, files: list[NewFile], again: list[list[StoredFile]], new: list[NewRows]
    ) -> None:
        table, context = stored.table, self.context
        context = replace(context, locations={**context.locations, table.name: stored.location})
        replaced = replaced_in(context.pipeline, table, self.replaced)
        types = stored.note(INFERRED) or ""
        old = [StoredRows(table, [each.address for each in group], replaced, types) for group in again]
        size = RAW_BYTES_PER_BYTE * sum(file.size for group in again for file in group)
        workers = engine.workers_for(size + sum(part.size for rows in new for part in rows.parts))
        with self.reporter.progress(f"writing {table.name}") as progress:
            written = workers.run(partial(write_rows, context), [*old, *new], progress) if old or new else []
        if table.inferred:
            self.moved += sum(file.rows for each in written[: len(old)] for file in each)
        added = [*files, *(file for each in written for file in each)]
        self.changes[table] = Change(added, [file for group in again for file in group])
