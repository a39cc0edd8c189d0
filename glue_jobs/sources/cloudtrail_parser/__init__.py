"""The parser of CloudTrail files: bytes in, Arrow rows of S3 events and rejected records out, nothing else touched."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np

from glue_jobs.sources.cloudtrail_parser.batch import Object, read_batch
from glue_jobs.sources.cloudtrail_parser.columns import columns_of, table_of
from glue_jobs.sources.cloudtrail_parser.documents import utf8
from glue_jobs.sources.parsed import Parsed, Positions, Rejected

__all__ = ["parse_cloudtrail"]

# Objects of so many bytes become Python objects at a time: few enough that those are still in the processor's cache
# when they become columns. A large object is a batch of its own.
BATCH = 2 * 2**20


def parse_cloudtrail(data: bytes, starts: Sequence[int] | Positions = (0,)) -> Parsed:
    """Rows, rejected and filtered records of whole JSON documents, one object's from each of ``starts`` on.

    Filtered are events of other services and summaries of events. ``positions`` are where a record's document begins,
    ``Rejected.index`` is the number of the record in it. A document that cannot be read at all is one rejected record.
    Never raises for what the bytes say.
    """
    columns = []
    positions: list[int] = []
    filtered: list[int] = []
    rejected: list[Rejected] = []
    for objects in _batches(data, starts):
        batch = read_batch(objects)
        columns.append(columns_of(batch))
        positions += batch.positions
        filtered += batch.filtered
        rejected += batch.rejected
    rejected.sort(key=lambda each: (each.position, each.index or 0))
    records = len(positions) + len(filtered) + len(rejected)
    found, left_out = (np.array(starts, dtype=np.int64) for starts in (positions, filtered))
    return Parsed(table_of(columns), found, records, rejected, left_out)


def _batches(data: bytes, starts: Sequence[int] | Positions) -> Iterator[list[Object]]:
    batch: list[Object] = []
    size = 0
    for start, end in pairwise([*map(int, starts), len(data)]):
        batch.append((start, utf8(data[start:end])))
        size += end - start
        if size >= BATCH:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch
