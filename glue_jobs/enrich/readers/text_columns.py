"""Replacement of addresses in text columns."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from glue_jobs.columns.arrays import as_single_array, distinct
from glue_jobs.columns.numpy_types import Flags
from glue_jobs.enrich.readers.address import may_hold_address

Replace = Callable[[str, int], str]
"""Returns the replacement of a text; the arguments are the text and the number of its row."""

Find = Callable[[pa.StringArray], Flags]
"""Returns which texts need a replacement."""


def replaced_in(column: pa.ChunkedArray, replaced: Replace, finds: Find = may_hold_address) -> pa.Array:
    """The column with ``replaced(text, row)`` for each text for which ``finds`` is true, also within lists."""
    array = as_single_array(column)
    if pa.types.is_list(array.type):
        if array.null_count == len(array):
            return array
        rows = np.repeat(np.arange(len(array)), pc.fill_null(pc.list_value_length(array), 0).to_numpy())
        texts = replaced_in(
            pa.chunked_array([array.flatten()]), lambda text, item: replaced(text, int(rows[item])), finds
        )
        offsets = np.append(0, np.cumsum(np.bincount(rows, minlength=len(array)))).astype(np.int32)
        return pa.ListArray.from_arrays(pa.array(offsets), texts, array.type, mask=array.is_null())
    values, codes = distinct(array)
    may_hold = np.append(finds(values), False)
    rows = np.flatnonzero(may_hold[codes]) if may_hold.any() else np.array([], np.int64)
    if not len(rows):
        return array
    before = array.take(pa.array(rows)).to_pylist()
    after = [replaced(text, int(row)) for text, row in zip(before, rows, strict=True)]
    if before == after:
        return array
    mask = np.zeros(len(array), bool)
    mask[rows] = True
    texts = pc.replace_with_mask(array.cast(pa.string()), pa.array(mask), pa.array(after, pa.string()))
    return texts.dictionary_encode() if pa.types.is_dictionary(array.type) else texts


def with_column(rows: pa.Table, name: str, values: pa.Array) -> pa.Table:
    """The rows with new values in a column, which may change between plain and dictionary-encoded."""
    return rows.set_column(rows.column_names.index(name), rows.schema.field(name).with_type(values.type), values)
