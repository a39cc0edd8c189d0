"""Rows that are there twice: what makes two of them the same record, and which of them stays."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from glue_jobs.columns.arrays import ranks
from glue_jobs.ingest.duplicates.fold import fold
from glue_jobs.tables.model import Table

Rows = npt.NDArray[np.int64]


def duplicates_within(table: Table, rows: pa.Table) -> Rows:
    """Positions of the rows that are there twice in one table in memory; that of the first raw object stays.

    Most doubled lines are delivered hours apart, so that they meet in one task, before anything is written.
    """
    alike = _in_memory(rows, np.arange(rows.num_rows), table.identity[:1])
    if len(alike):
        alike = _in_memory(rows, alike, table.identity)
    if not len(alike):
        return alike
    # Rows of different days never meet in files either.
    days = tuple(name for name in table.partitions if name in rows.column_names and name not in table.record)
    values = rows.select([*table.record, *days, "source_object"]).take(pa.array(alike))
    duplicates = [alike[:0]]
    for columns, chosen in ways(table, values):
        part, places = values.filter(pa.array(chosen)), alike[chosen]
        duplicates.append(places[all_but_first(part, (*columns, *days), (ranks(part["source_object"]), places))])
    return np.sort(np.concatenate(duplicates))


def ways(table: Table, values: pa.Table) -> Iterator[tuple[tuple[str, ...], npt.NDArray[np.bool_]]]:
    """The columns that make rows the same, and the rows they hold for: an id is enough, but no id is not."""
    if not table.same:
        yield table.compared, np.ones(values.num_rows, dtype=bool)
        return
    named = values[table.same[0]].is_valid().to_numpy()
    yield table.same, named
    yield table.record, ~named


def _in_memory(rows: pa.Table, places: Rows, columns: tuple[str, ...]) -> Rows:
    """Those of the places that share the number of their columns with another one, ascending."""
    values = rows.select(columns)
    if len(places) < rows.num_rows:
        values = values.take(pa.array(places))
    alike, _ = repeated(fold(decoded(column) for column in values.columns))
    return places[np.sort(alike)]


def decoded(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """The column without a dictionary."""
    return column.cast(column.type.value_type) if pa.types.is_dictionary(column.type) else column


def repeated(numbers: npt.NDArray[np.uint64]) -> tuple[Rows, Rows]:
    """Positions of the numbers that occur more than once, sorted by number, and which of them belong together."""
    order = np.argsort(numbers)
    ordered = numbers[order]
    same = ordered[1:] == ordered[:-1]
    member = np.zeros(len(order), dtype=bool)
    member[1:] |= same
    member[:-1] |= same
    chosen = order[member]
    return chosen, np.cumsum(np.diff(numbers[chosen], prepend=numbers[chosen[:1]]) != 0)


def all_but_first(values: pa.Table, columns: tuple[str, ...], order: tuple[Rows, ...]) -> Rows:
    """Positions of the rows that are equal to an earlier one in all columns; ``order`` says which is earlier."""
    groups = _groups(values, columns)
    ordered = np.lexsort((*reversed(order), groups))
    again: Rows = ordered[np.flatnonzero(np.diff(groups[ordered], prepend=-1) == 0)]
    return again


def _groups(values: pa.Table, columns: tuple[str, ...]) -> Rows:
    """A number per row, the same for rows that are equal in all columns."""
    groups = np.zeros(values.num_rows, dtype=np.int64)
    for name in columns:
        codes = np.unique(ranks(_comparable(values[name])), return_inverse=True)[1]
        groups = np.unique(groups * values.num_rows + codes, return_inverse=True)[1]
        if int(groups.max(initial=0)) + 1 == values.num_rows:
            break
    return groups


def _comparable(column: pa.ChunkedArray) -> pa.ChunkedArray:
    if not pa.types.is_list(column.type):
        return column
    # A list as the bytes of its elements' ranks: equal lists give equal bytes, and no separator can be forged.
    lists = column.combine_chunks()
    elements = ranks(pa.chunked_array([lists.flatten()]))
    lengths = pc.fill_null(pc.list_value_length(lists), 0).to_numpy()
    offsets = np.concatenate([[0], np.cumsum(lengths) * elements.itemsize]).astype(np.int32)
    texts = pa.Array.from_buffers(pa.binary(), len(lists), [None, pa.py_buffer(offsets), pa.py_buffer(elements)])
    return pa.chunked_array([pc.if_else(lists.is_valid(), texts, None)])
