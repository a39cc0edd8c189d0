"""Staging of events: tasks ingest chunks of raw objects, then duplicates across all of them are dropped."""

from __future__ import annotations

from collections.abc import Container
from functools import partial

from glue_jobs.errors import UnreadableObjectError
from glue_jobs.ingest.duplicates.rewrite_files import without_duplicates
from glue_jobs.ingest.events.chunk_task import ChunkResult, ingest_chunk
from glue_jobs.ingest.run_tables import RunTables
from glue_jobs.ingest.staging.change import Change, StagedRun
from glue_jobs.ingest.staging.compaction import compact_days
from glue_jobs.ingest.staging.task_context import TaskContext
from glue_jobs.progress import Reporter
from glue_jobs.read.framing.log_file import PARQUET
from glue_jobs.read.plan import Chunk, chunk_size, largest_first, split_into_chunks
from glue_jobs.read.raw_object import RawObject
from glue_jobs.read.unpack import GZIP, SIGNATURE_BYTES, foreign_form
from glue_jobs.sources.pipeline import EventPipeline
from glue_jobs.storage import storage_for
from glue_jobs.tables.rejected_record import REJECTED_RECORD
from glue_jobs.workers import engine


def stage_events(
    context: TaskContext[EventPipeline], tables: RunTables, new: list[RawObject], reporter: Reporter
) -> StagedRun:
    """Turn the new objects into data files of the pipeline's table and of rejected records.

    New rows that are equal to a row of the pipeline's table as it was before the run are duplicates.

    Raises:
        UsageLakeError: a task cannot continue.
    """
    results, unreadable = _ingest_chunks(context, tables, new, reporter)
    rows = tables.rows
    files = [file for result in results for file in result.files]
    late_rows = [each for result in results for each in result.late_rows]
    files, duplicates = without_duplicates(context, rows, files, late_rows, reporter)
    compaction = compact_days(context, rows, files, reporter)
    moved = sum(file.rows for file in compaction.removed)
    changes = {
        context.pipeline.table: Change([*files, *compaction.files], compaction.removed),
        REJECTED_RECORD: Change([file for result in results for file in result.rejected_files]),
    }
    ingested = [each for each in new if each.entry.address not in unreadable]
    return StagedRun(ingested, changes, [result.counts for result in results], duplicates, unreadable, moved)


def _ingest_chunks(
    context: TaskContext[EventPipeline], tables: RunTables, new: list[RawObject], reporter: Reporter
) -> tuple[list[ChunkResult], dict[str, UnreadableObjectError]]:
    """The results of all chunks and, by address, the unreadable objects; no result has records of these."""
    pipeline = context.pipeline
    total_bytes = sum(each.entry.size for each in new)
    workers = engine.workers_for(total_bytes)
    size = chunk_size(total_bytes, workers.count, pipeline.compression_ratio)
    in_order = split_into_chunks(new, size, lambda each: pipeline.framing.is_splittable and not _is_whole(each))
    chunks = largest_first(in_order)
    task = partial(ingest_chunk, context)
    unreadable: dict[str, UnreadableObjectError] = {}
    with reporter.progress("ingesting") as progress:
        results = workers.run(task, chunks, progress, tables.make)
        while True:
            unreadable |= {address: error for result in results for address, error in result.unreadable.items()}
            # Another task may have read a part of such an object. An object is ingested as a whole or not at all.
            again = [number for number, chunk in enumerate(chunks) if _has_part_of(unreadable, chunk, results[number])]
            if not again:
                return results, unreadable
            for number in again:
                chunks[number] = tuple(
                    part for part in chunks[number] if part.raw_object.entry.address not in unreadable
                )
            for number, result in zip(again, workers.run(task, [chunks[n] for n in again], progress), strict=True):
                results[number] = result


def _has_part_of(unreadable: Container[str], chunk: Chunk, result: ChunkResult) -> bool:
    """Whether the result may have rows of a part of an unreadable object."""
    addresses = {part.raw_object.entry.address for part in chunk}
    return any(address in unreadable and address not in result.unreadable for address in addresses)


def _is_whole(raw_object: RawObject) -> bool:
    """Whether one task has to read the whole object, because it is not plain text."""
    try:
        beginning = storage_for(raw_object.entry.address).read(raw_object.entry, 0, SIGNATURE_BYTES)
        return beginning.startswith((GZIP, PARQUET)) or foreign_form(beginning) is not None
    except UnreadableObjectError:
        # The task that reads the object reports the error.
        return True
