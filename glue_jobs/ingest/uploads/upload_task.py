"""The tasks of uploads: first objects become parts with their own types, then parts and stored files become rows."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import pyarrow as pa

from glue_jobs.ingest.staging.data_files import NewFile
from glue_jobs.ingest.staging.object_counts import ObjectCounts
from glue_jobs.ingest.staging.rejected_records import RejectedRecords
from glue_jobs.ingest.staging.replaced_rows import StoredRows, write_again
from glue_jobs.ingest.staging.task_context import TaskContext, write_partitions
from glue_jobs.ingest.staging.unreadable_objects import Unreadable, without_unreadable
from glue_jobs.read.fetch import RawBatch, read_batches
from glue_jobs.read.framing import Framing
from glue_jobs.read.plan import Chunk
from glue_jobs.sources.pipeline import UploadPipeline
from glue_jobs.sources.upload.columns import as_declared
from glue_jobs.sources.upload.parser import UploadParser
from glue_jobs.sources.upload.piece import Piece
from glue_jobs.sources.upload.source import folder_values, table_of
from glue_jobs.sources.upload.types import Type, arrow_type, joined_fields
from glue_jobs.sources.upload.values import converted
from glue_jobs.storage import storage_for
from glue_jobs.tables.model import Table
from glue_jobs.tables.uploaded import DATE_PARTITION, INGEST_RUN_ID, SOURCE_OBJECT

# A task writes its rows to parts when this many bytes of them are pending.
BYTES_PER_FLUSH = 64 * 2**20

_COMPRESSED = pa.ipc.IpcWriteOptions(compression="lz4")

NO_RECORD = "the file has no records; a table is made when the first record arrives"


@dataclass(frozen=True)
class Part:
    """Rows of one table in a file of the run's folder; each column has a type that fits all of these rows."""

    table: str
    address: str
    size: int
    types: dict[str, Type]


@dataclass(frozen=True)
class UploadResult:
    """The result of a chunk: parts, and the counts of its objects. ``uploads`` are rows of the table of uploads.

    ``unreadable`` has, by address, the objects that could not be read; the parts contain no rows of them.
    """

    parts: list[Part]
    uploads: list[dict[str, object]]
    rejected_files: list[NewFile]
    counts: ObjectCounts
    unreadable: Unreadable


@without_unreadable
def read_uploads(
    unreadable: Unreadable, context: TaskContext[UploadPipeline], folder: str, chunk: Chunk
) -> UploadResult:
    """Turn a chunk's objects, uploads below ``folder``, into parts.

    Raises:
        StorageError: the storage failed.
    """
    task = _Task(context, folder, chunk)
    for batch in read_batches(chunk, [*range(len(chunk))], Framing.UPLOADED_FILES, unreadable):
        task.read(batch)
    return task.result(unreadable)


@dataclass
class _Buffer:
    """Pieces of objects that belong to one table, each with the number of its object."""

    pieces: list[tuple[int, Piece]] = field(default_factory=list)
    types: dict[str, Type] = field(default_factory=dict)


