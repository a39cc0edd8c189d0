"""Staging of events: raw objects in chunks to tasks, then duplicates dropped over all of them."""

from __future__ import annotations

from functools import partial

from glue_jobs.ingest.chunk_task import ChunkResult, ingest_chunk
from glue_jobs.ingest.commit import Change
from glue_jobs.ingest.duplicates.rewrite_files import without_duplicates
from glue_jobs.ingest.staged_run import StagedRun
from glue_jobs.ingest.task_context import TaskContext
from glue_jobs.lake import LoadedTable
from glue_jobs.progress import Reporter
from glue_jobs.read.plan import chunk_size, split_into_chunks
from glue_jobs.read.raw_object import RawObject
from glue_jobs.read.unpack import GZIP
from glue_jobs.sources.pipeline import EventPipeline
from glue_jobs.storage import storage_for
from glue_jobs.tables.rejected_record import REJECTED_RECORD
from glue_jobs.workers import engine


def stage_events(
    context: TaskContext[EventPipeline], rows: LoadedTable, new: list[RawObject], reporter: Reporter
) -> StagedRun:
    """Turn the new objects into data files of the pipeline's table and of rejected records.

    ``rows`` is the pipeline's table as it was before the run: its rows are duplicates of new ones that are equal.

    Raises:
        UsageLakeError: a task cannot go on.
    """
    results = _ingest_chunks(context, new, reporter)
    files = [file for result in results for file in result.files]
    late_rows = [each for result in results for each in result.late_rows]
    files, duplicates = without_duplicates(context, rows, files, late_rows, reporter)
    changes = {
        context.pipeline.table: Change(files),
        REJECTED_RECORD: Change([file for result in results for file in result.rejected_files]),
    }
    return StagedRun(new, changes, [result.counts for result in results], duplicates)


def _ingest_chunks(context: TaskContext[EventPipeline], new: list[RawObject], reporter: Reporter) -> list[ChunkResult]:
    pipeline = context.pipeline
    total_bytes = sum(each.entry.size for each in new)
    workers = engine.workers_for(total_bytes)
    size = chunk_size(total_bytes, workers.count, pipeline.compression_ratio)
    chunks = list(
        split_into_chunks(new, size, lambda each: pipeline.framing.is_splittable and not _is_compressed(each))
    )
    with reporter.progress("ingesting") as progress:
        return workers.run(partial(ingest_chunk, context), chunks, progress)


def _is_compressed(raw_object: RawObject) -> bool:
    return storage_for(raw_object.entry.address).read(raw_object.entry, 0, len(GZIP)) == GZIP
