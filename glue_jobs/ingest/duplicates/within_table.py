"""Find duplicates within one table in memory, with the helpers that finding them across files uses too."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from glue_jobs.columns.arrays import ranks
from glue_jobs.columns.numpy_types import Flags, Ints, Places
from glue_jobs.ingest.duplicates.row_hash import Hashes, row_hashes
from glue_jobs.tables.model import Table


def duplicates_within(table: Table, rows: pa.Table) -> Places:
    """Positions of the rows to drop so that each record remains once; the row of the first raw object stays.

    ``rows`` has the table's columns; texts may be dictionary-encoded.
    """
    candidates = _with_shared_hash(rows, np.arange(rows.num_rows), table.identity[:1])
    if len(candidates):
        candidates = _with_shared_hash(rows, candidates, table.identity)
    if not len(candidates):
        return candidates
    # Rows of different partitions count as different records, as they do across files.
    partitions = tuple(name for name in table.partitions if name in rows.column_names and name not in table.record)
    columns = dict.fromkeys((*table.compared, *table.compared_without_same, *partitions, "source_object"))
    values = rows.select(list(columns)).take(pa.array(candidates))
    duplicates = [candidates[:0]]
    for compared, chosen in comparisons(table, values):
        part, positions = values.filter(pa.array(chosen)), candidates[chosen]
        compared = (*compared, *partitions)
        order = (ranks(part["source_object"]), positions)
        if repeats(table, part):
            part, compared = with_occurrences(part, compared, order, np.zeros(len(part), dtype=bool))
        duplicates.append(positions[all_but_first(part, compared, order)])
    return np.sort(np.concatenate(duplicates))


def comparisons(table: Table, values: pa.Table) -> Iterator[tuple[tuple[str, ...], Flags]]:
    """The columns in which rows must be equal to be the same record, each set with a mask of the rows it applies to.

    The columns of `Table.same`, if declared, apply to rows with a value in the first of them.
    """
    if not (table.same or table.repeats_without_id):
        yield table.compared, np.ones(values.num_rows, dtype=bool)
        return
    has_id = values[table.same[0] if table.same else table.identity[0]].is_valid().to_numpy()
    yield table.compared, has_id
    yield table.compared_without_same, ~has_id


def repeats(table: Table, part: pa.Table) -> bool:
    """Whether equal rows of a part of `comparisons` are different records, except in copies of their raw object."""
    return table.repeats_without_id and not pc.any(pc.is_valid(part[table.identity[0]])).as_py()


def with_occurrences(
    values: pa.Table, columns: tuple[str, ...], order: tuple[Ints, ...], is_new: Flags
) -> tuple[pa.Table, tuple[str, ...]]:
    """Add the name of each row's raw object, and the number of equal rows before it in that object.

    Returns the rows, and all columns to compare. A stored row and a new one (``is_new``) of the same raw object come
    from different versions of it.
    """
    groups = _groups(values, (*columns, "source_object")) * 2 + is_new
    ordered = np.lexsort((*reversed(order), groups))
    begins = np.diff(groups[ordered], prepend=-1) != 0
    starts = np.flatnonzero(begins)
    occurrences = np.empty(len(groups), dtype=np.int64)
    occurrences[ordered] = np.arange(len(groups)) - starts[np.cumsum(begins) - 1]
    names = pc.replace_substring_regex(decoded(values["source_object"]), "^.*/", "")
    told_apart = values.append_column("object_name", names).append_column("occurrence", pa.array(occurrences))
    return told_apart, (*columns, "object_name", "occurrence")


def _with_shared_hash(rows: pa.Table, positions: Places, columns: tuple[str, ...]) -> Places:
    """The positions, ascending, of rows whose hash of these columns another of the rows shares."""
    values = rows.select(columns)
    if len(positions) < rows.num_rows:
        values = values.take(pa.array(positions))
    shared, _ = repeated(row_hashes(decoded(column) for column in values.columns))
    return positions[np.sort(shared)]


def decoded(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """The column without a dictionary."""
    return column.cast(column.type.value_type) if pa.types.is_dictionary(column.type) else column


def repeated(hashes: Hashes) -> tuple[Places, Ints]:
    """Positions of the hashes that occur more than once, sorted by hash, and the group number of each."""
    _, groups, counts = np.unique(hashes, return_inverse=True, return_counts=True)
    chosen = np.flatnonzero(counts[groups] > 1)
    chosen = chosen[np.argsort(groups[chosen])]
    return chosen, np.unique(groups[chosen], return_inverse=True)[1]


def all_but_first(values: pa.Table, columns: tuple[str, ...], order: tuple[Ints, ...]) -> Places:
    """Positions of the rows that equal an earlier row in all columns; the keys in ``order`` define which is earlier."""
    groups = _groups(values, columns)
    ordered = np.lexsort((*reversed(order), groups))
    again: Places = ordered[np.flatnonzero(np.diff(groups[ordered], prepend=-1) == 0)]
    return again


def _groups(values: pa.Table, columns: tuple[str, ...]) -> Ints:
    """A number for each row, the same for rows that are equal in all columns."""
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
    # A list becomes the bytes of its elements' ranks. All ranks have the same width, so different lists differ.
    lists = column.combine_chunks()
    elements = ranks(pa.chunked_array([lists.flatten()]))
    lengths = pc.fill_null(pc.list_value_length(lists), 0).to_numpy()
    offsets = np.concatenate([[0], np.cumsum(lengths) * elements.itemsize]).astype(np.int32)
    texts = pa.Array.from_buffers(pa.binary(), len(lists), [None, pa.py_buffer(offsets), pa.py_buffer(elements)])
    return pa.chunked_array([pc.if_else(lists.is_valid(), texts, None)])
