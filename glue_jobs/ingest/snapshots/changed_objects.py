"""Count the differences of two snapshots by data set; current objects are compared key by key."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

import pyarrow as pa
import pyarrow.compute as pc

from glue_jobs.columns.arrays import concat_rows, keep_mask
from glue_jobs.sources.s3_inventory_object.summaries import aggregated

BY = ("account", "repository")
COLUMNS = ("key", "size", "e_tag", "last_modified_date", "is_latest", "is_delete_marker", *BY)
"""The columns of ``s3_inventory_object`` that a comparison reads."""

_COMPARED = ("last_modified_date", "size", "e_tag")
_COUNTS = (
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
# The number of objects with a size, the number of all objects, and the sums of bytes that are unknown if none has one.
_SIZES = (
    ("sizes_before", "objects_before", ("bytes_before", "removed_bytes")),
    ("sizes_after", "objects_after", ("bytes_after", "added_bytes", "rewritten_bytes")),
)
_COLUMNS = (*_COUNTS, *(sizes for sizes, _, _ in _SIZES))


def count_changes(before: pa.Table, after: pa.Table) -> pa.Table:
    """The counts of ``daily_change`` by account and repository.

    Both tables have the columns `COLUMNS`, and no key has two current objects. An object in both tables counts for its
    data set in ``after``. It is rewritten if its time, size or entity tag is known in both and differs. The result also
    has the numbers of objects with a size, for `sum_changes`.
    """
    before, after = _current_objects(before), _current_objects(after)
    match = pc.index_in(after["key"], value_set=before["key"])
    earlier = before.select(_COMPARED).take(match)
    is_added = pc.is_null(match)
    is_rewritten = _differs(earlier, after)
    size = pc.fill_null(after["size"], 0)
    present = _counts(
        after,
        objects_before=pc.invert(is_added),
        objects_after=pa.repeat(1, after.num_rows),
        bytes_before=pc.fill_null(earlier["size"], 0),
        sizes_before=pc.is_valid(earlier["size"]),
        sizes_after=pc.is_valid(after["size"]),
        bytes_after=size,
        added_objects=is_added,
        added_bytes=pc.if_else(is_added, size, 0),
        rewritten_objects=is_rewritten,
        rewritten_bytes=pc.if_else(is_rewritten, size, 0),
    )
    gone = before.filter(pa.array(keep_mask(before.num_rows, match.drop_null().to_numpy())))
    ones, gone_size = pa.repeat(1, gone.num_rows), pc.fill_null(gone["size"], 0)
    removed = _counts(
        gone,
        objects_before=ones,
        bytes_before=gone_size,
        sizes_before=pc.is_valid(gone["size"]),
        removed_objects=ones,
        removed_bytes=gone_size,
    )
    return _sums([concat_rows([present, removed])])


def sum_changes(parts: Sequence[pa.Table]) -> pa.Table:
    """The sums of the counts of several key ranges.

    Bytes are null for a snapshot in which no object has a size, because its inventory lacks the field Size.
    """
    counts = _sums(parts)
    for sizes, objects, names in _SIZES:
        if pc.sum(counts[objects]).as_py() and not pc.sum(counts[sizes]).as_py():
            for name in names:
                unknown = pa.nulls(counts.num_rows, pa.int64())
                counts = counts.set_column(counts.column_names.index(name), name, unknown)
    return counts.drop_columns([sizes for sizes, _, _ in _SIZES])


def _sums(parts: Sequence[pa.Table]) -> pa.Table:
    return aggregated(pa.concat_tables(parts), BY, dict.fromkeys(_COLUMNS, "sum"))


def _current_objects(rows: pa.Table) -> pa.Table:
    """The objects that a listing of the bucket would show; every column is in one chunk."""
    is_current = pc.and_not(pc.fill_null(rows["is_latest"], True), pc.fill_null(rows["is_delete_marker"], False))
    if not pc.all(is_current).as_py():
        rows = rows.filter(is_current)
    return rows.unify_dictionaries().combine_chunks()


def _differs(earlier: pa.Table, later: pa.Table) -> pa.ChunkedArray:
    """A mask of the rows in which a compared column differs; null differs from nothing."""
    differences = [pc.fill_null(pc.not_equal(earlier[name], later[name]), False) for name in _COMPARED]
    return reduce(pc.or_, differences)


def _counts(rows: pa.Table, **counts: pa.Array) -> pa.Table:
    zeros = pa.repeat(pa.scalar(0, pa.int64()), rows.num_rows)
    columns = [counts[name].cast(pa.int64()) if name in counts else zeros for name in _COLUMNS]
    return pa.table([*(rows[name] for name in BY), *columns], names=[*BY, *_COLUMNS])
