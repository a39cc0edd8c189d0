"""Arrow columns: combine chunks, encode with dictionaries, take and drop rows, rank values."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from glue_jobs.columns.numpy_types import Flags, Ints

ENCODED = pa.dictionary(pa.int32(), pa.string())
"""The type of a text column whose values repeat."""


def as_single_array(column: pa.ChunkedArray) -> pa.Array:
    """The column as a single array, with one dictionary if it has any."""
    return column.chunk(0) if column.num_chunks == 1 else column.unify_dictionaries().combine_chunks()


def dictionary_array(codes: npt.NDArray[np.integer], values: pa.Array) -> pa.DictionaryArray:
    """``values[code]`` for each code, as ``dictionary<int32, …>``; a negative code is null."""
    absent = codes < 0
    if not absent.any():
        return pa.DictionaryArray.from_arrays(pa.array(codes, pa.int32()), values)
    # Arrow also looks up the codes of nulls when it unifies dictionaries, so an invalid code may crash the process
    # (https://github.com/apache/arrow/issues/44827).
    valid = np.where(absent, 0, codes)
    return pa.DictionaryArray.from_arrays(pa.array(valid, pa.int32(), mask=absent), values)


def mapped_dictionary(array: pa.DictionaryArray, values: pa.Array) -> pa.DictionaryArray:
    """The array with its dictionary replaced by ``values``; duplicate values become one entry."""
    return values.dictionary_encode().take(array.indices)


def logged_texts(column: pa.Array) -> pa.DictionaryArray:
    """A column of a log as texts, ``dictionary<int32, string>``; null for ``-`` and for an empty text.

    Raises:
        pyarrow.ArrowException: the values are nested, or cannot be cast to text for another reason.
    """
    encoded = column.cast(pa.string()).dictionary_encode()
    absent = pc.is_in(encoded.dictionary, pa.array(["-", ""]))
    present = pc.if_else(absent, None, encoded.dictionary)
    return mapped_dictionary(encoded, present) if present.null_count else encoded


def distinct(array: pa.Array, encode: bool = False) -> tuple[pa.Array, Ints]:
    """Values, and for each row the index of its value (-1: null).

    The values of an encoded array are its dictionary. A plain array is encoded first if ``encode`` is true; otherwise
    each row is a value of its own.
    """
    if encode and not pa.types.is_dictionary(array.type):
        array = array.dictionary_encode()
    if pa.types.is_dictionary(array.type):
        return array.dictionary, codes_of(array.indices)
    return array, np.arange(len(array))


def codes_of(indices: pa.Array) -> Ints:
    """The indices of a dictionary-encoded array, -1 for null."""
    filled = indices.fill_null(-1) if indices.null_count else indices
    return np.asarray(filled, dtype=np.int64)


def flags_of(values: pa.Array) -> Flags:
    """The values of a boolean array; null is False."""
    flags: Flags = values.fill_null(False).to_numpy(zero_copy_only=False)
    return flags


def repeat_text(text: str, count: int) -> pa.DictionaryArray:
    """The text ``count`` times, as ``dictionary<int32, string>``."""
    return pa.DictionaryArray.from_arrays(pa.array(np.zeros(count, np.int32)), pa.array([text]))


def drop_unused_values(array: pa.Array) -> pa.Array:
    """The array with a dictionary of only the values in use. Other types are returned unchanged.

    A data file stores the whole dictionary, so an unused value could outlive the deletion of a person's rows.
    """
    if not pa.types.is_dictionary(array.type) or array.type.index_type != pa.int32():
        return array
    # Most columns have one value.
    if len(array.dictionary) == 1 and array.null_count < len(array):
        return array
    used = array.indices.dictionary_encode()
    if len(used.dictionary) == len(array.dictionary):
        return array
    return pa.DictionaryArray.from_arrays(used.indices, array.dictionary.take(used.dictionary))


def take_rows(rows: pa.Table, indices: Ints) -> pa.Table:
    """The rows at the distinct ``indices``; all columns in one chunk."""
    return rows.unify_dictionaries().combine_chunks().take(pa.array(indices))


def drop_rows(rows: pa.Table, indices: Ints) -> pa.Table:
    """All rows but those at ``indices``."""
    return rows.filter(pa.array(keep_mask(rows.num_rows, indices)))


def keep_mask(count: int, dropped: Ints) -> Flags:
    """A mask of ``count`` rows that is False at the ``dropped`` indices."""
    mask = np.ones(count, dtype=bool)
    mask[dropped] = False
    return mask


def ranks(column: pa.ChunkedArray) -> Ints:
    """Integers that sort like the column's values (texts, bytes, numbers, dates, times), nulls last."""
    array = as_single_array(column)
    # Plain numbers may use every integer, which leaves none for null.
    is_encoded = pa.types.is_dictionary(array.type)
    if _is_text(array.type) or pa.types.is_float64(array.type) or (array.null_count and not is_encoded):
        array = array.dictionary_encode()
    if pa.types.is_dictionary(array.type):
        order = pc.array_sort_indices(array.dictionary)
        ranks = np.empty(len(order) + 1, dtype=np.int64)
        ranks[order.to_numpy()] = np.arange(len(order))
        ranks[-1] = len(order)
        row_ranks: Ints = ranks[pc.fill_null(array.indices, len(order)).to_numpy()]
        return row_ranks
    if pa.types.is_date32(array.type):
        array = array.cast(pa.int32())
    numbers: Ints = array.cast(pa.int64()).to_numpy()
    return numbers


def _is_text(arrow_type: pa.DataType) -> bool:
    return bool(pa.types.is_string(arrow_type) or pa.types.is_binary(arrow_type))


def concat_rows(parts: Sequence[pa.Table]) -> pa.Table:
    """The rows of all parts in one chunk; a column that has a dictionary in one part has one in the result."""
    encoded = {
        name for part in parts for name in part.column_names if pa.types.is_dictionary(part.schema.field(name).type)
    }
    return pa.concat_tables(with_dictionaries(part, encoded) for part in parts).unify_dictionaries().combine_chunks()


def with_dictionaries(rows: pa.Table, names: Collection[str]) -> pa.Table:
    """The rows with the named columns dictionary-encoded."""
    columns = [
        column.dictionary_encode() if name in names and not pa.types.is_dictionary(column.type) else column
        for name, column in zip(rows.column_names, rows.columns, strict=True)
    ]
    return pa.table(columns, names=rows.column_names)
