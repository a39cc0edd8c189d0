"""The parser of CloudTrail files: bytes in, Arrow rows of S3 events and rejected records out, nothing else touched."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa

from glue_jobs.read.parsed import Parsed, Positions
from glue_jobs.sources.cloudtrail_s3_event.parser.batch import Object, read_batch, read_events
from glue_jobs.sources.cloudtrail_s3_event.parser.columns import columns_of, table_of
from glue_jobs.sources.cloudtrail_s3_event.parser.documents import utf8
from glue_jobs.sources.cloudtrail_s3_event.parser.usual import read_usual

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
    objects = np.array(starts, dtype=np.int64)
    usual = read_usual(data, objects)
    others, refused = read_events((int(objects[owner]), texts) for owner, texts in usual.odd.items())
    if refused:
        usual = usual.but(np.searchsorted(objects, refused))
    batches = [others, *map(read_batch, _batches(data, objects, usual.left))]
    rows = table_of([columns_of(batch) for batch in batches])
    positions = np.concatenate([objects[usual.owners], *(batch.positions for batch in batches)]).astype(np.int64)
    filtered = np.concatenate([objects[usual.filtered], *(batch.filtered for batch in batches)]).astype(np.int64)
    rejected = [each for batch in batches for each in batch.rejected]
    rejected.sort(key=lambda each: (each.position, each.index or 0))
    records = len(positions) + len(filtered) + len(rejected)
    return Parsed(_together(usual.rows, rows), positions, records, rejected, filtered)


def _together(usual: pa.Table, others: pa.Table) -> pa.Table:
    if not others.num_rows or not usual.num_rows:
        return usual if usual.num_rows else others
    return pa.concat_tables([usual, others]).unify_dictionaries().combine_chunks()


def _batches(data: bytes, starts: Positions, numbers: list[int]) -> Iterator[list[Object]]:
    ends = np.append(starts[1:], len(data))
    batch: list[Object] = []
    size = 0
    for start, end in zip(starts[numbers].tolist(), ends[numbers].tolist(), strict=True):
        batch.append((start, utf8(data[start:end])))
        size += end - start
        if size >= BATCH:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch
