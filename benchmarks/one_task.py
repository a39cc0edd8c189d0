"""What one Spark task does, called directly: for what can only be measured inside its process."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from glue_jobs.config import Config
from glue_jobs.ingest.staging import new_run
from glue_jobs.ingest.task_context import TaskContext
from glue_jobs.read.raw_object import RawObject, Skipped, Window
from glue_jobs.sources.pipeline import Pipeline
from glue_jobs.sources.pipelines import BY_NAME
from glue_jobs.storage import storage_for
from glue_jobs.tables.rejected_record import REJECTED_RECORD

ACCESS_LOG = BY_NAME["s3_access_log"]


def context(folder: Path, pipeline: Pipeline = ACCESS_LOG) -> TaskContext[Any]:
    """A job that writes its data files below ``folder``; nothing is ever committed."""
    locations = {table.name: str(folder / table.name) for table in (pipeline.table, REJECTED_RECORD)}
    run = new_run(str(folder / "_runs"), datetime.now(UTC).replace(tzinfo=None))
    return TaskContext(pipeline, Config(), pipeline.reference_data(), run, date.today(), locations)


def objects(raw: str, pipeline: Pipeline = ACCESS_LOG) -> list[RawObject]:
    """All raw objects below a folder or an S3 address."""
    return list(pipeline.discover(storage_for(raw), raw, Window(), Skipped(), any_name=True))
