"""What all tasks of a run share, and how rows become its data files, each announced before it exists."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from typing import Any

import pyarrow as pa

from glue_jobs.config import Config
from glue_jobs.ingest.data_files import NewFile, partition_path, partitions, with_schema, write_file
from glue_jobs.ingest.staging import RunFolder
from glue_jobs.read.parsed import Rejected
from glue_jobs.sources.pipelines import Pipeline
from glue_jobs.tables.model import Table
from glue_jobs.tables.rejected_record import REJECTED_RECORD

WRITERS = 4

# Of a rejected record this much is kept.
KEPT = 64 * 2**10


@dataclass(frozen=True)
class TaskContext:
    """What all tasks of a run share."""

    pipeline: Pipeline
    config: Config
    folder: RunFolder
    ingest_date: date
    locations: dict[str, str]

    def address(self, table: Table, partition: Mapping[str, object]) -> str:
        """A new data file of the table, named after the run."""
        name = f"{self.folder.run_id}-{uuid.uuid4().hex}.parquet"
        return f"{self.locations[table.name]}/data/{partition_path(table, partition)}/{name}"


def write_partitions(context: TaskContext, table: Table, rows: pa.Table) -> list[NewFile]:
    """Write rows as data files, one for each partition they are of."""
    return write_parts(context, table, partitions(table, with_schema(table, rows)))


def write_parts(
    context: TaskContext, table: Table, split_late_rows: Iterable[tuple[dict[str, Any], pa.Table]]
) -> list[NewFile]:
    """Write rows of one partition each as data files, announced in the run's folder before they exist."""
    parts = [(context.address(table, value), value, part) for value, part in split_late_rows]
    if not parts:
        return []
    context.folder.announce([address for address, _, _ in parts])

    def write(each: tuple[str, dict[str, Any], pa.Table]) -> NewFile:
        address, value, part = each
        return write_file(table, part, address, value)

    # While one file is on its way to the disk or the network, the next ones are made.
    with ThreadPoolExecutor(WRITERS) as pool:
        return list(pool.map(write, parts))


def rejected_rows(context: TaskContext, refused: list[tuple[str, Rejected]]) -> pa.Table:
    """Rows of ``rejected_record``, from records and the objects they are of."""
    columns = {
        "ingest_date": pa.repeat(pa.scalar(context.ingest_date, pa.date32()), len(refused)),
        "source": pa.repeat(context.pipeline.name, len(refused)),
        "object": [address for address, _ in refused],
        "position": [each.position for _, each in refused],
        "reason": [each.reason for _, each in refused],
        "record": [each.record[:KEPT] for _, each in refused],
        "run_id": pa.repeat(context.folder.run_id, len(refused)),
    }
    return pa.table(columns, schema=REJECTED_RECORD.arrow_schema)
