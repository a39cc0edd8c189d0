"""Find duplicates in the new data files of a day: rows that are stored already, or are in another new file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np
import pyarrow as pa

from glue_jobs.columns.arrays import drop_rows, ranks
from glue_jobs.columns.numpy_types import Flags, Ints, Places
from glue_jobs.ingest.duplicates.row_hash import Hashes, round_of_hash, row_hashes
from glue_jobs.ingest.duplicates.within_table import (
    all_but_first,
    comparisons,
    decoded,
    repeated,
    repeats,
    with_occurrences,
)
from glue_jobs.ingest.staging.data_files import NewFile, read_columns
from glue_jobs.ingest.staging.late_rows import LateRows
from glue_jobs.tables.model import Table

# A day with more rows takes several rounds over its files, to bound memory.
HASHES_PER_ROUND = 16_000_000

# Candidates that are compared in every column at a time.
ROWS_PER_BATCH = 200_000

NO_ROWS: Mapping[str, pa.Table] = MappingProxyType({})


@dataclass(frozen=True)
class Day:
    """The files of one partition: addresses and row counts of the stored ones, new ones, and late rows of tasks.

    ``deleted`` has, by the address of a stored file, the positions of the rows that another program deleted.
    """

    stored: list[tuple[str, int]]
    new: list[NewFile]
    late_rows: list[LateRows] = field(default_factory=list)
    deleted: dict[str, Places] = field(default_factory=dict)

    @property
    def partition(self) -> Mapping[str, Any]:
        """The values of the partition columns; there must be new files or late rows."""
        return self.new[0].partition if self.new else self.late_rows[0].partition

    def __len__(self) -> int:
        return (
            sum(rows for _, rows in self.stored) + sum(file.rows for file in self.new) + sum(map(len, self.late_rows))
        )


@dataclass(frozen=True)
class DuplicateRows:
    """Positions of the duplicates in a new file, and the number of them by raw object."""

    file: NewFile
    rows: Places
    counts: Counter[str]


@dataclass(frozen=True)
class _Candidates:
    """Rows that may be duplicates: their hash, the number of their file, and their position in it."""

    hashes: Hashes
    file: Ints
    row: Places

    def __getitem__(self, chosen: Any) -> _Candidates:
        return _Candidates(self.hashes[chosen], self.file[chosen], self.row[chosen])

    def __len__(self) -> int:
        return len(self.row)


@dataclass(frozen=True)
class _Files:
    """The files of a day, by number: ``stored`` stored files, then the new ones, some of which are only in memory."""

    table: Table
    addresses: list[str]
    stored: int
    in_memory: Mapping[str, pa.Table]
    deleted: Mapping[str, Places]

    def read(self, file: int, columns: tuple[str, ...]) -> pa.Table:
        """These columns of the file's rows, without deleted rows and without dictionaries."""
        address = self.addresses[file]
        if address in self.in_memory:
            rows = self.in_memory[address].select(columns)
            return pa.table([decoded(column) for column in rows.columns], names=list(columns))
        rows = read_columns(self.table, address, columns)
        return drop_rows(rows, self.deleted[address]) if address in self.deleted else rows


