"""What a task does with a chunk: fetch, parse, enrich, write; only descriptors and counts go back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from glue_jobs.ingest.data_files import NewFile, partitions, with_schema
from glue_jobs.ingest.duplicates.in_memory import duplicates_within
from glue_jobs.ingest.late_rows import LateRows, split_late_rows, write_late_rows
from glue_jobs.ingest.task_context import TaskContext, rejected_rows, write_partitions, write_parts
from glue_jobs.read.fetch import RawBatch, read_batches
from glue_jobs.read.parsed import Parsed, Rejected
from glue_jobs.read.plan import Chunk
from glue_jobs.sources.pipeline import EventPipeline
from glue_jobs.tables.rejected_record import REJECTED_RECORD

# Raw bytes turned into one set of data files: what a worker holds as Arrow rows before it sorts and writes them.
# More than a chunk, so that one chunk makes one file a day, but for objects that were packed.
FLUSH = 160 * 2**20


@dataclass(frozen=True)
class ObjectCounts:
    """What a chunk held of each of its objects; one array element per object."""

    addresses: list[str]
    rows: npt.NDArray[np.int64]
    rejected: npt.NDArray[np.int64]
    filtered: npt.NDArray[np.int64]
    first: npt.NDArray[np.int64]
    last: npt.NDArray[np.int64]
    duplicates: npt.NDArray[np.int64]


@dataclass(frozen=True)
class ChunkResult:
    """What a chunk became: data files not yet visible, rows too few for one, and counts."""

    files: list[NewFile]
    late_rows: list[LateRows]
    rejected_files: list[NewFile]
    counts: ObjectCounts


@dataclass
class _Task:
    context: TaskContext[EventPipeline]
    objects: list[str]
    days: frozenset[date | None]
    pending: list[pa.Table] = field(default_factory=list)
    pending_bytes: int = 0
    refused: list[tuple[int, Rejected]] = field(default_factory=list)
    files: list[NewFile] = field(default_factory=list)
    late_rows: list[LateRows] = field(default_factory=list)
    rejected_files: list[NewFile] = field(default_factory=list)


def ingest_chunk(context: TaskContext[EventPipeline], chunk: Chunk) -> ChunkResult:
    """Turn a chunk's objects into data files.

    Raises:
        StorageError: an object cannot be read or a file cannot be written.
    """
    objects = list(dict.fromkeys(part.raw_object.entry.address for part in chunk))
    index = {address: number for number, address in enumerate(objects)}
    task = _Task(context, objects, frozenset(part.raw_object.day for part in chunk))
    counts = _no_counts(objects)
    pipeline = context.pipeline
    for piece in read_batches(chunk, [index[part.raw_object.entry.address] for part in chunk], pipeline.framing):
        parsed = pipeline.parse(piece.data, piece.starts)
        _check(parsed, objects[int(piece.objects[0])] if len(piece.objects) else "")
        owners = _owners(piece, parsed.positions)
        refused = list(_located(piece, parsed.rejected, counts))
        _count(counts, parsed, owners, refused)
        counts.filtered[:] += np.bincount(_owners(piece, parsed.filtered), minlength=len(objects))
        task.refused += refused
        if parsed.rows.num_rows:
            source = pa.DictionaryArray.from_arrays(pa.array(owners, pa.int32()), pa.array(objects))
            rows = parsed.rows.append_column("source_object", source)
            task.pending.append(context.enrich(rows))
        task.pending_bytes += len(piece.data)
        if task.pending_bytes >= FLUSH:
            _flush(task, counts)
    _flush(task, counts)
    return ChunkResult(task.files, task.late_rows, task.rejected_files, counts)


def _check(parsed: Parsed, example: str) -> None:
    found = parsed.rows.num_rows + len(parsed.rejected) + len(parsed.filtered)
    if found != parsed.records:
        raise AssertionError(f"{example}: {parsed.records} records became {found}; this is a bug, please report it")


def _owners(piece: RawBatch, positions: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    if len(piece.starts) == 1:
        return np.full(len(positions), piece.objects[0])
    return piece.objects[np.searchsorted(piece.starts, positions, side="right") - 1]


def _located(piece: RawBatch, rejected: list[Rejected], before: ObjectCounts) -> Iterator[tuple[int, Rejected]]:
    """Every refused record with its object and its place there."""
    for owner, each in piece.rejected:
        yield owner, replace(each, position=_place(owner, each, each.position, before))
    for each in rejected:
        place = int(np.searchsorted(piece.starts, each.position, side="right")) - 1
        owner = int(piece.objects[place])
        offset = int(piece.offsets[place]) + each.position - int(piece.starts[place])
        yield owner, replace(each, position=_place(owner, each, offset, before))


def _place(owner: int, rejected: Rejected, offset: int, before: ObjectCounts) -> int:
    """The offset of a line; the number of a record, which goes on where the object's last piece ended."""
    if rejected.index is None:
        return offset
    return rejected.index + int(before.rows[owner] + before.rejected[owner] + before.filtered[owner])


def _no_counts(objects: list[str]) -> ObjectCounts:
    zeros = [np.zeros(len(objects), dtype=np.int64) for _ in range(4)]
    limits = np.iinfo(np.int64)
    first = np.full(len(objects), limits.max, dtype=np.int64)
    last = np.full(len(objects), limits.min, dtype=np.int64)
    return ObjectCounts(objects, zeros[0], zeros[1], zeros[2], first, last, zeros[3])


def _count(
    counts: ObjectCounts, parsed: Parsed, owners: npt.NDArray[np.int64], refused: list[tuple[int, Rejected]]
) -> None:
    size = len(counts.addresses)
    counts.rows[:] += np.bincount(owners, minlength=size)
    counts.rejected[:] += np.bincount(np.array([owner for owner, _ in refused], dtype=np.int64), minlength=size)
    if len(owners):
        times = pc.cast(parsed.rows["event_time"], pa.int64()).to_numpy()
        edges = np.flatnonzero(np.diff(owners, prepend=-1))
        np.minimum.at(counts.first, owners[edges], np.minimum.reduceat(times, edges))
        np.maximum.at(counts.last, owners[edges], np.maximum.reduceat(times, edges))


def _flush(task: _Task, counts: ObjectCounts) -> None:
    if task.pending:
        rows = pa.concat_tables(task.pending).unify_dictionaries().combine_chunks()
        # Not held a second time while they are written.
        task.pending = []
        _store(task, rows, _duplicates(task, rows, counts))
    if task.refused:
        refused = [(task.objects[owner], each) for owner, each in task.refused]
        task.rejected_files += write_partitions(task.context, REJECTED_RECORD, rejected_rows(task.context, refused))
    task.pending_bytes, task.refused = 0, []


def _store(task: _Task, rows: pa.Table, duplicates: npt.NDArray[np.int64]) -> None:
    table = task.context.pipeline.table
    many, few = split_late_rows(partitions(table, with_schema(table, rows), duplicates), task.days)
    task.files += write_parts(task.context, table, many)
    task.late_rows += write_late_rows(task.context, few)


def _duplicates(task: _Task, rows: pa.Table, counts: ObjectCounts) -> npt.NDArray[np.int64]:
    """Where rows are that are there twice: left out here, no file has to be written again for them."""
    table = task.context.pipeline.table
    duplicates = duplicates_within(table, rows) if table.identity else np.array([], np.int64)
    owners = rows["source_object"].chunk(0).indices.to_numpy()[duplicates]
    counts.duplicates[:] += np.bincount(owners, minlength=len(task.objects))
    return duplicates
