"""What a snapshot keeps, summed up by data set and storage class: rows of ``daily_storage``."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from glue_jobs.sources.inventory_parser import Snapshot
from glue_jobs.sources.sums import rows_of, summed_by
from glue_jobs.tables.daily_storage import DAILY_STORAGE

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
    """The sums over some rows of a snapshot, all their columns in one chunk."""
    marker = pc.fill_null(rows["is_delete_marker"], False)
    latest = pc.fill_null(rows["is_latest"], True)
    current, old = pc.and_not(latest, marker), pc.and_not(pc.invert(latest), marker)
    size = pc.fill_null(rows["size"], 0)
    values = {
        "objects": current.cast(pa.int64()),
        "bytes": pc.if_else(current, size, 0),
        "noncurrent_objects": old.cast(pa.int64()),
        "noncurrent_bytes": pc.if_else(old, size, 0),
        "delete_markers": marker.cast(pa.int64()),
        "oldest": pc.if_else(current, rows["last_modified_date"], None),
        "newest": pc.if_else(current, rows["last_modified_date"], None),
    }
    table = pa.table({**{name: rows[name] for name in BY}, **values})
    return summed_by(table, BY, _HOW)


def totals_of(snapshot: Snapshot, partials: Sequence[pa.Table]) -> pa.Table:
    """The snapshot's rows of ``daily_storage``; without any object one that says so."""
    rows = pa.concat_tables([_nothing(), *partials])
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


def _nothing() -> pa.Table:
    counts = {name: pa.array([0], pa.int64()) for name, how in _HOW.items() if how == "sum"}
    names = {name: pa.nulls(1, pa.string()) for name in BY}
    return pa.table({**names, **counts, **{name: pa.nulls(1, pa.timestamp("us")) for name in ("oldest", "newest")}})
