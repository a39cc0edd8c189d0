"""The task that ingests a chunk of raw objects: read, parse, enrich, write. Only descriptors and counts go back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np
import pyarrow as pa

from glue_jobs.errors import UnreadableObjectError
from glue_jobs.ingest.data_files import NewFile, partitions, with_schema
from glue_jobs.ingest.duplicates.within_table import duplicates_within
from glue_jobs.ingest.late_rows import LateRows, split_late_rows, write_late_rows
from glue_jobs.ingest.object_counts import Ints, ObjectCounts
from glue_jobs.ingest.task_context import TaskContext, rejected_rows, write_partitions, write_parts
from glue_jobs.read.fetch import RawBatch, read_batches
from glue_jobs.read.parsed import Parsed, Rejected
from glue_jobs.read.plan import Chunk
from glue_jobs.sources.pipeline import EventPipeline
from glue_jobs.tables.rejected_record import REJECTED_RECORD

# A task sorts and writes its rows after this many bytes of raw records. It is more than a chunk has, so that most
# chunks write one file a day; compressed objects may hold more.
RAW_BYTES_PER_FLUSH = 160 * 2**20


@dataclass(frozen=True)
class ChunkResult:
    """What a chunk became: data files that no reader sees yet, late rows that have no data file yet, and counts.

    ``unreadable`` has the objects, by address, of which nothing is in the files.
    """

    files: list[NewFile]
    late_rows: list[LateRows]
    rejected_files: list[NewFile]
    counts: ObjectCounts
    unreadable: dict[str, UnreadableObjectError]


def ingest_chunk(context: TaskContext[EventPipeline], chunk: Chunk) -> ChunkResult:
    """Turn a chunk's objects into data files.

    Raises:
        StorageError: the storage failed.
    """
    unreadable: dict[str, UnreadableObjectError] = {}
    while True:
        task = _Task(context, chunk)
        try:
            for batch in read_batches(chunk, task.numbers, context.pipeline.framing, unreadable):
                task.ingest(batch)
        except UnreadableObjectError as error:
            # Some of the object's rows may be written. Files that no commit names are deleted at the end of the run.
            unreadable[error.address] = error
            continue
        task.flush()
        return ChunkResult(task.files, task.late_rows, task.rejected_files, task.counts, unreadable)


@dataclass
class _Task:
    context: TaskContext[EventPipeline]
    chunk: Chunk
    pending: list[pa.Table] = field(default_factory=list)
    pending_bytes: int = 0
    rejected: list[tuple[str, Rejected]] = field(default_factory=list)
    files: list[NewFile] = field(default_factory=list)
    late_rows: list[LateRows] = field(default_factory=list)
    rejected_files: list[NewFile] = field(default_factory=list)

    def __post_init__(self) -> None:
        addresses = [part.raw_object.entry.address for part in self.chunk]
        self.objects = list(dict.fromkeys(addresses))
        index = {address: number for number, address in enumerate(self.objects)}
        self.numbers = [index[address] for address in addresses]
        self.days = frozenset(part.raw_object.day for part in self.chunk)
        self.counts = ObjectCounts.zero(self.objects)

    def ingest(self, batch: RawBatch) -> None:
        """Parse and enrich a batch; write when enough rows are pending."""
        parsed = self.context.pipeline.parse(batch.data, batch.starts)
        self._check(batch, parsed)
        owners = _owners(batch, parsed.positions)
        # Before the counts of this batch are added: numbers of records go on from those of earlier batches.
        rejected = list(self._located(batch, parsed.rejected))
        self.rejected += [(self.objects[owner], record) for owner, record in rejected]
        rejected_owners = np.array([owner for owner, _ in rejected], np.int64)
        self.counts.add(parsed, owners, _owners(batch, parsed.filtered), rejected_owners)
        if parsed.rows.num_rows:
            source = pa.DictionaryArray.from_arrays(pa.array(owners, pa.int32()), pa.array(self.objects))
            self.pending.append(self.context.enrich(parsed.rows.append_column("source_object", source)))
        self.pending_bytes += len(batch.data)
        if self.pending_bytes >= RAW_BYTES_PER_FLUSH:
            self.flush()

    def flush(self) -> None:
        """Write all pending rows and rejected records."""
        if self.pending:
            rows = pa.concat_tables(self.pending).unify_dictionaries().combine_chunks()
            # Released now, or the rows would be in memory twice while they are written.
            self.pending = []
            self._write(rows)
        if self.rejected:
            rows = rejected_rows(self.context, self.rejected)
            self.rejected_files += write_partitions(self.context, REJECTED_RECORD, rows)
        self.pending_bytes, self.rejected = 0, []

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
        records = parsed.rows.num_rows + len(parsed.rejected) + len(parsed.filtered)
        if records != parsed.records:
            example = self.objects[int(batch.objects[0])] if len(batch.objects) else ""
            raise AssertionError(
                f"{example}: {parsed.records} records became {records}; this is a bug, please report it"
            )

    def _located(self, batch: RawBatch, rejected: list[Rejected]) -> Iterator[tuple[int, Rejected]]:
        """Every rejected record with the index of its object and its position there."""
        for owner, record in batch.rejected:
            yield owner, self._positioned(owner, record, record.position)
        for record in rejected:
            place = int(np.searchsorted(batch.starts, record.position, side="right")) - 1
            owner = int(batch.objects[place])
            offset = int(batch.offsets[place]) + record.position - int(batch.starts[place])
            yield owner, self._positioned(owner, record, offset)

    def _positioned(self, owner: int, record: Rejected, offset: int) -> Rejected:
        """The record at its offset, or at its number, which goes on where the object's last batch ended."""
        position = offset if record.index is None else record.index + self.counts.records(owner)
        return replace(record, position=position)


def _owners(batch: RawBatch, positions: Ints) -> Ints:
    if len(batch.starts) == 1:
        return np.full(len(positions), batch.objects[0])
    return batch.objects[np.searchsorted(batch.starts, positions, side="right") - 1]
