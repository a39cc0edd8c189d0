"""Columns of names: numbers into the distinct names, one number for each row or key."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from glue_jobs.columns.arrays import dictionary_array

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Names:
    """A column of names: for each entry its number in ``values``, -1 for none; a null value is none too."""

    codes: Ints
    values: pa.StringArray


def distinct(array: pa.Array, encode: bool = False) -> tuple[pa.Array, Ints]:
    """Values to look at, and for each row the number of its value (-1: null).

    A dictionary-encoded array gives its dictionary; a plain one gives itself, or, with ``encode``, its distinct values.
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


def names_of(array: pa.Array) -> Names:
    """The names in a plain array; an empty one is none."""
    encoded = array.dictionary_encode()
    values = encoded.dictionary
    return Names(codes_of(encoded.indices), pc.if_else(pc.equal(values, ""), None, values))


def same(name: str | None, count: int) -> Names:
    """One name, or none, for all ``count`` entries."""
    return Names(np.zeros(count, np.int64), pa.array([name], pa.string()))


def gather(names: Names, rows: Ints) -> Names:
    """For each row the name of the entry whose number ``rows`` gives; -1 gives none."""
    return Names(np.append(names.codes, -1)[rows], names.values)


def as_dictionary(names: Names) -> pa.DictionaryArray:
    """The names as ``dictionary<int32, string>``."""
    # Several rules may have given the same name: each stands once in the dictionary.
    unified = names.values.dictionary_encode()
    return dictionary_array(np.append(codes_of(unified.indices), -1).astype(np.int32)[names.codes], unified.dictionary)


def override(names: Names, better: list[str | None], rows: Ints) -> Names:
    """For each row its name in ``better``, at the number ``rows`` gives, or else the name it has; -1 keeps that too."""
    values = pa.array(better, pa.string())
    codes = np.array([-1 if name is None else index for index, name in enumerate(better)] + [-1])[rows]
    return Names(np.where(codes < 0, names.codes, codes + len(names.values)), pa.concat_arrays([names.values, values]))


def is_named(names: Names) -> Bools:
    """Which entries have a name."""
    valid = np.append(names.values.is_valid().to_numpy(zero_copy_only=False), False)
    return valid[names.codes]


class Collected:
    """The names several rules gave to ``count`` keys."""

    def __init__(self, count: int) -> None:
        self._codes: Ints = np.full(count, -1, np.int64)
        self._values: list[pa.StringArray] = []
        self._size = 0

    def add(self, places: Ints, taken: Bools, names: Names) -> None:
        """Notes the names of the taken ones among ``places``."""
        codes = names.codes[taken]
        self._codes[places[taken]] = np.where(codes < 0, -1, codes + self._size)
        self._values.append(names.values)
        self._size += len(names.values)

    def names(self) -> Names:
        """All that was noted."""
        return Names(self._codes, pa.concat_arrays(self._values) if self._values else pa.array([], pa.string()))
