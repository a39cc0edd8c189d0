"""Which keys of one list are in another one, and where: by walking along both while they are in order."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from glue_jobs.columns.byte_search import Places

# Keys compared at a time: few where lists differ often, many where they go on being the same.
_FEWEST, _MOST = 64, 65_536

# When fewer keys than these are the same in a row, to look for each takes less time than to walk.
_SHORT_RUN = 25


def places_of(keys: pa.StringArray, among: pa.StringArray) -> Places:
    """For each of the keys where it is among the others, -1 where it is not; none is in a list twice."""
    found = _walked(keys, among) if _are_ordered(keys) and _are_ordered(among) else None
    if found is not None:
        return found
    places: Places = pc.fill_null(pc.index_in(keys, value_set=among), -1).to_numpy().astype(np.int64)
    return places


def _are_ordered(keys: pa.StringArray) -> bool:
    return pc.all(pc.less(keys[:-1], keys[1:])).as_py() is not False


def _walked(keys: pa.StringArray, among: pa.StringArray) -> Places | None:
    """The places of keys in order; None when the lists differ too often."""
    places = np.full(len(keys), -1, np.int64)
    here = there = stops = 0
    size = _FEWEST
    while here < len(keys) and there < len(among):
        size = min(size, len(keys) - here, len(among) - there)
        same = pc.equal(keys.slice(here, size), among.slice(there, size)).to_numpy(zero_copy_only=False)
        run = size if same.all() else int(same.argmin())
        places[here : here + run] = np.arange(there, there + run)
        here, there = here + run, there + run
        if run == size:
            size = min(2 * size, _MOST)
            continue
        stops += 1
        if stops * _SHORT_RUN > here + there + _MOST:
            return None
        own, other = keys[here].as_py(), among[there].as_py()
        if own < other:
            here = _first_from(keys, here, other)
        else:
            there = _first_from(among, there, own)
        size = max(_FEWEST, min(2 * run, _MOST))
    return places


def _first_from(keys: pa.StringArray, start: int, key: str) -> int:
    """Where the first key is from ``start`` on that is not before the given one, which the one at ``start`` is."""
    step = 1
    while start + step < len(keys) and keys[start + step].as_py() < key:
        start, step = start + step, 2 * step
    low, high = start + 1, min(start + step, len(keys))
    while low < high:
        middle = (low + high) // 2
        if keys[middle].as_py() < key:
            low = middle + 1
        else:
            high = middle
    return low
