"""The task that ingests some files of a snapshot: check, parse, sort, enrich, add up, write."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from glue_jobs.columns.arrays import drop_rows, repeat_text, take_rows
from glue_jobs.errors import UnreadableObjectError
from glue_jobs.ingest.duplicates.within_table import duplicates_within
from glue_jobs.ingest.staging.data_files import NewFile, with_schema
from glue_jobs.ingest.staging.rejected_records import RejectedRecords
from glue_jobs.ingest.staging.task_context import TaskContext, write_parts
from glue_jobs.read.fetch import fetch_ranges
from glue_jobs.read.plan import ByteRange
from glue_jobs.read.raw_object import RawObject
from glue_jobs.sources.pipeline import SnapshotPipeline
from glue_jobs.sources.s3_inventory_object.parser import (
    Block,
    InvalidSnapshotError,
    InventoryFile,
    Snapshot,
    SnapshotId,
    find_file,
    read_file,
)
from glue_jobs.sources.s3_inventory_object.storage_totals import partial_totals

# Bytes in memory of the rows of one data file. Sorting and writing these rows takes several times as much memory.
BYTES_PER_DATA_FILE = 80 * 2**20


@dataclass(frozen=True)
class SnapshotChunk:
    """Files of one snapshot for one task. It writes their rows if ``keep_rows``; otherwise it only adds them up."""

    snapshot: Snapshot
    files: tuple[InventoryFile, ...]
    keep_rows: bool

    def __len__(self) -> int:
        return sum(file.size for file in self.files)


@dataclass
class SnapshotChunkResult:
    """The result of a chunk: data files that are not visible yet, totals and counts.

    ``invalid`` is the reason why the snapshot is invalid. ``unreadable`` names a file that cannot be read now.
    """

    files: list[NewFile] = field(default_factory=list)
    rejected_files: list[NewFile] = field(default_factory=list)
    totals: list[pa.Table] = field(default_factory=list)
    rows: int = 0
    rejected: int = 0
    filtered: int = 0
    duplicates: int = 0
    invalid: str | None = None
    unreadable: UnreadableObjectError | None = None


def split_snapshot(snapshot: Snapshot, chunk_size: int, keep_rows: bool) -> Iterator[SnapshotChunk]:
    """The snapshot's files in chunks of similar size, about ``chunk_size`` bytes."""
    total = sum(file.size for file in snapshot.files)
    count = max(1, min(len(snapshot.files), -(-total // chunk_size)))
    chunks: list[list[InventoryFile]] = [[] for _ in range(count)]
    sizes = [0] * count
    for file in sorted(snapshot.files, key=lambda file: -file.size):
        smallest = sizes.index(min(sizes))
        chunks[smallest].append(file)
        sizes[smallest] += file.size
    return (SnapshotChunk(snapshot, tuple(files), keep_rows) for files in chunks if files)


def ingest_snapshot_chunk(context: TaskContext[SnapshotPipeline], chunk: SnapshotChunk) -> SnapshotChunkResult:
    """Write the rows of a chunk as data files.

    Raises:
        StorageError: the storage failed.
    """
    task = _Task(context, chunk)
    try:
        for block, address in _blocks(chunk):
            task.add(block, address)
    except InvalidSnapshotError as error:
        task.result.invalid = str(error)
        return task.result
    except UnreadableObjectError as error:
        task.result.unreadable = error
        return task.result
    return task.finish()


def _blocks(chunk: SnapshotChunk) -> Iterator[tuple[Block, str]]:
    ranges = tuple(ByteRange(RawObject(find_file(file), None), 0, file.size) for file in chunk.files)
    for part, number, pieces in fetch_ranges(ranges, [*range(len(ranges))]):
        file, snapshot = chunk.files[number], chunk.snapshot
        for block in read_file(file, part.raw_object.entry, pieces, snapshot.form, snapshot.fields):
            yield block, file.address


class _Task:
    def __init__(self, context: TaskContext[SnapshotPipeline], chunk: SnapshotChunk) -> None:
        self.result = SnapshotChunkResult()
        self._context = context
        self._chunk = chunk
        self._pending: list[pa.Table] = []
        self._pending_bytes = 0
        self._rejected = RejectedRecords(context)

    def add(self, block: Block, address: str) -> None:
        """Add the records of a block of a file, and write a data file if enough rows are pending."""
        for each in block.rejected:
            self._rejected.add(address, each)
        self.result.rejected += len(block.rejected)
        if block.rows.num_rows:
            source_object = repeat_text(address, block.rows.num_rows)
            self._pending.append(block.rows.append_column("source_object", source_object))
            self._pending_bytes += block.rows.nbytes
        if self._pending_bytes >= BYTES_PER_DATA_FILE:
            self.flush()

    def flush(self) -> None:
        """Write all pending rows."""
        if self._pending:
            rows = pa.concat_tables(self._pending).unify_dictionaries().combine_chunks()
            # Frees the memory of the blocks before the rows are written.
            self._pending = []
            self._write(rows)
        self._pending_bytes = 0

    def finish(self) -> SnapshotChunkResult:
        """Write all pending records; returns the result of the chunk."""
        self.flush()
        self._rejected.flush()
        self.result.rejected_files = self._rejected.files
        return self.result

    def _write(self, rows: pa.Table) -> None:
        table, snapshot = self._context.pipeline.table, self._chunk.snapshot.id
        # Sorted first, because assigning data sets is fastest for sorted keys.
        rows = self._context.enrich(self._sorted_without_duplicates(rows))
        self.result.totals.append(partial_totals(rows))
        if not self._chunk.keep_rows:
            self.result.filtered += rows.num_rows
            return
        self.result.rows += rows.num_rows
        rows = with_schema(table, _with_snapshot_columns(snapshot, rows))
        self.result.files += write_parts(self._context, table, [(snapshot.partition, rows)])

    def _sorted_without_duplicates(self, rows: pa.Table) -> pa.Table:
        """The rows sorted by key, without duplicates."""
        keys = rows["key"].chunk(0)
        if pc.all(pc.less(keys[:-1], keys[1:])).as_py() is not False:
            # S3 writes inventories of current objects in this order.
            return rows
        rows = take_rows(rows, pc.array_sort_indices(keys).to_numpy())
        keys = rows["key"].chunk(0)
        same = pc.equal(keys[1:], keys[:-1]).to_numpy(zero_copy_only=False)
        if not same.any():
            return rows
        repeated = np.flatnonzero(np.append(same, False) | np.insert(same, 0, False))
        duplicates = repeated[duplicates_within(self._context.pipeline.table, rows.take(pa.array(repeated)))]
        self.result.duplicates += len(duplicates)
        return drop_rows(rows, duplicates).combine_chunks()


def _with_snapshot_columns(snapshot: SnapshotId, rows: pa.Table) -> pa.Table:
    count = rows.num_rows
    for name, value in snapshot.columns.items():
        column = repeat_text(value, count) if isinstance(value, str) else pa.repeat(value, count)
        rows = rows.append_column(name, column)
    return rows
