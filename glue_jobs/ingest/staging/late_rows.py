"""Late rows: each task holds back its few rows of earlier days, so that the rows of all tasks can be merged by day.

Records arrive late: besides the days of its objects, a task has a few rows of many earlier days. Data files for these
would take longer to write than those for all other rows, and would slow down every later read.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import pyarrow as pa

from glue_jobs.columns.arrays import concat_rows
from glue_jobs.ingest.staging.data_files import compact
from glue_jobs.ingest.staging.task_context import TaskContext
from glue_jobs.read.plan import batch_by_size
from glue_jobs.sources.pipeline import Pipeline
from glue_jobs.storage import storage_for

# A day is late if it has at most MAX_ROWS_PER_DAY rows, and at most one in TASK_ROWS_PER_DAY_ROW of the task's rows.
# All late days together have at most one in TASK_ROWS_PER_LATE_ROW of the task's rows.
MAX_ROWS_PER_DAY = 4_096
TASK_ROWS_PER_DAY_ROW = 32
TASK_ROWS_PER_LATE_ROW = 4

# Late days share Arrow streams of about this many rows, because opening a stream costs more than reading these rows.
# Reading one day means reading its whole stream.
ROWS_PER_STREAM = 512

PartitionRows = tuple[dict[str, Any], pa.Table]
"""The values of the partition columns, and the rows of that partition."""


@dataclass(frozen=True)
class LateRows:
    """The late rows of one partition: they start at row ``first`` of the stream in bytes ``start`` to ``end``."""

    address: str
    start: int
    end: int
    first: int
    rows: int
    partition: Mapping[str, Any]

    @property
    def stream(self) -> tuple[str, int, int]:
        """The Arrow stream that contains them: address, start and end."""
        return self.address, self.start, self.end

    def __len__(self) -> int:
        return self.rows


def split_late_rows(
    parts: Iterable[PartitionRows], days: frozenset[date | None]
) -> tuple[list[PartitionRows], list[PartitionRows]]:
    """The partitions of a task's rows that become data files, and those that are late.

    ``days`` are those of the raw objects. They are never late: no other task has more rows of them.
    """
    every = list(parts)
    total = sum(rows.num_rows for _, rows in every)
    limit, left = min(MAX_ROWS_PER_DAY, total // TASK_ROWS_PER_DAY_ROW), total // TASK_ROWS_PER_LATE_ROW
    late: set[int] = set()
    for number in sorted(range(len(every)), key=lambda number: every[number][1].num_rows):
        partition, rows = every[number]
        if rows.num_rows <= min(limit, left) and days.isdisjoint(partition.values()):
            late.add(number)
            left -= rows.num_rows
    return (
        [part for number, part in enumerate(every) if number not in late],
        [part for number, part in enumerate(every) if number in late],
    )


def write_late_rows(context: TaskContext[Pipeline], parts: Sequence[PartitionRows]) -> list[LateRows]:
    """Write the partitions to one object in the run's folder; the object is announced first."""
    if not parts:
        return []
    address = f"{context.folder.address}/late_rows/{uuid.uuid4().hex}.arrow"
    context.folder.announce([address])
    sink = pa.BufferOutputStream()
    written = []
    for group in batch_by_size(parts, ROWS_PER_STREAM, lambda part: part[1].num_rows):
        # Each stream has only the dictionary values that its own rows use.
        rows = compact(pa.concat_tables(part for _, part in group).combine_chunks())
        start, first = sink.tell(), 0
        with pa.ipc.new_stream(sink, rows.schema) as stream:
            stream.write_table(rows)
        for partition, part in group:
            written.append(LateRows(address, start, sink.tell(), first, part.num_rows, partition))
            first += part.num_rows
    storage_for(address).put(address, memoryview(sink.getvalue()))
    return written


def read_late_rows(late_rows: Sequence[LateRows]) -> pa.Table:
    """The late rows as one table; each stream is read once. ``late_rows`` must not be empty."""
    streams: dict[tuple[str, int, int], list[LateRows]] = {}
    for each in late_rows:
        streams.setdefault(each.stream, []).append(each)
    return concat_rows([_read(*stream, parts) for stream, parts in streams.items()])


def _read(address: str, start: int, end: int, parts: Sequence[LateRows]) -> pa.Table:
    with storage_for(address).open(address) as file:
        file.seek(start)
        rows = pa.ipc.open_stream(file.read(end - start)).read_all()
    wanted = pa.concat_tables(rows.slice(each.first, each.rows) for each in parts)
    return rows if len(wanted) == len(rows) else compact(wanted.combine_chunks())
