"""Columns of names: a code for each row or key, and the names that the codes refer to."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from glue_jobs.columns.arrays import codes_of, dictionary_array
from glue_jobs.columns.numpy_types import Flags, Ints


@dataclass(frozen=True)
class NameColumn:
    """The index in ``values`` of each entry's name; -1, or the index of a null, means no name."""

    codes: Ints
    values: pa.StringArray


def encode_names(array: pa.Array) -> NameColumn:
    """The names in a plain array; empty text means no name."""
    encoded = array.dictionary_encode()
    values = encoded.dictionary
    return NameColumn(codes_of(encoded.indices), pc.if_else(pc.equal(values, ""), None, values))


def constant_name(name: str | None, count: int) -> NameColumn:
    """The same name, or none, for ``count`` entries."""
    return NameColumn(np.zeros(count, np.int64), pa.array([name], pa.string()))


def take_names(names: NameColumn, rows: Ints) -> NameColumn:
    """The names of the entries at the indices ``rows``; -1 gives no name."""
    return NameColumn(np.append(names.codes, -1)[rows], names.values)


def as_dictionary(names: NameColumn) -> pa.DictionaryArray:
    """The names as ``dictionary<int32, string>``."""
    # Several rules may give the same name, but a dictionary must not repeat a value.
    unified = names.values.dictionary_encode()
    return dictionary_array(np.append(codes_of(unified.indices), -1).astype(np.int32)[names.codes], unified.dictionary)


def override(names: NameColumn, preferred: list[str | None], rows: Ints) -> NameColumn:
    """The preferred name of each row, ``preferred[rows]``, or else its own name; -1 in ``rows`` also leaves its own."""
    values = pa.array(preferred, pa.string())
    codes = np.array([-1 if name is None else index for index, name in enumerate(preferred)] + [-1])[rows]
    codes = np.where(codes < 0, names.codes, codes + len(names.values))
    return NameColumn(codes, pa.concat_arrays([names.values, values]))


def has_name(names: NameColumn) -> Flags:
    """Which entries have a name."""
    valid = np.append(names.values.is_valid().to_numpy(zero_copy_only=False), False)
    return valid[names.codes]


class NameColumnBuilder:
    """Collects the names that several rules give to ``count`` keys."""

    def __init__(self, count: int) -> None:
        self._codes: Ints = np.full(count, -1, np.int64)
        self._values: list[pa.StringArray] = []
        self._size = 0

    def add(self, places: Ints, taken: Flags, names: NameColumn) -> None:
        """Set the names of those keys at ``places`` that are ``taken``."""
        codes = names.codes[taken]
        self._codes[places[taken]] = np.where(codes < 0, -1, codes + self._size)
        self._values.append(names.values)
        self._size += len(names.values)

    def build(self) -> NameColumn:
        """The names of all keys."""
        return NameColumn(self._codes, pa.concat_arrays(self._values) if self._values else pa.array([], pa.string()))
