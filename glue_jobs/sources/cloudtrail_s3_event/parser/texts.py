"""Python values to Arrow columns. Empty texts become null."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from glue_jobs.columns.arrays import mapped_dictionary
from glue_jobs.columns.numpy_types import Places
from glue_jobs.read.parsed import MAX_LOGGED_NUMBER
from glue_jobs.workers.gc_pause import gc_paused


def by_name(kind: type[msgspec.Struct], structs: Sequence[msgspec.Struct]) -> dict[str, tuple[Any, ...]]:
    """The values of each field of ``kind``, struct by struct. The structs may be of subclasses."""
    if not structs:
        return dict.fromkeys(kind.__struct_fields__, ())
    with gc_paused():
        # The fields of a subclass come last, and are left out.
        return dict(
            zip(kind.__struct_fields__, zip(*map(msgspec.structs.astuple, structs), strict=False), strict=False)
        )


def null_if_empty(array: pa.StringArray) -> pa.StringArray:
    """The texts, with null in place of empty ones."""
    empty = pc.equal(array, "")
    return pc.if_else(empty, None, array) if pc.any(empty).as_py() else array


def without_empty(array: pa.DictionaryArray) -> pa.DictionaryArray:
    """The encoded texts, with null in place of empty ones."""
    values = null_if_empty(array.dictionary)
    return mapped_dictionary(array, values) if values.null_count else array


def json_texts(raws: Sequence[msgspec.Raw]) -> pa.StringArray:
    """JSON values as texts; JSON null and absent values are null."""
    texts = map(bytes, raws)
    return pa.array([None if text in (b"", b"null") else text for text in texts], pa.binary()).cast(pa.string())


def spread(values: pa.StringArray, codes: pa.Int32Array) -> pa.DictionaryArray:
    """For each code the text at that place in ``values``; empty texts are null."""
    known = without_empty(values.dictionary_encode())
    # All codes are valid indices of ``values``. A bounds check would double the time.
    places = pc.take(known.indices, codes, boundscheck=False)
    return pa.DictionaryArray.from_arrays(places, known.dictionary, safe=False)


def at_places(texts: Sequence[str] | pa.StringArray, places: Sequence[int] | Places, count: int) -> pa.StringArray:
    """An array of ``count`` texts: the given ones at their places, and null everywhere else."""
    codes = np.full(count, -1)
    codes[places] = np.arange(len(places))
    return pa.array(texts, pa.string()).take(pa.array(codes, mask=codes < 0))


def first_of(*columns: pa.DictionaryArray) -> pa.DictionaryArray:
    """For each row the first text that is not null."""
    left = [column for column in columns if column.null_count < len(column)]
    if not left:
        return columns[0]
    if not left[0].null_count or len(left) == 1:
        return left[0]
    return pc.coalesce(*(column.cast(pa.string()) for column in left)).dictionary_encode()


def listed(array: pa.Array) -> list[Any]:
    """Texts or bytes, none of them null, as Python objects, at a tenth of the cost of ``to_pylist``."""
    texts: list[Any] = array.to_numpy(zero_copy_only=False).tolist()
    return texts


def whole_numbers(values: Sequence[Any]) -> pa.Int64Array:
    """Whole numbers, including those written as 12.0 or "12"; null for negative, too large and all other values."""
    try:
        numbers = pa.array(values, pa.int64())
    except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError):
        numbers = pa.array([_whole(value) for value in values], pa.int64())
    possible = pc.and_(pc.greater_equal(numbers, 0), pc.less_equal(numbers, MAX_LOGGED_NUMBER))
    return pc.if_else(possible, numbers, None)


def _whole(value: Any) -> int | None:
    if isinstance(value, str):
        try:
            value = float(value) if "." in value or "e" in value.lower() else int(value)
        except ValueError:
            return None
    if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > MAX_LOGGED_NUMBER:
        return None
    return int(value) if value == int(value) else None
