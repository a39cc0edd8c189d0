"""A few rows of late days: set aside by the task that has them, until what all tasks have of their day is put together.

Records come late: beside the days of its objects a task holds a few rows of many earlier ones. As files of their own
they would take longer to write than all the rest, and to read for ever after.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import pyarrow as pa

from glue_jobs.columns.arrays import concat_rows
from glue_jobs.ingest.data_files import compact
from glue_jobs.ingest.task_context import TaskContext
from glue_jobs.read.plan import batch_by_size
from glue_jobs.sources.pipeline import Pipeline
from glue_jobs.storage import storage_for

# Of a day no more rows than this, and no more than this part of what the task holds; of all days this part.
MOST = 4_096
PART = 32
PART_OF_ALL = 4

# Days of so few rows together are one stream: to make or read one costs more than these rows do. Who needs a day of it
# reads the others, too.
TOGETHER = 512

Part = tuple[dict[str, Any], pa.Table]


@dataclass(frozen=True)
class LateRows:
    """Rows of one partition, set aside: in which stream, which is some bytes of an object, and where in it."""

    address: str
    start: int
    end: int
    first: int
    rows: int
    partition: Mapping[str, Any]

    @property
    def stream(self) -> tuple[str, int, int]:
        """What has to be read for them."""
        return self.address, self.start, self.end

    def __len__(self) -> int:
        return self.rows


def split_late_rows(parts: Iterable[Part], days: frozenset[date | None]) -> tuple[list[Part], list[Part]]:
    """The parts of some rows, a partition each: those that become data files, and those that are set aside.

    The ``days`` of the raw objects become data files, however small: no other task has more of them.
    """
    every = list(parts)
    total = sum(rows.num_rows for _, rows in every)
    most, left = min(MOST, total // PART), total // PART_OF_ALL
    few: set[int] = set()
    for number in sorted(range(len(every)), key=lambda number: every[number][1].num_rows):
        partition, rows = every[number]
        if rows.num_rows <= min(most, left) and days.isdisjoint(partition.values()):
            few.add(number)
            left -= rows.num_rows
    return (
        [each for number, each in enumerate(every) if number not in few],
        [each for number, each in enumerate(every) if number in few],
    )


def write_late_rows(context: TaskContext[Pipeline], parts: Sequence[Part]) -> list[LateRows]:
    """Keep the parts in the run's folder, one behind the other in one object, announced before it is there."""
    if not parts:
        return []
    address = f"{context.folder.address}/late_rows/{uuid.uuid4().hex}.arrow"
    context.folder.announce([address])
    sink = pa.BufferOutputStream()
    made = []
    for some in batch_by_size(parts, TOGETHER, lambda part: part[1].num_rows):
        # With the values that its rows have: whoever reads a stream needs no other. Parts of one table share theirs.
        rows = compact(pa.concat_tables(part for _, part in some).combine_chunks())
        start, first = sink.tell(), 0
        with pa.ipc.new_stream(sink, rows.schema) as stream:
            stream.write_table(rows)
        for partition, part in some:
            made.append(LateRows(address, start, sink.tell(), first, part.num_rows, partition))
            first += part.num_rows
    storage_for(address).put(address, memoryview(sink.getvalue()))
    return made


def read_late_rows(some: Sequence[LateRows]) -> pa.Table:
    """Rows that were set aside, in one table; at least one part of them. Each stream is read once."""
    streams: dict[tuple[str, int, int], list[LateRows]] = {}
    for each in some:
        streams.setdefault(each.stream, []).append(each)
    return concat_rows([_read(*stream, parts) for stream, parts in streams.items()])


def _read(address: str, start: int, end: int, parts: Sequence[LateRows]) -> pa.Table:
    with storage_for(address).open(address) as file:
        file.seek(start)
        rows = pa.ipc.open_stream(file.read(end - start)).read_all()
    wanted = pa.concat_tables(rows.slice(each.first, each.rows) for each in parts)
    return rows if len(wanted) == len(rows) else compact(wanted.combine_chunks())
