"""The parser of CloudTrail files: bytes to Arrow rows of S3 events, and rejected records."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from glue_jobs.read.parsed import Parsed, Positions
from glue_jobs.sources.cloudtrail_s3_event.parser.batch import Object, read_batch, read_pieces
from glue_jobs.sources.cloudtrail_s3_event.parser.columns import batch_columns, batch_rows
from glue_jobs.sources.cloudtrail_s3_event.parser.documents import utf8
from glue_jobs.sources.cloudtrail_s3_event.parser.fast_path import read_fast_path

__all__ = ["parse_cloudtrail"]

# Bytes per batch of the fallback: its Python objects are still in the processor's cache when they become columns. A
# larger object is a batch of its own.
BATCH_BYTES = 2 * 2**20


def parse_cloudtrail(data: bytes, starts: Positions) -> Parsed:
    """Rows, rejected and filtered records of JSON documents. An object begins at each of ``starts``.

    Events of other services and summaries of events are filtered. ``positions`` are those of the objects, and
    ``Rejected.index`` is the number of the record in its object. A document that cannot be read at all is one rejected
    record.
    """
    fast = read_fast_path(data, starts)
    unread, unreadable = read_pieces(starts, fast.unread)
    fast = fast.without(unreadable)
    batches = [unread, *map(read_batch, _objects(data, starts, fast.skipped))]
    rows = _concatenate(fast.rows, batch_rows([batch_columns(batch) for batch in batches]))
    positions = np.concatenate([starts[fast.owners], *(batch.positions for batch in batches)]).astype(np.int64)
    filtered = np.concatenate([starts[fast.filtered], *(batch.filtered for batch in batches)]).astype(np.int64)
    rejected = [each for batch in batches for each in batch.rejected]
    rejected.sort(key=lambda each: (each.position, each.index or 0))
    repeated = {
        reason: np.concatenate([batch.repeated[reason] for batch in batches if reason in batch.repeated])
        for reason in {reason for batch in batches for reason in batch.repeated}
    }
    records = len(positions) + len(filtered) + len(rejected) + sum(map(len, repeated.values()))
    return Parsed(rows, positions, records, rejected, filtered, repeated)


def _concatenate(fast: pa.Table, others: pa.Table) -> pa.Table:
    if not others.num_rows or not fast.num_rows:
        return fast if fast.num_rows else others
    return pa.concat_tables([fast, others]).unify_dictionaries().combine_chunks()


def _objects(data: bytes, starts: Positions, numbers: list[int]) -> Iterator[list[Object]]:
    """The numbered objects, in batches of about BATCH_BYTES."""
    ends = np.append(starts[1:], len(data))
    batch: list[Object] = []
    size = 0
    for start, end in zip(starts[numbers].tolist(), ends[numbers].tolist(), strict=True):
        batch.append((start, utf8(data[start:end])))
        size += end - start
        if size >= BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch
