"""Sums by names: columns of text that have few different values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from glue_jobs.arrays import one_chunk
from glue_jobs.table import Table

Ints = npt.NDArray[np.int64]


def summed_by(rows: pa.Table, names: Sequence[str], how: Mapping[str, str]) -> pa.Table:
    """The rows summed up by the named columns of text; ``how`` says of the others whether sum, min or max."""
    # One number for each combination: summing up by one column of numbers is many times faster than by three of text.
    arrays = [_encoded(rows[name]) for name in names]
    table = pa.table({"code": _codes(arrays), **{name: rows[name] for name in how}})
    sums = table.group_by("code", use_threads=False).aggregate([*how.items()])
    columns = dict(zip(names, _values(sums["code"].to_numpy(), arrays), strict=True))
    return pa.table({**columns, **{name: sums[f"{name}_{kind}"] for name, kind in how.items()}})


def rows_of(table: Table, sums: pa.Table, same: Mapping[str, Any]) -> pa.Table:
    """The sums as rows of the table, ``same`` being the other columns: what they have on every row."""
    types = table.arrow_schema
    columns = {name: pa.repeat(pa.scalar(value, types.field(name).type), sums.num_rows) for name, value in same.items()}
    columns |= {name: sums[name] for name in sums.column_names}
    return pa.table([columns[name] for name in types.names], schema=types)


def _encoded(column: pa.ChunkedArray) -> pa.DictionaryArray:
    array = one_chunk(column)
    return array if pa.types.is_dictionary(array.type) else array.dictionary_encode()


def _codes(arrays: Sequence[pa.DictionaryArray]) -> Ints:
    """A number for the combination of values on each row."""
    codes: Ints = np.zeros(len(arrays[0]), np.int64)
    for array in arrays:
        # Null is one more value.
        null = len(array.dictionary)
        codes = codes * (null + 1) + pc.fill_null(array.indices, null).to_numpy()
    return codes


def _values(codes: Ints, arrays: Sequence[pa.DictionaryArray]) -> list[pa.Array]:
    """The values that such numbers stand for, array by array."""
    found = []
    for array in reversed(arrays):
        values = pa.concat_arrays([array.dictionary, pa.nulls(1, pa.string())])
        found.append(values.take(pa.array(codes % len(values))))
        codes = codes // len(values)
    return found[::-1]
