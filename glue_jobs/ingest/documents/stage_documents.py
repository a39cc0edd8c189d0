"""Staging of documents: new ones become rows of several tables and replace the rows of their older versions.

Reasons: docs/decisions/0024-run-summaries.md.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from glue_jobs.ingest.documents.document_task import ingest_documents
from glue_jobs.ingest.staging.change import Change, StagedRun
from glue_jobs.ingest.staging.compaction import RAW_BYTES_PER_BYTE
from glue_jobs.ingest.staging.replaced_rows import StoredRows, groups_to_write_again, replaced_in, write_again
from glue_jobs.ingest.staging.task_context import TaskContext
from glue_jobs.progress import Reporter
from glue_jobs.read.plan import chunk_size, largest_first, split_into_chunks
from glue_jobs.read.raw_object import RawObject
from glue_jobs.sources.pipeline import DocumentPipeline
from glue_jobs.tables.model import Table
from glue_jobs.tables.rejected_record import REJECTED_RECORD
from glue_jobs.workers import engine

if TYPE_CHECKING:
    from glue_jobs.lake import Lake, LoadedTable


def stage_documents(
    context: TaskContext[DocumentPipeline], lake: Lake, rows: LoadedTable, new: list[RawObject], reporter: Reporter
) -> StagedRun:
    """Write the data files of new documents, and rewrite stored files without the older versions of these documents.

    ``rows`` is the table of documents as it was before the run.

    Raises:
        UsageLakeError: a task cannot continue.
    """
    pipeline = context.pipeline
    total = sum(each.entry.size for each in new)
    workers = engine.workers_for(total)
    size = chunk_size(total, workers.count, pipeline.compression_ratio)
    chunks = largest_first(split_into_chunks(new, size, lambda _: False))
    with reporter.progress("ingesting") as progress:
        results = workers.run(partial(ingest_documents, context), chunks, progress)
    unreadable = {address: error for result in results for address, error in result.unreadable.items()}
    ingested = [each for each in new if each.entry.address not in unreadable]
    stored = rows.rows(("kind", "run_id"))
    known = {*zip(stored["kind"].to_pylist(), stored["run_id"].to_pylist(), strict=True)}
    ids = {pipeline.document_id(each.entry.address) for each in ingested}
    replaced = {(each.kind, each.run_id) for each in ids} & known
    changes: dict[Table, Change] = {}
    moved = 0
    for table in (*pipeline.tables, REJECTED_RECORD):
        documents = replaced_in(pipeline, table, replaced)
        files = [file for result in results for file in result.files.get(table.name, ())]
        before = rows if table == pipeline.table else lake.load(table)
        again = groups_to_write_again(pipeline, before, documents, is_growing=bool(files))
        tasks = [StoredRows(table, [file.address for file in group], documents) for group in again]
        with reporter.progress(f"replacing rows of {table.name}") as progress:
            size = RAW_BYTES_PER_BYTE * sum(file.size for group in again for file in group)
            written = engine.workers_for(size).run(partial(write_again, context), tasks, progress) if tasks else []
        kept = [file for each in written for file in each]
        changes[table] = Change([*files, *kept], [file for group in again for file in group])
        moved += sum(file.rows for file in kept) if table in pipeline.record_tables else 0
    counts = [result.counts for result in results]
    return StagedRun(ingested, changes, counts, unreadable=unreadable, moved_rows=moved)
