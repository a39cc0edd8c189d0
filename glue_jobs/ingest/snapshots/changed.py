"""What changed between two snapshots: current objects compared key by key, summed up by data set."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from glue_jobs.columns.arrays import as_single_array, concat_rows, keep_mask
from glue_jobs.columns.byte_search import Flags, Places
from glue_jobs.ingest.snapshots.key_match import places_of
from glue_jobs.sources.s3_inventory_object.summaries import aggregated

BY = ("account", "repository")
COLUMNS = ("key", "size", "e_tag", "last_modified_date", "is_latest", "is_delete_marker", *BY)
"""The columns of objects that are looked at."""

_COMPARED = ("last_modified_date", "size", "e_tag")
_SUMS = (
    "objects_before",
    "objects_after",
    "bytes_before",
    "bytes_after",
    "added_objects",
    "added_bytes",
    "removed_objects",
    "removed_bytes",
    "rewritten_objects",
    "rewritten_bytes",
)


def changes_between(before: pa.Table, after: pa.Table) -> pa.Table:
    """The sums of ``daily_change`` by account and repository, from objects in `COLUMNS` of which no key is there twice.

    An object that is in both counts for the data set that it has in ``after``. Rewritten is one with two known times,
    sizes or entity tags that differ.
    """
    before, after = _current(before), _current(after)
    places = places_of(as_single_array(after["key"]), as_single_array(before["key"]))
    there = places >= 0
    found = places[there]
    changed = np.zeros(after.num_rows, dtype=bool)
    changed[there] = _rewritten(before, found, after, there)
    size = pc.fill_null(as_single_array(after["size"]), 0)
    size_before = np.zeros(after.num_rows, np.int64)
    size_before[there] = pc.fill_null(as_single_array(before["size"]), 0).to_numpy()[found]
    rows = _sums(
        after,
        objects_before=pa.array(there).cast(pa.int64()),
        objects_after=pa.repeat(1, after.num_rows),
        bytes_before=pa.array(size_before),
        bytes_after=size,
        added_objects=pa.array(~there).cast(pa.int64()),
        added_bytes=pc.if_else(pa.array(~there), size, 0),
        rewritten_objects=pa.array(changed).cast(pa.int64()),
        rewritten_bytes=pc.if_else(pa.array(changed), size, 0),
    )
    gone = before.filter(pa.array(keep_mask(before.num_rows, found)))
    ones, gone_size = pa.repeat(1, gone.num_rows), pc.fill_null(as_single_array(gone["size"]), 0)
    removed = _sums(gone, objects_before=ones, bytes_before=gone_size, removed_objects=ones, removed_bytes=gone_size)
    return aggregated(concat_rows([rows, removed]), BY, dict.fromkeys(_SUMS, "sum"))


def sum_of(parts: Sequence[pa.Table]) -> pa.Table:
    """The sums over what `changes_between` made of parts of the keys."""
    return aggregated(pa.concat_tables(parts), BY, dict.fromkeys(_SUMS, "sum"))


def _current(rows: pa.Table) -> pa.Table:
    """The current objects, as a listing of the bucket shows them, every column in one chunk."""
    is_old = pc.invert(pc.fill_null(rows["is_latest"], True))
    hidden = pc.or_(is_old, pc.fill_null(rows["is_delete_marker"], False))
    if pc.any(hidden).as_py():
        rows = rows.filter(pc.invert(hidden))
    return rows.unify_dictionaries().combine_chunks()


def _rewritten(before: pa.Table, found: Places, after: pa.Table, there: Flags) -> Flags:
    """Which of the objects that are in both are not what they were."""
    rewritten = np.zeros(len(found), dtype=bool)
    places, flags = pa.array(found), pa.array(there)
    for name in _COMPARED:
        old, new = as_single_array(before[name]).take(places), as_single_array(after[name]).filter(flags)
        rewritten |= pc.fill_null(pc.not_equal(old, new), False).to_numpy(zero_copy_only=False)
    return rewritten


def _sums(rows: pa.Table, **columns: pa.Array) -> pa.Table:
    nothing = pa.repeat(pa.scalar(0, pa.int64()), rows.num_rows)
    return pa.table({**{name: rows[name] for name in BY}, **{name: columns.get(name, nothing) for name in _SUMS}})
