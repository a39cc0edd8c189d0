"""Parse raw objects with the fallbacks alone: the slow parsers with which the fast paths must agree."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from types import MappingProxyType

import numpy as np
import pyarrow as pa

from glue_jobs.errors import UnreadableObjectError
from glue_jobs.read.fetch import read_batches
from glue_jobs.read.framing import Framing
from glue_jobs.read.framing.log_file import PARQUET
from glue_jobs.read.plan import ByteRange
from glue_jobs.read.raw_object import RawObject
from glue_jobs.read.rows.parquet_rows import UnreadableParquetError, read_parquet
from glue_jobs.sources.cloudtrail_s3_event.parser.batch import read_batch
from glue_jobs.sources.cloudtrail_s3_event.parser.columns import batch_columns, batch_rows
from glue_jobs.sources.cloudtrail_s3_event.parser.documents import utf8
from glue_jobs.sources.cloudtrail_s3_event.table import CLOUDTRAIL_S3_EVENT
from glue_jobs.sources.pipeline import DocumentPipeline, EventPipeline, Pipeline
from glue_jobs.sources.s3_access_log.parser.fallback import parse_lines
from glue_jobs.sources.s3_access_log.parser.vended import json_records
from glue_jobs.sources.s3_access_log.table import S3_ACCESS_LOG
from glue_jobs.tables.model import Table


@dataclass(frozen=True)
class Reparsed:
    """The rows of an object by table, and the number of its records, including rejected and filtered ones."""

    rows: Mapping[Table, pa.Table]
    records: int

    @property
    def count(self) -> int:
        """The number of rows."""
        return sum(rows.num_rows for rows in self.rows.values())

    def of(self, table: Table) -> pa.Table:
        """The rows of a table."""
        return self.rows[table] if table in self.rows else _record_schema(table).empty_table()


def can_parse_again(pipeline: Pipeline) -> bool:
    """Whether the pipeline has a slow parser with which the fast one must agree."""
    return pipeline.name in FALLBACKS or isinstance(pipeline, DocumentPipeline)


def parse_again(pipeline: Pipeline, raw_object: RawObject) -> Reparsed:
    """Read an object and parse it with the slow parser of its pipeline.

    Raises:
        UnreadableObjectError: the object is gone, changed or cannot be read.
    """
    if isinstance(pipeline, DocumentPipeline):
        return _document(pipeline, raw_object)
    assert isinstance(pipeline, EventPipeline)
    pieces, records = list[pa.Table](), 0
    for data, rejected in _pieces(raw_object, pipeline.framing):
        rows, count = FALLBACKS[pipeline.name](data) if data else (None, 0)
        pieces += [] if rows is None else [rows]
        records += count + rejected
    schema = _record_schema(pipeline.table)
    rows = pa.concat_tables([schema.empty_table(), *(piece.select(schema.names).cast(schema) for piece in pieces)])
    return Reparsed({pipeline.table: rows}, records)


def _pieces(raw_object: RawObject, framing: Framing) -> Iterator[tuple[bytes, int]]:
    """The records of an object in pieces, each with the number of records that were rejected before parsing."""
    unreadable: dict[str, UnreadableObjectError] = {}
    for batch in read_batches((ByteRange(raw_object, 0, raw_object.entry.size),), [0], framing, unreadable):
        yield b"", len(batch.rejected)
        for start, end in pairwise([*batch.starts.tolist(), len(batch.data)]):
            yield batch.data[start:end], 0
    for error in unreadable.values():
        raise error


def _record_schema(table: Table) -> pa.Schema:
    return pa.schema([field for field in table.arrow_schema if field.name in table.record])


def _document(pipeline: DocumentPipeline, raw_object: RawObject) -> Reparsed:
    rows: defaultdict[Table, list[tuple[object, ...]]] = defaultdict(list)
    records = 0
    for data, rejected in _pieces(raw_object, Framing.WHOLE_FILES):
        parsed = pipeline.parse_one(pipeline.document_id(raw_object.entry.address), data)
        for table, found in parsed.rows.items():
            rows[table] += found
        records += rejected + len(parsed.rejected)
    tables = {
        table: pa.Table.from_pylist([dict(zip(table.record, row, strict=True)) for row in found], _record_schema(table))
        for table, found in rows.items()
    }
    return Reparsed(tables, records + sum(map(len, rows.values())))


def _access_log(data: bytes) -> tuple[pa.Table, int]:
    if not data.startswith(PARQUET):
        parsed = parse_lines(enumerate(data.split(b"\n")))
        return parsed.rows, parsed.records
    try:
        records = read_parquet(data)
        parsed = parse_lines(json_records(records, np.arange(records.num_rows)))
    except UnreadableParquetError:
        return parse_lines(()).rows, 1
    return parsed.rows, parsed.records


def _cloudtrail(data: bytes) -> tuple[pa.Table, int]:
    batch = read_batch([(0, utf8(data))])
    repeated = sum(map(len, batch.repeated.values()))
    records = len(batch.events) + len(batch.filtered) + len(batch.rejected) + repeated
    return batch_rows([batch_columns(batch)]), records


FALLBACKS: MappingProxyType[str, Callable[[bytes], tuple[pa.Table, int]]] = MappingProxyType(
    {S3_ACCESS_LOG.name: _access_log, CLOUDTRAIL_S3_EVENT.name: _cloudtrail}
)
"""The fallback of each pipeline that has a fast path, by the pipeline's name."""
