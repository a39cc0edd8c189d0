"""Raw objects parsed by the fallbacks alone: the slow parsers that the fast paths must agree with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from types import MappingProxyType

import pyarrow as pa

from glue_jobs.errors import UnreadableObjectError
from glue_jobs.read.fetch import read_batches
from glue_jobs.read.log_file import PARQUET
from glue_jobs.read.parquet_rows import UnreadableParquetError
from glue_jobs.read.plan import ByteRange
from glue_jobs.read.raw_object import RawObject
from glue_jobs.sources.cloudtrail_s3_event.parser.batch import read_batch
from glue_jobs.sources.cloudtrail_s3_event.parser.columns import batch_columns, batch_rows
from glue_jobs.sources.cloudtrail_s3_event.parser.documents import utf8
from glue_jobs.sources.cloudtrail_s3_event.table import CLOUDTRAIL_S3_EVENT
from glue_jobs.sources.pipeline import EventPipeline
from glue_jobs.sources.s3_access_log.parser.fallback import parse_lines
from glue_jobs.sources.s3_access_log.parser.vended import parquet_records
from glue_jobs.sources.s3_access_log.table import S3_ACCESS_LOG


@dataclass(frozen=True)
class Reparsed:
    """The rows of an object, and how many records it has, rejected and filtered ones included."""

    rows: pa.Table
    records: int


def parse_again(pipeline: EventPipeline, raw_object: RawObject) -> Reparsed:
    """Read an object and parse it with the fallback of its pipeline, one of FALLBACKS.

    Raises:
        UnreadableObjectError: the object is gone, changed or cannot be read.
    """
    entry = raw_object.entry
    parse = FALLBACKS[pipeline.name]
    pieces, records = list[pa.Table](), 0
    unreadable: dict[str, UnreadableObjectError] = {}
    chunk = (ByteRange(raw_object, 0, entry.size),)
    for batch in read_batches(chunk, [0], pipeline.framing, unreadable):
        records += len(batch.rejected)
        for start, end in pairwise([*batch.starts.tolist(), len(batch.data)]):
            parsed = parse(batch.data[start:end])
            pieces.append(parsed.rows)
            records += parsed.records
    for error in unreadable.values():
        raise error
    names = [name for name in pipeline.table.arrow_schema.names if name in pipeline.table.record]
    schema = pa.schema([pipeline.table.arrow_schema.field(name) for name in names])
    rows = pa.concat_tables([schema.empty_table(), *(piece.select(names).cast(schema) for piece in pieces)])
    return Reparsed(rows, records)


def _access_log(data: bytes) -> Reparsed:
    if not data.startswith(PARQUET):
        parsed = parse_lines(enumerate(data.split(b"\n")))
        return Reparsed(parsed.rows, parsed.records)
    try:
        parsed = parse_lines(enumerate(parquet_records(data)))
    except UnreadableParquetError:
        return Reparsed(parse_lines(()).rows, 1)
    return Reparsed(parsed.rows, parsed.records)


def _cloudtrail(data: bytes) -> Reparsed:
    batch = read_batch([(0, utf8(data))])
    repeated = sum(map(len, batch.repeated.values()))
    records = len(batch.events) + len(batch.filtered) + len(batch.rejected) + repeated
    return Reparsed(batch_rows([batch_columns(batch)]), records)


FALLBACKS: MappingProxyType[str, Callable[[bytes], Reparsed]] = MappingProxyType(
    {S3_ACCESS_LOG.name: _access_log, CLOUDTRAIL_S3_EVENT.name: _cloudtrail}
)
"""The fallback of each pipeline that has a fast path, by the pipeline's name."""
