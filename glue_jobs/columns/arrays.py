"""Arrow columns as single arrays, in another order, and as numbers in the order of their values."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

# Values that cost less to keep than to look for: so many, or one for so many rows.
FEW = 16
ROWS_A_VALUE = 8

# Rows that are encoded anew sooner than it is found out which values they have.
FEW_ROWS = 2_048


def as_single_array(column: pa.ChunkedArray) -> pa.Array:
    """The column as a single array, with one dictionary if it has any."""
    return column.chunk(0) if column.num_chunks == 1 else column.unify_dictionaries().combine_chunks()


def dictionary_array(codes: npt.NDArray[np.integer], values: pa.Array) -> pa.DictionaryArray:
    """For each code the value at its place, as ``dictionary<int32, …>``; a negative code is null."""
    absent = codes < 0
    if not absent.any():
        return pa.DictionaryArray.from_arrays(pa.array(codes, pa.int32()), values)
    # Arrow looks up the codes of nulls, too, when it unifies dictionaries: a place that is none may crash the process
    # (https://github.com/apache/arrow/issues/44827).
    places = np.where(absent, 0, codes)
    return pa.DictionaryArray.from_arrays(pa.array(places, pa.int32(), mask=absent), values)


def repeat_text(text: str, count: int) -> pa.DictionaryArray:
    """The text on so many rows, as ``dictionary<int32, string>``."""
    return pa.DictionaryArray.from_arrays(pa.array(np.zeros(count, np.int32)), pa.array([text]))


def drop_unused_values(array: pa.Array) -> pa.Array:
    """The array, without values in its dictionary, if it has one, that stand nowhere; a few of them may stay."""
    if not _is_coded(array) or len(array.dictionary) <= max(FEW, len(array) // ROWS_A_VALUE):
        return array
    if len(array) <= FEW_ROWS:
        return array.dictionary.take(array.indices).dictionary_encode()
    codes = array.indices.fill_null(-1).to_numpy()
    there = np.zeros(len(array.dictionary) + 1, dtype=bool)
    there[codes] = True
    there[-1] = False
    if there[:-1].all():
        return array
    places = np.where(there, np.cumsum(there) - 1, -1)
    return dictionary_array(places[codes], array.dictionary.filter(pa.array(there[:-1])))


def _is_coded(array: pa.Array) -> bool:
    """Whether it is as `coded` makes it; others may have a dictionary, too."""
    return bool(pa.types.is_dictionary(array.type) and array.type.index_type == pa.int32())


def take_rows(rows: pa.Table, order: npt.NDArray[np.int64]) -> pa.Table:
    """The rows at the places in ``order``, which has no place twice; all columns in one chunk."""
    places = pa.array(order)
    columns = [as_single_array(column) for column in rows.columns]
    # Most columns of a table may be the same all over, and need not be touched.
    ordered = [each[: len(order)] if _is_constant(each) else each.take(places) for each in columns]
    return pa.table(ordered, schema=rows.schema)


def drop_rows(rows: pa.Table, places: npt.NDArray[np.int64]) -> pa.Table:
    """The rows but for those at the places."""
    return rows.filter(pa.array(keep_mask(rows.num_rows, places)))


def keep_mask(count: int, left_out: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """Which of so many rows stay when those at some places are left out."""
    flags = np.ones(count, dtype=bool)
    flags[left_out] = False
    return flags


def _is_constant(array: pa.Array) -> bool:
    if array.null_count == len(array):
        return True
    return pa.types.is_dictionary(array.type) and len(array.dictionary) == 1 and not array.null_count


def ranks(column: pa.ChunkedArray) -> npt.NDArray[np.int64]:
    """Whole numbers in the order of the column's values (text, bytes, numbers, days, times), nulls last."""
    array = as_single_array(column)
    # A null among numbers would need a number that none of them can be.
    if _is_text(array.type) or (array.null_count and not pa.types.is_dictionary(array.type)):
        array = array.dictionary_encode()
    if pa.types.is_dictionary(array.type):
        order = pc.array_sort_indices(array.dictionary)
        ranks = np.empty(len(order) + 1, dtype=np.int64)
        ranks[order.to_numpy()] = np.arange(len(order))
        ranks[-1] = len(order)
        found: npt.NDArray[np.int64] = ranks[pc.fill_null(array.indices, len(order)).to_numpy()]
        return found
    if pa.types.is_date32(array.type):
        array = array.cast(pa.int32())
    numbers: npt.NDArray[np.int64] = array.cast(pa.int64()).to_numpy()
    return numbers


def _is_text(arrow_type: pa.DataType) -> bool:
    return bool(pa.types.is_string(arrow_type) or pa.types.is_binary(arrow_type))


def concat_rows(parts: Sequence[pa.Table]) -> pa.Table:
    """The rows of all parts, in one chunk; text has a dictionary where it has one in any of them."""
    encoded = {
        name for part in parts for name in part.column_names if pa.types.is_dictionary(part.schema.field(name).type)
    }
    return pa.concat_tables(with_dictionaries(part, encoded) for part in parts).unify_dictionaries().combine_chunks()


def with_dictionaries(rows: pa.Table, names: Collection[str]) -> pa.Table:
    """The rows, the named columns with dictionaries."""
    columns = [
        column.dictionary_encode() if name in names and not pa.types.is_dictionary(column.type) else column
        for name, column in zip(rows.column_names, rows.columns, strict=True)
    ]
    return pa.table(columns, names=rows.column_names)