class _Task:
    def __init__(self, context: TaskContext[UploadPipeline], folder: str, chunk: Chunk) -> None:
        self._context = context
        self._entries = [part.raw_object.entry for part in chunk]
        self._objects = [entry.address for entry in self._entries]
        self._tables = [table_of(folder, address) for address in self._objects]
        self._parsers = [
            UploadParser(address, folder_values(address.removeprefix(folder))) for address in self._objects
        ]
        self._counts = ObjectCounts.zero(self._objects)
        self._rejected = RejectedRecords(context)
        self._buffers: defaultdict[str, _Buffer] = defaultdict(_Buffer)
        self._bytes = 0
        self._parts: list[Part] = []
        self._current: int | None = None

    def read(self, batch: RawBatch) -> None:
        """Parse the frames of a batch; the frames of one object must be consecutive."""
        for owner, record in batch.rejected:
            self._rejected.add(self._objects[owner], record)
            self._counts.rejected[owner] += record.records
        # A batch whose files are all of unknown kinds has no frames.
        ends = [*batch.starts.tolist(), len(batch.data)][1:]
        places = zip(batch.objects.tolist(), batch.offsets.tolist(), batch.starts.tolist(), ends, strict=True)
        for owner, offset, start, end in places:
            if owner != self._current:
                self._finish_object()
                self._current = owner
            self._take(owner, self._parsers[owner].read(batch.data[start:end], offset))

    def _finish_object(self) -> None:
        if self._current is not None:
            self._take(self._current, self._parsers[self._current].finish())

    def _take(self, owner: int, pieces: Iterator[Piece]) -> None:
        buffer = self._buffers[self._tables[owner]]
        for piece in pieces:
            for record in piece.rejected:
                self._rejected.add(self._objects[owner], record)
            self._counts.rejected[owner] += sum(record.records for record in piece.rejected)
            self._counts.rows[owner] += piece.rows
            buffer.types = joined_fields(buffer.types, piece.types)
            if piece.rows:
                buffer.pieces.append((owner, piece))
                self._bytes += sum(column.nbytes for column in piece.columns.values())
            if self._bytes >= BYTES_PER_FLUSH:
                self._flush()

    def _flush(self) -> None:
        for table, buffer in self._buffers.items():
            if buffer.pieces or buffer.types:
                self._parts.append(self._part(table, buffer))
        self._buffers.clear()
        self._bytes = 0

    def _part(self, table: str, buffer: _Buffer) -> Part:
        address = f"{self._context.folder.address}/parts/{uuid.uuid4().hex}.arrow"
        self._context.folder.announce([address])
        sink = pa.BufferOutputStream()
        fields = [(name, arrow_type(kind)) for name, kind in buffer.types.items()]
        fixed = [(SOURCE_OBJECT, pa.string()), (DATE_PARTITION, pa.string())]
        size = 0
        with pa.ipc.new_stream(sink, pa.schema([*fields, *fixed]), options=_COMPRESSED) as stream:
            for owner, piece in buffer.pieces:
                columns = _unified(piece.columns, piece.types, buffer.types, piece.rows)
                entry = self._entries[owner]
                ends = [pa.repeat(entry.address, piece.rows), pa.repeat(f"{entry.last_modified:%Y-%m-%d}", piece.rows)]
                rows = pa.record_batch([*columns, *ends], names=[*buffer.types, SOURCE_OBJECT, DATE_PARTITION])
                size += rows.nbytes
                stream.write_batch(rows)
        storage_for(address).put(address, memoryview(sink.getvalue()))
        return Part(table, address, size, buffer.types)

    def result(self, unreadable: Unreadable) -> UploadResult:
        """Write the pending rows; returns the result of the chunk."""
        self._finish_object()
        self._flush()
        self._rejected.flush()
        uploads = [self._upload(number) for number, each in enumerate(self._objects) if each not in unreadable]
        return UploadResult(self._parts, uploads, self._rejected.files, self._counts, unreadable)

    def _upload(self, number: int) -> dict[str, object]:
        parser, entry = self._parsers[number], self._entries[number]
        rows, rejected = int(self._counts.rows[number]), int(self._counts.rejected[number])
        is_empty = parser.format and not rows and not rejected
        return {
            SOURCE_OBJECT: entry.address,
            "table_name": self._tables[number],
            "format": parser.format or None,
            "rows": rows,
            "rejected": rejected,
            "notes": "; ".join([*([NO_RECORD] if is_empty else []), *parser.notes]) or None,
            "uploaded_at": entry.last_modified,
            INGEST_RUN_ID: self._context.folder.run_id,
        }


def _unified(
    columns: Mapping[str, pa.Array], types: Mapping[str, Type], wanted: Mapping[str, Type], rows: int
) -> list[pa.Array]:
    """The wanted columns, in their order; a missing column is null."""
    return [
        converted(columns[name], types[name], kind) if name in columns else pa.nulls(rows, arrow_type(kind))
        for name, kind in wanted.items()
    ]


@dataclass(frozen=True)
class NewRows:
    """Parts that become files of the table; the table's types fit all of them."""

    table: Table
    parts: list[Part]


def write_rows(context: TaskContext[UploadPipeline], source: NewRows | StoredRows) -> list[NewFile]:
    """Write new or stored rows as files of their table, one per partition."""
    if isinstance(source, StoredRows):
        return write_again(context, source)
    rows = pa.concat_tables(as_declared(source.table, _read_part(each.address), each.types) for each in source.parts)
    run = pa.repeat(context.folder.run_id, rows.num_rows)
    rows = rows.drop_columns([INGEST_RUN_ID]).append_column(INGEST_RUN_ID, run)
    return write_partitions(context, source.table, rows.combine_chunks()) if rows.num_rows else []


def _read_part(address: str) -> pa.Table:
    return pa.ipc.open_stream(storage_for(address).get(address)).read_all().combine_chunks()
