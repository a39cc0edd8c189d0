"""What a task does with files of a snapshot: check, parse, enrich, sum up, write."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from glue_jobs.columns.arrays import drop_rows, repeat_text, take_rows
from glue_jobs.ingest.data_files import NewFile, with_schema
from glue_jobs.ingest.duplicates.in_memory import duplicates_within
from glue_jobs.ingest.task_context import TaskContext, rejected_rows, write_partitions, write_parts
from glue_jobs.read.fetch import fetch_ranges
from glue_jobs.read.parsed import Rejected
from glue_jobs.read.plan import ByteRange
from glue_jobs.read.raw_object import RawObject
from glue_jobs.sources.pipeline import SnapshotPipeline
from glue_jobs.sources.s3_inventory_object.parser import (
    Block,
    InvalidSnapshotError,
    InventoryFile,
    Snapshot,
    find,
    read_file,
)
from glue_jobs.sources.s3_inventory_object.storage_totals import partial_totals
from glue_jobs.tables.rejected_record import REJECTED_RECORD

# Rows in memory that become one data file: a worker holds them several times over while it sorts and writes them.
FLUSH = 80 * 2**20


@dataclass(frozen=True)
class Share:
    """Files of one snapshot for one task; without ``detail`` they are only counted and summed up."""

    snapshot: Snapshot
    files: tuple[InventoryFile, ...]
    detail: bool

    def __len__(self) -> int:
        return sum(file.size for file in self.files)


@dataclass
class ShareResult:
    """What a share became: data files not yet visible, sums, and counts; or why the snapshot is ``refused``."""

    files: list[NewFile] = field(default_factory=list)
    rejected_files: list[NewFile] = field(default_factory=list)
    totals: list[pa.Table] = field(default_factory=list)
    rows: int = 0
    rejected: int = 0
    filtered: int = 0
    duplicates: int = 0
    refused: str | None = None


def shares_of(snapshot: Snapshot, size: int, detail: bool) -> Iterator[Share]:
    """The snapshot's files in shares of about ``size`` bytes, all of about the same."""
    total = sum(file.size for file in snapshot.files)
    count = max(1, min(len(snapshot.files), -(-total // size)))
    shares: list[list[InventoryFile]] = [[] for _ in range(count)]
    sizes = [0] * count
    for file in sorted(snapshot.files, key=lambda file: -file.size):
        smallest = sizes.index(min(sizes))
        shares[smallest].append(file)
        sizes[smallest] += file.size
    return (Share(snapshot, tuple(share), detail) for share in shares if share)


def ingest_share(context: TaskContext[SnapshotPipeline], share: Share) -> ShareResult:
    """Turn a share into data files.

    Raises:
        StorageError: a file cannot be read or written.
    """
    task = _Task(context, share)
    try:
        for block, file in _blocks(share):
            task.add(block, file)
    except InvalidSnapshotError as error:
        task.result.refused = str(error)
        return task.result
    task.flush()
    return task.result


def _blocks(share: Share) -> Iterator[tuple[Block, str]]:
    parts = [ByteRange(RawObject(find(file), None), 0, file.size) for file in share.files]
    for part, number, pieces in fetch_ranges(tuple(parts), list(range(len(parts)))):
        file, entry = share.files[number], part.raw_object.entry
        for block in read_file(file, entry, pieces, share.snapshot.form, share.snapshot.fields):
            yield block, file.address


class _Task:
    def __init__(self, context: TaskContext[SnapshotPipeline], share: Share) -> None:
        self.result = ShareResult()
        self._context = context
        self._share = share
        self._pending: list[pa.Table] = []
        self._bytes = 0
        self._refused: list[tuple[str, Rejected]] = []

    def add(self, block: Block, file: str) -> None:
        """Take the records of a block of a file; what has become much is written."""
        self._refused += [(file, each) for each in block.rejected]
        self.result.rejected += len(block.rejected)
        if block.rows.num_rows:
            self._pending.append(block.rows.append_column("source_object", repeat_text(file, block.rows.num_rows)))
            self._bytes += block.rows.nbytes
        if self._bytes >= FLUSH:
            self.flush()

    def flush(self) -> None:
        """Write what is pending."""
        if self._pending:
            rows = pa.concat_tables(self._pending).unify_dictionaries().combine_chunks()
            # Not held a second time while they are written.
            self._pending = []
            self._write(rows)
        if self._refused:
            rejected = rejected_rows(self._context, self._refused)
            self.result.rejected_files += write_partitions(self._context, REJECTED_RECORD, rejected)
        self._bytes, self._refused = 0, []

    def _write(self, rows: pa.Table) -> None:
        table, snapshot, result = self._context.pipeline.table, self._share.snapshot, self.result
        if not _all_behind_the_last(rows["key"].chunk(0)):
            rows = self._without_duplicates(take_rows(rows, pc.array_sort_indices(rows["key"].chunk(0)).to_numpy()))
        # What keys are of is found soonest when they are in order.
        rows = self._context.enrich(rows)
        result.totals.append(partial_totals(rows))
        if not self._share.detail:
            result.filtered += rows.num_rows
            return
        result.rows += rows.num_rows
        result.files += write_parts(
            self._context, table, [(snapshot.partition, with_schema(table, _with_file_constants(snapshot, rows)))]
        )

    def _without_duplicates(self, rows: pa.Table) -> pa.Table:
        """The rows, ordered by key, without those that are there twice."""
        keys = rows["key"].chunk(0)
        same = pc.equal(keys[1:], keys[:-1]).to_numpy(zero_copy_only=False)
        if not same.any():
            return rows
        alike = np.flatnonzero(np.append(same, False) | np.insert(same, 0, False))
        duplicates = alike[duplicates_within(self._context.pipeline.table, rows.take(pa.array(alike)))]
        self.result.duplicates += len(duplicates)
        return drop_rows(rows, duplicates).combine_chunks()


def _all_behind_the_last(keys: pa.StringArray) -> bool:
    """Whether each key comes after the one before it, so that they are in order and none is there twice."""
    return pc.all(pc.less(keys[:-1], keys[1:])).as_py() is not False


def _with_file_constants(snapshot: Snapshot, rows: pa.Table) -> pa.Table:
    """The rows with the columns that tell of which snapshot they are."""
    count = rows.num_rows
    file_constants: dict[str, Any] = {
        "source_bucket": repeat_text(snapshot.source_bucket, count),
        "inventory_id": repeat_text(snapshot.inventory_id, count),
        "snapshot_time": pa.repeat(pa.scalar(snapshot.time, pa.timestamp("us")), count),
        "snapshot_date": pa.repeat(pa.scalar(snapshot.time.date(), pa.date32()), count),
    }
    for name, column in file_constants.items():
        rows = rows.append_column(name, column)
    return rows
