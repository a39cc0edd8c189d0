"""Sums by names: columns of text that have few different values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from glue_jobs.columns.arrays import as_single_array
from glue_jobs.tables.model import Table

Ints = npt.NDArray[np.int64]


# How values of a kind are put together, and what they are put together with first.
_UFUNCS: dict[str, tuple[np.ufunc, int]] = {
    "sum": (np.add, 0),
    "min": (np.minimum, np.iinfo(np.int64).max),
    "max": (np.maximum, np.iinfo(np.int64).min),
}

# More combinations of names than this are counted out before each gets a place.
FEW = 2**16


def summed_by(rows: pa.Table, names: Sequence[str], how: Mapping[str, str]) -> pa.Table:
    """The rows summed up by the named columns of text; ``how`` says of the others whether sum, min or max.

    The others are whole numbers or times; of nothing but nulls the sum is null.
    """
    # One number for each combination: summing up by one column of numbers is many times faster than by three of text.
    arrays = [_encoded(rows[name]) for name in names]
    codes, combinations = _codes(arrays)
    if combinations > FEW:
        encoded = pa.array(codes).dictionary_encode()
        codes, known = encoded.indices.to_numpy(), encoded.dictionary.to_numpy()
    else:
        known = np.arange(combinations)
    there = np.bincount(codes, minlength=len(known)) > 0
    columns = dict(zip(names, _values(known[there], arrays), strict=True))
    sums = {name: _reduced(kind, codes, rows[name], there) for name, kind in how.items()}
    return pa.table({**columns, **sums})


def _reduced(kind: str, codes: Ints, column: pa.ChunkedArray, there: npt.NDArray[np.bool_]) -> pa.Array:
    """The values of each code put together, for the codes that are there."""
    array, nothing = as_single_array(column), ~there
    if array.null_count:
        codes, array = codes[array.is_valid().to_numpy(zero_copy_only=False)], array.drop_null()
        nothing = np.bincount(codes, minlength=len(there)) == 0
    ufunc, start = _UFUNCS[kind]
    found = np.full(len(there), start, np.int64)
    ufunc.at(found, codes, array.cast(pa.int64()).to_numpy())
    return pa.array(found[there], mask=nothing[there]).cast(column.type)


def rows_of(table: Table, sums: pa.Table, same: Mapping[str, Any]) -> pa.Table:
    """The sums as rows of the table, ``same`` being the other columns: what they have on every row."""
    types = table.arrow_schema
    columns = {name: pa.repeat(pa.scalar(value, types.field(name).type), sums.num_rows) for name, value in same.items()}
    columns |= {name: sums[name] for name in sums.column_names}
    return pa.table([columns[name] for name in types.names], schema=types)


def _encoded(column: pa.ChunkedArray) -> pa.DictionaryArray:
    array = as_single_array(column)
    return array if pa.types.is_dictionary(array.type) else array.dictionary_encode()


def _codes(arrays: Sequence[pa.DictionaryArray]) -> tuple[Ints, int]:
    """A number for the combination of values on each row, and how many combinations there might be."""
    codes: Ints = np.zeros(len(arrays[0]), np.int64)
    combinations = 1
    for array in arrays:
        # Null is one more value.
        null = len(array.dictionary)
        codes *= null + 1
        codes += (array.indices.fill_null(null) if array.null_count else array.indices).to_numpy()
        combinations *= null + 1
    return codes, combinations


def _values(codes: Ints, arrays: Sequence[pa.DictionaryArray]) -> list[pa.Array]:
    """The values that such numbers stand for, array by array."""
    found = []
    for array in reversed(arrays):
        values = pa.concat_arrays([array.dictionary, pa.nulls(1, pa.string())])
        found.append(values.take(pa.array(codes % len(values))))
        codes = codes // len(values)
    return found[::-1]
