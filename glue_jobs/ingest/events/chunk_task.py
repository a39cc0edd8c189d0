"""The task that ingests a chunk of raw objects: read, parse, enrich, write. It returns descriptors and counts only."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import pyarrow as pa

from glue_jobs.columns.numpy_types import Ints
from glue_jobs.ingest.duplicates.within_table import duplicates_within
from glue_jobs.ingest.events.future_records import reject_future
from glue_jobs.ingest.staging.data_files import NewFile, partitions, with_schema
from glue_jobs.ingest.staging.late_rows import LateRows, split_late_rows, write_late_rows
from glue_jobs.ingest.staging.object_counts import ObjectCounts
from glue_jobs.ingest.staging.rejected_records import RejectedRecords
from glue_jobs.ingest.staging.task_context import TaskContext, write_parts
from glue_jobs.ingest.staging.unreadable_objects import Unreadable, without_unreadable
from glue_jobs.read.fetch import RawBatch, read_batches
from glue_jobs.read.parsed import Parsed, Rejected
from glue_jobs.read.plan import Chunk
from glue_jobs.sources.pipeline import EventPipeline

# A task sorts and writes its rows after this many bytes of raw records. Most chunks are smaller and so write one file
# per day; compressed objects may unpack to more.
RAW_BYTES_PER_FLUSH = 160 * 2**20


@dataclass(frozen=True)
class ChunkResult:
    """The result of a chunk: data files that no reader sees yet, late rows that have no data file yet, and counts.

    ``unreadable`` has, by address, the objects that could not be read; the files contain no rows of them.
    """

    files: list[NewFile]
    late_rows: list[LateRows]
    rejected_files: list[NewFile]
    counts: ObjectCounts
    unreadable: Unreadable


@without_unreadable
def ingest_chunk(unreadable: Unreadable, context: TaskContext[EventPipeline], chunk: Chunk) -> ChunkResult:
    """Turn a chunk's objects into data files.

    Raises:
        StorageError: the storage failed.
    """
    task = _Task(context, chunk)
    for batch in read_batches(chunk, task.numbers, context.pipeline.framing, unreadable):
        task.ingest(batch)
    task.flush()
    task.rejected.flush()
    return ChunkResult(task.files, task.late_rows, task.rejected.files, task.counts, unreadable)


@dataclass
class _Task:
    context: TaskContext[EventPipeline]
    chunk: Chunk
    pending: list[pa.Table] = field(default_factory=list)
    pending_bytes: int = 0
    files: list[NewFile] = field(default_factory=list)
    late_rows: list[LateRows] = field(default_factory=list)

    def __post_init__(self) -> None:
        addresses = [part.raw_object.entry.address for part in self.chunk]
        self.objects = list(dict.fromkeys(addresses))
        index = {address: number for number, address in enumerate(self.objects)}
        self.numbers = [index[address] for address in addresses]
        self.days = frozenset(part.raw_object.day for part in self.chunk)
        self.counts = ObjectCounts.zero(self.objects)
        self.rejected = RejectedRecords(self.context)

    def ingest(self, batch: RawBatch) -> None:
        """Parse and enrich a batch; write the pending rows if there are enough of them."""
        parsed = self.context.pipeline.parse(batch.data, batch.starts)
        self._check(batch, parsed)
        parsed = reject_future(parsed, batch.data, self.context.pipeline.framing, self.context.ingest_date)
        owners, _ = _places(batch, parsed.positions)
        # Must precede the counting of this batch: `_reject` numbers records after those of earlier batches.
        rejected_owners = [self._reject(owner, record, record.position) for owner, record in batch.rejected]
        places = _places(batch, np.array([record.position for record in parsed.rejected], np.int64))
        for record, owner, offset in zip(parsed.rejected, *(each.tolist() for each in places), strict=True):
            rejected_owners.append(self._reject(owner, record, offset))
        repeated = [self._reject_repeated(batch, reason, each) for reason, each in parsed.repeated.items()]
        all_rejected = np.concatenate([np.array(rejected_owners, np.int64), *repeated])
        self.counts.add(parsed, owners, _places(batch, parsed.filtered)[0], all_rejected)
        if parsed.rows.num_rows:
            source = pa.DictionaryArray.from_arrays(pa.array(owners, pa.int32()), pa.array(self.objects))
            self.pending.append(self.context.enrich(parsed.rows.append_column("source_object", source)))
        self.pending_bytes += len(batch.data)
        if self.pending_bytes >= RAW_BYTES_PER_FLUSH:
            self.flush()

    def flush(self) -> None:
        """Write all pending rows."""
        if self.pending:
            rows = pa.concat_tables(self.pending).unify_dictionaries().combine_chunks()
            # Without this, the rows would be in memory twice while they are written.
            self.pending = []
            self._write(rows)
        self.pending_bytes = 0

    def _write(self, rows: pa.Table) -> None:
        table = self.context.pipeline.table
        parts = partitions(table, with_schema(table, rows), self._duplicates(rows))
        large, late = split_late_rows(parts, self.days)
        self.files += write_parts(self.context, table, large)
        self.late_rows += write_late_rows(self.context, late)

    def _duplicates(self, rows: pa.Table) -> Ints:
        """Row positions of duplicates. Dropping them here avoids rewriting data files later."""
        table = self.context.pipeline.table
        duplicates = duplicates_within(table, rows) if table.identity else np.array([], np.int64)
        self.counts.add_duplicates(rows["source_object"].chunk(0).indices.to_numpy()[duplicates])
        return duplicates

    def _check(self, batch: RawBatch, parsed: Parsed) -> None:
        repeated = sum(map(len, parsed.repeated.values()))
        records = parsed.rows.num_rows + len(parsed.rejected) + repeated + len(parsed.filtered)
        if records != parsed.records:
            example = self.objects[int(batch.objects[0])] if len(batch.objects) else ""
            raise AssertionError(
                f"{example}: {parsed.records} records became {records}; this is a bug, please report it"
            )

    def _reject(self, owner: int, record: Rejected, offset: int) -> int:
        """Reject the record; its position is the offset, or its number among all records of the object."""
        position = offset if record.index is None else record.index + self.counts.records(owner)
        self.rejected.add(self.objects[owner], replace(record, position=position))
        return owner

    def _reject_repeated(self, batch: RawBatch, reason: str, positions: Ints) -> Ints:
        """Reject records that are known only by their positions; returns the owner of each."""
        owners, offsets = _places(batch, positions)
        for owner, first, count in zip(*np.unique(owners, return_index=True, return_counts=True), strict=True):
            further = Rejected(int(offsets[first]), reason, b"", records=int(count))
            self.rejected.add(self.objects[owner], further)
        return owners


def _places(batch: RawBatch, positions: Ints) -> tuple[Ints, Ints]:
    """The object of each position in the batch's data, and the offset within that object."""
    pieces = np.searchsorted(batch.starts, positions, side="right") - 1
    return batch.objects[pieces], batch.offsets[pieces] + positions - batch.starts[pieces]
