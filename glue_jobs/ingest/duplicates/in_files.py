"""Rows of new data files that are stored already, or in another new one: found day by day, so that they are left out.

On most days there are none, and one number per row shows it: the first identity column, folded to 64 bits. Rows that
share a number are looked at in every column; when they are many, first in their whole identity.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from glue_jobs.columns.arrays import ranks
from glue_jobs.ingest.data_files import NewFile, columns_of
from glue_jobs.ingest.duplicates.fold import fold
from glue_jobs.ingest.duplicates.in_memory import Rows, all_but_first, decoded, repeated, ways
from glue_jobs.ingest.late_rows import LateRows
from glue_jobs.storage import storage_for
from glue_jobs.tables.model import Table

# Rows whose numbers are compared at a time; a busier day takes several rounds over its files.
MOST_NUMBERS = 16_000_000

# Rows compared in every column at a time.
MOST_ROWS = 200_000

NOTHING: Mapping[str, pa.Table] = MappingProxyType({})


@dataclass(frozen=True)
class Day:
    """The files of one partition: addresses and row counts of what is stored, what this run wrote, and set aside."""

    stored: list[tuple[str, int]]
    new: list[NewFile]
    late_rows: list[LateRows] = field(default_factory=list)

    @property
    def partition(self) -> Mapping[str, Any]:
        """The partition, of which something is new or aside."""
        return self.new[0].partition if self.new else self.late_rows[0].partition

    def __len__(self) -> int:
        return (
            sum(rows for _, rows in self.stored) + sum(file.rows for file in self.new) + sum(map(len, self.late_rows))
        )


@dataclass(frozen=True)
class DuplicateRows:
    """Rows of a new file that are stored already, or in another new one; ``counts`` has them per raw object."""

    file: NewFile
    rows: Rows
    counts: Counter[str]


@dataclass(frozen=True)
class _Places:
    """Rows of files: ``number`` is what they are compared by, ``file`` an index, ``row`` a position in it."""

    number: npt.NDArray[np.uint64]
    file: Rows
    row: Rows


@dataclass(frozen=True)
class _Files:
    """Files of one day: the first of them are stored, the others new; some of those are not written yet but held."""

    table: Table
    addresses: list[str]
    stored: int
    held: Mapping[str, pa.Table]

    def read(self, file: int, columns: tuple[str, ...]) -> pa.Table:
        """These columns of the numbered file, text as such."""
        address = self.addresses[file]
        if address in self.held:
            rows = self.held[address].select(columns)
            return pa.table([decoded(column) for column in rows.columns], names=list(columns))
        with storage_for(address).open(address) as source:
            return columns_of(self.table, pq.ParquetFile(source).read(list(columns), use_threads=False), columns)


def find_duplicates(table: Table, day: Day, held: Mapping[str, pa.Table] = NOTHING) -> list[DuplicateRows]:
    """Rows of the day's new files that are there twice; of equal new rows the one of the first raw object stays.

    ``held`` has the rows of those new files that are not written yet, by address. What is set aside is not looked at.
    """
    addresses = [*(address for address, _ in day.stored), *(file.address for file in day.new)]
    if len(addresses) == 1:
        # No file holds its own rows again.
        return []
    files = _Files(table, addresses, len(day.stored), held)
    rounds = -(-len(day) // MOST_NUMBERS)
    dropped: dict[int, list[pa.Table]] = {}
    for number in range(rounds):
        alike = _alike(files, number, rounds)
        if len(alike.row) > MOST_ROWS:
            alike = _across(_renumbered(files, alike), files.stored)
        for batch in _batches(alike):
            for file, rows in _equal(files, batch):
                dropped.setdefault(file, []).append(rows)
    return [
        _duplicates(day.new[file - files.stored], pa.concat_tables(parts)) for file, parts in sorted(dropped.items())
    ]


def _alike(files: _Files, number: int, rounds: int) -> _Places:
    """Rows that share their number with another, at least one of them new; round ``number`` of ``rounds``."""
    parts = []
    for file in range(len(files.addresses)):
        folded = fold(files.read(file, files.table.identity[:1]).columns)
        rows = np.flatnonzero(_rounds(folded, rounds) == number) if rounds > 1 else np.arange(len(folded))
        parts.append(_Places(folded[rows], np.full(len(rows), file, dtype=np.int64), rows))
    return _across(_joined(parts), files.stored)


def _rounds(numbers: npt.NDArray[np.uint64], rounds: int) -> npt.NDArray[np.uint64]:
    """The round of each number; only the upper half of it depends on every byte that was folded."""
    return (numbers >> np.uint64(32)) % np.uint64(rounds)


def _renumbered(files: _Files, places: _Places) -> _Places:
    parts = []
    for file in np.unique(places.file):
        rows = places.row[places.file == file]
        values = files.read(int(file), files.table.identity).take(pa.array(rows))
        parts.append(_Places(fold(values.columns), np.full(len(rows), file, dtype=np.int64), rows))
    return _joined(parts)


def _joined(parts: list[_Places]) -> _Places:
    return _Places(
        np.concatenate([part.number for part in parts]),
        np.concatenate([part.file for part in parts]),
        np.concatenate([part.row for part in parts]),
    )


def _across(places: _Places, stored: int) -> _Places:
    """Those whose number occurs in more than one file, one of them new, sorted by it."""
    chosen, groups = repeated(places.number)
    alike = _Places(places.number[chosen], places.file[chosen], places.row[chosen])
    if not len(groups):
        return alike
    starts = np.flatnonzero(np.diff(groups, prepend=-1))
    last = np.maximum.reduceat(alike.file, starts)
    wanted = ((last >= stored) & (last > np.minimum.reduceat(alike.file, starts)))[groups]
    return _Places(alike.number[wanted], alike.file[wanted], alike.row[wanted])


def _batches(places: _Places) -> Iterator[_Places]:
    """Pieces of about MOST_ROWS rows that never part rows with the same number."""
    if not len(places.row):
        return
    starts = np.flatnonzero(np.diff(places.number, prepend=places.number[:1] + np.uint64(1)) != 0)
    wanted = np.unique(np.searchsorted(starts, np.arange(0, len(places.row), MOST_ROWS)))
    cuts = [int(starts[at]) for at in wanted if at < len(starts)]
    for start, stop in zip(cuts, [*cuts[1:], len(places.row)], strict=True):
        yield _Places(places.number[start:stop], places.file[start:stop], places.row[start:stop])


def _equal(files: _Files, places: _Places) -> Iterator[tuple[int, pa.Table]]:
    """Per new file, row and raw object of those that are the same record as another, all but the first."""
    values = _values(files, places, files.table.compared)
    for columns, chosen in ways(files.table, values):
        part = values.filter(pa.array(chosen))
        if not part.num_rows:
            continue
        if columns != files.table.compared:
            part = _values(files, _chosen(places, part), columns)
        yield from _again(part, columns, files.stored)


def _values(files: _Files, places: _Places, columns: tuple[str, ...]) -> pa.Table:
    """The rows in these columns, with where they are."""
    parts = []
    for file in np.unique(places.file):
        rows = pa.array(places.row[places.file == file])
        values = files.read(int(file), (*columns, "source_object")).take(rows)
        parts.append(values.append_column("row", rows).append_column("file", pa.repeat(int(file), len(rows))))
    return pa.concat_tables(parts)


def _chosen(places: _Places, values: pa.Table) -> _Places:
    """The places of rows that `_values` has read."""
    return _Places(places.number[: values.num_rows], values["file"].to_numpy(), values["row"].to_numpy())


def _again(values: pa.Table, columns: tuple[str, ...], stored: int) -> Iterator[tuple[int, pa.Table]]:
    files = values["file"].to_numpy()
    again = all_but_first(
        values, columns, (files >= stored, ranks(values["source_object"]), files, values["row"].to_numpy())
    )
    dropped = again[files[again] >= stored]
    for file in np.unique(files[dropped]):
        yield int(file), values.select(["row", "source_object"]).take(pa.array(dropped[files[dropped] == file]))


def _duplicates(file: NewFile, rows: pa.Table) -> DuplicateRows:
    return DuplicateRows(file, np.sort(rows["row"].to_numpy()), Counter(rows["source_object"].to_pylist()))
