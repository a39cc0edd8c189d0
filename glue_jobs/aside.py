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

from glue_jobs.arrays import joined
from glue_jobs.data_files import compact
from glue_jobs.job import Job
from glue_jobs.storage import storage_for

# Of a day no more rows than this, and no more than this part of what the task holds; of all days this part.
MOST = 4_096
PART = 32
PART_OF_ALL = 4

Part = tuple[dict[str, Any], pa.Table]


@dataclass(frozen=True)
class Aside:
    """Rows of one partition, set aside: where, from which byte to which, and how many rows."""

    address: str
    start: int
    end: int
    partition: Mapping[str, Any]
    rows: int

    def __len__(self) -> int:
        return self.rows


def divided(parts: Iterable[Part], days: frozenset[date | None]) -> tuple[list[Part], list[Part]]:
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


def set_aside(job: Job, parts: Sequence[Part]) -> list[Aside]:
    """Keep the parts in the run's folder, one behind the other in one object, announced before it is there."""
    if not parts:
        return []
    address = f"{job.folder.address}/aside/{uuid.uuid4().hex}.arrow"
    job.folder.announce([address])
    sink = pa.BufferOutputStream()
    made = []
    for partition, part in parts:
        # A stream of its own, with the values that its rows have: whoever reads it needs no other.
        rows, start = compact(part.combine_chunks()), sink.tell()
        with pa.ipc.new_stream(sink, rows.schema) as stream:
            stream.write_table(rows)
        made.append(Aside(address, start, sink.tell(), partition, rows.num_rows))
    storage_for(address).put(address, memoryview(sink.getvalue()))
    return made


def read_aside(some: Sequence[Aside]) -> pa.Table:
    """Rows that were set aside, in one table; at least one part of them."""
    return joined([*map(_read, some)])


def _read(part: Aside) -> pa.Table:
    with storage_for(part.address).open(part.address) as file:
        file.seek(part.start)
        return pa.ipc.open_stream(file.read(part.end - part.start)).read_all()
