"""Keys in order: those below one folder stand together, so that a few of them tell where each folder ends."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from glue_jobs.enrich.datasets.names import Ints

# Keys from one that is looked at to the next.
STEP = 64

# Keys that show soon that others are in no order.
FIRST = 1_024


def in_order(keys: pa.StringArray) -> bool:
    """Whether the keys, none of them null, are many and in the order of their bytes."""
    if len(keys) <= STEP:
        return False
    return all(pc.all(pc.less_equal(some[:-1], some[1:])).as_py() for some in (keys[:FIRST], keys))


def by_folders(keys: pa.StringArray, depth: int) -> tuple[Ints, Ints]:
    """For each key the number of its speaker, and the speakers' places; of keys in order, none of them null.

    A key and its speaker begin with the same ``depth`` folders, or the key speaks for itself.
    """
    marks = np.arange(0, len(keys), STEP)
    inside = pc.extract_regex(keys.take(pa.array(marks)).cast(pa.binary()), rf"^(?P<folders>(?s:[^/]*/){{{depth}}})")
    folders = pc.struct_field(inside, "folders")
    # Whatever stands between two texts that begin alike begins like them.
    alike = pc.fill_null(pc.equal(folders[:-1], folders[1:]), False).to_numpy(zero_copy_only=False)
    alone = np.repeat(np.append(~alike, True), STEP)[: len(keys)]
    alone[marks] = True
    speakers = np.flatnonzero(alone)
    return np.repeat(np.arange(len(speakers)), np.diff(np.append(speakers, len(keys)))), speakers
