"""Sorted keys: keys in the same folders are adjacent, so a few keys represent the others."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from glue_jobs.columns.numpy_types import Ints

# Distance between marked keys. If two neighbouring marked keys are in the same folders, so are all keys between them.
KEYS_PER_MARK = 64


def is_sorted(keys: pa.StringArray) -> bool:
    """Whether the keys, none of them null, are sorted by bytes, and are so many that representatives save work."""
    return len(keys) > KEYS_PER_MARK and bool(pc.all(pc.less_equal(keys[:-1], keys[1:])).as_py())


def find_representatives(keys: pa.StringArray, depth: int) -> tuple[Ints, Ints]:
    """The number of each key's representative, and the rows of the representatives; keys are sorted and not null.

    A key and its representative share the first ``depth`` folders, or the key represents itself.
    """
    marks = np.arange(0, len(keys), KEYS_PER_MARK)
    match = pc.extract_regex(keys.take(pa.array(marks)).cast(pa.binary()), rf"^(?P<folders>(?s:[^/]*/){{{depth}}})")
    folders = pc.struct_field(match, "folders")
    # A text that sorts between two texts with a common beginning has that beginning too.
    same = pc.fill_null(pc.equal(folders[:-1], folders[1:]), False).to_numpy(zero_copy_only=False)
    represents_itself = np.repeat(np.append(~same, True), KEYS_PER_MARK)[: len(keys)]
    represents_itself[marks] = True
    representatives = np.flatnonzero(represents_itself)
    return np.cumsum(represents_itself) - 1, representatives
