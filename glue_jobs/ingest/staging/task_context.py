"""The context that all tasks of a run share, and the writing of data files; each is announced before it exists."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from typing import Any, Generic, TypeVar

import pyarrow as pa

from glue_jobs.config import Config
from glue_jobs.enrich.readers.columns import with_readers
from glue_jobs.enrich.reference_data import ReferenceData
from glue_jobs.ingest.staging.data_files import NewFile, partition_path, partitions, with_schema, write_file
from glue_jobs.ingest.staging.run_folder import RunFolder
from glue_jobs.sources.pipeline import Pipeline
from glue_jobs.tables.model import Table

# Data files written at a time: while one waits for the disk or the network, others are encoded.
CONCURRENT_WRITES = 4

AnyPipeline = TypeVar("AnyPipeline", bound=Pipeline, covariant=True)


@dataclass(frozen=True)
class TaskContext(Generic[AnyPipeline]):
    """What all tasks of a run share. It is pickled into every task, so it holds nothing large.

    ``locations`` has, by table name, the address of each table that the run writes to.
    """

    pipeline: AnyPipeline
    config: Config
    reference: ReferenceData
    folder: RunFolder
    ingest_date: date
    locations: dict[str, str]

    def enrich(self, rows: pa.Table) -> pa.Table:
        """Parsed rows with their derived columns; IP addresses are replaced or dropped as the configuration says."""
        enriched = self.pipeline.enrich(rows, self.config, self.reference)
        return with_readers(self.pipeline.table, enriched, self.config, self.reference)

    def address(self, table: Table, partition: Mapping[str, object]) -> str:
        """The address for a new data file of the table; its name starts with the run id."""
        name = f"{self.folder.run_id}-{uuid.uuid4().hex}.parquet"
        folders = [self.locations[table.name], "data", *filter(None, [partition_path(table, partition)])]
        return f"{'/'.join(folders)}/{name}"


def write_partitions(context: TaskContext[Pipeline], table: Table, rows: pa.Table) -> list[NewFile]:
    """Write rows as data files, one per partition."""
    return write_parts(context, table, partitions(table, with_schema(table, rows)))


def write_parts(
    context: TaskContext[Pipeline], table: Table, groups: Iterable[tuple[dict[str, Any], pa.Table]]
) -> list[NewFile]:
    """Write each group of rows, all of one partition, as a data file; the run's folder announces the files first."""
    parts = [(context.address(table, value), value, part) for value, part in groups]
    if not parts:
        return []
    context.folder.announce([address for address, _, _ in parts])

    def write(each: tuple[str, dict[str, Any], pa.Table]) -> NewFile:
        address, value, part = each
        return write_file(table, part, address, value)

    with ThreadPoolExecutor(CONCURRENT_WRITES) as pool:
        return list(pool.map(write, parts))
