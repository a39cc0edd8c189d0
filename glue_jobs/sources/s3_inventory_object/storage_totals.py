"""What a snapshot keeps, summed up by data set and storage class: rows of ``daily_storage``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from glue_jobs.columns.sums import rows_of, summed_by
from glue_jobs.sources.s3_inventory_object.daily_storage import DAILY_STORAGE
from glue_jobs.sources.s3_inventory_object.parser import Snapshot

BY = ("account", "repository", "storage_class")

_HOW = {
    "objects": "sum",
    "bytes": "sum",
    "noncurrent_objects": "sum",
    "noncurrent_bytes": "sum",
    "delete_markers": "sum",
    "oldest": "min",
    "newest": "max",
}


def partial_totals(rows: pa.Table) -> pa.Table:
    """Sums over some rows of a snapshot, all their columns in one chunk: of current objects, and of what is besides."""
    marker = pc.fill_null(rows["is_delete_marker"], False)
    current = pc.and_not(pc.fill_null(rows["is_latest"], True), marker)
    if pc.all(current).as_py():
        return _of_current(rows)
    others = pc.invert(current)
    return pa.concat_tables([_of_current(rows.filter(current)), _of_others(rows.filter(others), marker.filter(others))])


def totals_of(snapshot: Snapshot, partials: Sequence[pa.Table]) -> pa.Table:
    """The snapshot's rows of ``daily_storage``; without any object one that says so."""
    rows = pa.concat_tables([_nothing(1), *partials])
    summed = summed_by(rows, BY, _HOW)
    if summed.num_rows > 1:
        # What stands for an empty snapshot goes, unless the snapshot has such objects.
        kept = pc.or_(pc.greater(summed["objects"], 0), pc.greater(summed["noncurrent_objects"], 0))
        summed = summed.filter(pc.or_(kept, pc.greater(summed["delete_markers"], 0)))
    own = {
        "source_bucket": snapshot.source_bucket,
        "inventory_id": snapshot.inventory_id,
        "snapshot_time": snapshot.time,
        "snapshot_date": snapshot.time.date(),
    }
    return rows_of(DAILY_STORAGE, summed, own)


def _of_current(rows: pa.Table) -> pa.Table:
    one = pa.repeat(pa.scalar(1, pa.int64()), rows.num_rows)
    times = rows["last_modified_date"]
    return _summed(rows, {"objects": one, "bytes": rows["size"], "oldest": times, "newest": times})


def _of_others(rows: pa.Table, marker: pa.ChunkedArray) -> pa.Table:
    old = pc.invert(marker)
    sizes = {"noncurrent_bytes": pc.if_else(old, rows["size"], 0)}
    counts = {"noncurrent_objects": old.cast(pa.int64()), "delete_markers": marker.cast(pa.int64())}
    return _summed(rows, {**sizes, **counts})


def _summed(rows: pa.Table, values: Mapping[str, Any]) -> pa.Table:
    """The values of the rows summed up; what is not given, or null everywhere, adds nothing."""
    given = pa.table({**{name: rows[name] for name in BY}, **values})
    sums = summed_by(given, BY, {name: _HOW[name] for name in values})
    nothing = _nothing(sums.num_rows)
    columns = {name: pc.coalesce(sums[name], nothing[name]) for name in sums.column_names}
    return pa.table({name: columns.get(name, nothing[name]) for name in nothing.column_names})


def _nothing(count: int) -> pa.Table:
    """Sums of nothing, so many times."""
    types = {**dict.fromkeys(BY, pa.string()), "oldest": pa.timestamp("us"), "newest": pa.timestamp("us")}
    nulls = {name: pa.nulls(count, kind) for name, kind in types.items()}
    zeros = {name: pa.repeat(pa.scalar(0, pa.int64()), count) for name, how in _HOW.items() if how == "sum"}
    return pa.table({name: {**nulls, **zeros}[name] for name in (*BY, *_HOW)})
