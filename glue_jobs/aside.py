"""Rows of a day that are too few for a data file: set aside by the task that has them, until the day is looked at.

Records come late: beside the days of its objects a task holds a few rows of many earlier ones. As files of their own
they would take longer to write than all the rest, and to read for ever after.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from glue_jobs.arrays import joined
from glue_jobs.data_files import compact
from glue_jobs.job import Job
from glue_jobs.storage import storage_for

# No more rows than this, and no more than this part of what the task holds.
FEW = 4_096
PART = 32

Part = tuple[dict[str, Any], pa.Table]


@dataclass(frozen=True)
class Aside:
    """Rows of one partition, set aside: where, as which batch of an Arrow file, and how many."""

    address: str
    batch: int
    partition: Mapping[str, Any]
    rows: int

    def __len__(self) -> int:
        return self.rows


def divided(parts: Iterable[Part]) -> tuple[list[Part], list[Part]]:
    """The parts of some rows, a partition each: those that become data files, and those that are too few for one."""
    every = list(parts)
    total = sum(rows.num_rows for _, rows in every)
    most = min(FEW, total // PART)
    return [each for each in every if each[1].num_rows > most], [each for each in every if each[1].num_rows <= most]


def set_aside(job: Job, parts: Sequence[Part]) -> list[Aside]:
    """Keep the parts in the run's folder, announced before they are there; all of them have the same columns."""
    if not parts:
        return []
    address = f"{job.folder.address}/aside/{uuid.uuid4().hex}.arrow"
    job.folder.announce([address])
    # The file has one dictionary a column, and each part is a batch.
    rows = compact(pa.concat_tables(rows for _, rows in parts).unify_dictionaries().combine_chunks())
    sink = pa.BufferOutputStream()
    made, start = [], 0
    with pa.ipc.new_file(sink, rows.schema) as file:
        for number, (partition, part) in enumerate(parts):
            file.write_batch(rows.slice(start, part.num_rows).to_batches()[0])
            made.append(Aside(address, number, partition, part.num_rows))
            start += part.num_rows
    storage_for(address).put(address, memoryview(sink.getvalue()))
    return made


def read_aside(some: Sequence[Aside]) -> pa.Table:
    """Rows that were set aside, in one table; at least one part of them."""
    return joined([*map(_read, some)])


def _read(part: Aside) -> pa.Table:
    with storage_for(part.address).open(part.address) as source, pa.ipc.open_file(source) as file:
        return pa.Table.from_batches([file.get_batch(part.batch)])
