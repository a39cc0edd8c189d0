"""Columns of names, each ``dictionary<int32, string>``; null means no name."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from glue_jobs.columns.arrays import ENCODED, as_single_array, repeat_text
from glue_jobs.columns.numpy_types import Ints

Names = tuple[pa.DictionaryArray, pa.DictionaryArray]
"""Account and repository of some entries."""


def encode_names(array: pa.Array) -> pa.DictionaryArray:
    """The names in a plain array; empty text means no name."""
    return pc.if_else(pc.equal(array, ""), None, array).dictionary_encode()


def constant_name(name: str | None, count: int) -> pa.DictionaryArray:
    """The same name, or none, for ``count`` entries."""
    return pa.nulls(count, ENCODED) if name is None else repeat_text(name, count)


def take_names(names: pa.DictionaryArray, rows: Ints) -> pa.DictionaryArray:
    """The names of the entries at the indices ``rows``; -1 gives no name."""
    return names.take(pa.array(rows, mask=rows < 0))


def override(names: pa.DictionaryArray, preferred: list[str | None], rows: Ints) -> pa.DictionaryArray:
    """The preferred name of each row, ``preferred[rows]``, or else its own name; -1 in ``rows`` also leaves its own."""
    if not any(preferred):
        return names
    texts = pa.array(preferred, pa.string()).take(pa.array(rows, mask=rows < 0))
    return pc.coalesce(texts, names.cast(pa.string())).dictionary_encode()


def gathered(parts: Sequence[tuple[Ints, pa.DictionaryArray, pa.DictionaryArray]], count: int) -> Names:
    """The names of ``count`` entries, from parts with the indices of different entries; others have no name."""
    places = np.concatenate([np.array([], np.int64), *(part[0] for part in parts)])
    order = np.full(count, -1)
    order[places] = np.arange(len(places))
    columns = (pa.chunked_array([part[number] for part in parts], ENCODED) for number in (1, 2))
    account, repository = (take_names(as_single_array(column), order) for column in columns)
    return account, repository