def find_duplicates(table: Table, day: Day, in_memory: Mapping[str, pa.Table] = NO_ROWS) -> list[DuplicateRows]:
    """The duplicates in the day's new files. Of equal new rows, the one of the first raw object stays.

    ``in_memory`` has, by address, the rows of new files that are not written yet. ``day.late_rows`` are ignored. No
    file may contain duplicates of its own rows.
    """
    addresses = [*(address for address, _ in day.stored), *(file.address for file in day.new)]
    if len(addresses) == 1:
        return []
    files = _Files(table, addresses, len(day.stored), in_memory, day.deleted)
    rounds = -(-len(day) // HASHES_PER_ROUND)
    dropped: dict[int, list[pa.Table]] = {}
    for number in range(rounds):
        candidates = _with_shared_hash(files, number, rounds)
        if len(candidates) > ROWS_PER_BATCH:
            candidates = _in_several_files(_rehashed(files, candidates), files.stored)
        for batch in _batches(candidates):
            for file, rows in _duplicates_among(files, batch):
                dropped.setdefault(file, []).append(rows)
    return [
        _duplicate_rows(day.new[file - files.stored], pa.concat_tables(parts))
        for file, parts in sorted(dropped.items())
    ]


def _with_shared_hash(files: _Files, number: int, rounds: int) -> _Candidates:
    """The rows of round ``number`` that share the hash of their first identity column with a row of another file."""
    parts = []
    for file in range(len(files.addresses)):
        hashes = row_hashes(files.read(file, files.table.identity[:1]).columns)
        rows = np.flatnonzero(round_of_hash(hashes, rounds) == number) if rounds > 1 else np.arange(len(hashes))
        parts.append(_Candidates(hashes[rows], np.full(len(rows), file, dtype=np.int64), rows))
    return _in_several_files(_joined(parts), files.stored)


def _rehashed(files: _Files, candidates: _Candidates) -> _Candidates:
    """The candidates with the hash of their whole identity."""
    parts = []
    for file, rows in _by_file(candidates):
        values = files.read(file, files.table.identity).take(pa.array(rows))
        parts.append(_Candidates(row_hashes(values.columns), np.full(len(rows), file, dtype=np.int64), rows))
    return _joined(parts)


def _by_file(candidates: _Candidates) -> Iterator[tuple[int, Places]]:
    for file in np.unique(candidates.file):
        yield int(file), candidates.row[candidates.file == file]


def _joined(parts: list[_Candidates]) -> _Candidates:
    return _Candidates(
        np.concatenate([part.hashes for part in parts]),
        np.concatenate([part.file for part in parts]),
        np.concatenate([part.row for part in parts]),
    )


def _in_several_files(candidates: _Candidates, stored: int) -> _Candidates:
    """The candidates whose hash occurs in several files, at least one of them new; sorted by hash."""
    chosen, groups = repeated(candidates.hashes)
    shared = candidates[chosen]
    if not len(groups):
        return shared
    starts = np.flatnonzero(np.diff(groups, prepend=-1))
    last = np.maximum.reduceat(shared.file, starts)
    wanted: Flags = (last >= stored) & (last > np.minimum.reduceat(shared.file, starts))
    return shared[wanted[groups]]


def _batches(candidates: _Candidates) -> Iterator[_Candidates]:
    """Batches of about ROWS_PER_BATCH rows; rows with the same hash are in the same batch."""
    if not len(candidates):
        return
    hashes = candidates.hashes
    starts = np.flatnonzero(np.diff(hashes, prepend=hashes[:1] + np.uint64(1)) != 0)
    wanted = np.unique(np.searchsorted(starts, np.arange(0, len(candidates), ROWS_PER_BATCH)))
    edges = [int(starts[at]) for at in wanted if at < len(starts)]
    for start, stop in zip(edges, [*edges[1:], len(candidates)], strict=True):
        yield candidates[start:stop]


def _duplicates_among(files: _Files, candidates: _Candidates) -> Iterator[tuple[int, pa.Table]]:
    """For each new file, the positions and raw objects of the rows to drop."""
    values = _values(files, candidates, files.table.compared)
    for columns, chosen in comparisons(files.table, values):
        part = values.filter(pa.array(chosen))
        if not part.num_rows:
            continue
        if columns != files.table.compared:
            again = _Candidates(candidates.hashes[: len(part)], part["file"].to_numpy(), part["row"].to_numpy())
            part = _values(files, again, columns)
        yield from _dropped(files, part, columns)


def _values(files: _Files, candidates: _Candidates, columns: tuple[str, ...]) -> pa.Table:
    """These columns of the candidates, with their raw object, their file and their position in the file."""
    parts = []
    for file, rows in _by_file(candidates):
        values = files.read(file, (*columns, "source_object")).take(pa.array(rows))
        parts.append(values.append_column("row", pa.array(rows)).append_column("file", pa.repeat(file, len(rows))))
    return pa.concat_tables(parts)


def _dropped(files: _Files, values: pa.Table, columns: tuple[str, ...]) -> Iterator[tuple[int, pa.Table]]:
    file = values["file"].to_numpy()
    is_new = file >= files.stored
    order = (is_new, ranks(values["source_object"]), file, values["row"].to_numpy())
    if repeats(files.table, values):
        values, columns = with_occurrences(values, columns, order, is_new)
    again = all_but_first(values, columns, order)
    dropped = again[is_new[again]]
    for number in np.unique(file[dropped]):
        yield int(number), values.select(["row", "source_object"]).take(pa.array(dropped[file[dropped] == number]))


def _duplicate_rows(file: NewFile, rows: pa.Table) -> DuplicateRows:
    return DuplicateRows(file, np.sort(rows["row"].to_numpy()), Counter(rows["source_object"].to_pylist()))
