"""One run of the real pipeline as started by the command line and Glue, and the parts of a single task."""

from __future__ import annotations

import gc
import time
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from glue_jobs.config import Config
from glue_jobs.ingest.request import IngestSummary
from glue_jobs.ingest.staging.run_folder import new_run
from glue_jobs.ingest.staging.task_context import TaskContext
from glue_jobs.jobs.run_job import run_job
from glue_jobs.progress import SilentReporter
from glue_jobs.read.plan import Chunk, chunk_size, split_into_chunks
from glue_jobs.read.raw_object import Skipped, Window
from glue_jobs.sources.pipeline import Pipeline
from glue_jobs.storage import storage_for
from glue_jobs.tables.rejected_record import REJECTED_RECORD
from glue_jobs.workers.spark import session


def run(raw: Path, lake: Path, config: Path | None = None, pipeline: str = "s3_access_log") -> IngestSummary:
    """Ingest everything new below ``raw`` into the lake in that folder."""
    arguments = {"pipeline": pipeline, "raw_path": str(raw), "lake_path": str(lake)}
    summary = run_job(arguments | ({"config": str(config)} if config else {}), SilentReporter()).ingested
    assert summary is not None
    return summary


def run_on_spark(raw: Path, lake: Path, config: Path | None = None, pipeline: str = "s3_access_log") -> IngestSummary:
    """Like `run`, but on Spark however small the input is."""
    session()
    return run(raw, lake, config, pipeline)


def keep_workers() -> None:
    """Give each of Spark's Python workers a task, because Spark ends workers that are idle for a minute."""
    context = session().sparkContext
    cores = context.defaultParallelism
    # Each task is so long that no worker gets two.
    context.parallelize(range(cores), cores).map(lambda _: time.sleep(0.2)).collect()
    gc.collect()


def context(folder: Path, pipeline: Pipeline) -> TaskContext[Any]:
    """The context of a task that writes its data files below ``folder``; nothing is ever committed."""
    locations = {table.name: str(folder / table.name) for table in (pipeline.table, REJECTED_RECORD)}
    run = new_run(str(folder / "_runs"), datetime.now(UTC).replace(tzinfo=None))
    return TaskContext(pipeline, Config(), pipeline.reference_data(Config()), run, date.today(), locations)


def chunks(raw: str, pipeline: Pipeline, workers: int) -> list[Chunk]:
    """All raw objects below a folder or an S3 address, as a run plans them for that many workers."""
    found = list(pipeline.discover(storage_for(raw), raw, Window(), Skipped(), any_name=True))
    size = chunk_size(sum(each.entry.size for each in found), workers)
    return list(split_into_chunks(found, size, lambda _: pipeline.framing.is_splittable))
