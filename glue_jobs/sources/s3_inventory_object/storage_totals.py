"""Storage totals of a snapshot by data set, storage class and access tier: the rows of ``daily_storage``."""

from __future__ import annotations

from collections.abc import Sequence
from os.path import commonprefix

import pyarrow as pa
import pyarrow.compute as pc

from glue_jobs.sources.s3_inventory_object.daily_storage import DAILY_STORAGE
from glue_jobs.sources.s3_inventory_object.parser import SnapshotId
from glue_jobs.sources.s3_inventory_object.summaries import aggregated, summary_rows

BY = ("account", "repository", "storage_class", "intelligent_tiering_access_tier")

# Storage classes for infrequent access charge smaller objects as if they had this size.
MIN_CHARGED_BYTES = 128 * 2**10

_FUNCTIONS = {
    "objects": "sum",
    "bytes": "sum",
    "noncurrent_objects": "sum",
    "noncurrent_bytes": "sum",
    "delete_markers": "sum",
    "small_objects": "sum",
    "small_bytes": "sum",
    "oldest": "min",
    "newest": "max",
}
_SCHEMA = pa.schema([DAILY_STORAGE.arrow_schema.field(name) for name in (*BY, *_FUNCTIONS)])
_KEY_PREFIX = DAILY_STORAGE.arrow_schema.field("key_prefix")
_ZEROS = pa.Table.from_pylist([{name: 0 for name in _FUNCTIONS if _FUNCTIONS[name] == "sum"}], schema=_SCHEMA)


def _common_prefix(keys: Sequence[str]) -> str:
    return commonprefix(keys)  # noqa: RUF071 - keys are text, not paths


def partial_totals(rows: pa.Table) -> pa.Table:
    """Totals over some rows of a snapshot, and the common prefix of their keys.

    The rows must be sorted by key, with each column in one chunk.
    """
    is_latest = pc.fill_null(rows["is_latest"], True)
    is_marker = pc.fill_null(rows["is_delete_marker"], False)
    is_current = pc.and_not(is_latest, is_marker)
    is_noncurrent = pc.invert(pc.or_(is_latest, is_marker))
    size = pc.fill_null(rows["size"], 0)
    is_small = pc.and_(pc.invert(is_marker), pc.fill_null(pc.less(rows["size"], MIN_CHARGED_BYTES), False))
    modified = pc.if_else(is_current, rows["last_modified_date"], None)
    values = {
        "objects": is_current.cast(pa.int64()),
        "bytes": pc.if_else(is_current, size, 0),
        "noncurrent_objects": is_noncurrent.cast(pa.int64()),
        "noncurrent_bytes": pc.if_else(is_noncurrent, size, 0),
        "delete_markers": is_marker.cast(pa.int64()),
        "small_objects": is_small.cast(pa.int64()),
        "small_bytes": pc.if_else(is_small, size, 0),
        "oldest": modified,
        "newest": modified,
    }
    totals = aggregated(pa.table({**{name: rows[name] for name in BY}, **values}), BY, _FUNCTIONS)
    keys = rows["key"]
    prefix = _common_prefix([keys[0].as_py(), keys[-1].as_py()]) if rows.num_rows else None
    return totals.append_column(_KEY_PREFIX, pa.array([prefix] * totals.num_rows, _KEY_PREFIX.type))


def total_storage(snapshot: SnapshotId, partials: Sequence[pa.Table], *, has_size: bool = True) -> pa.Table:
    """The rows of ``daily_storage`` of a snapshot, from the partial totals of all its rows.

    An empty snapshot has one row of zeros, by which queries find it. Bytes are null if the inventory lacks Size.
    """
    rows = pa.concat_tables([_SCHEMA.append(_KEY_PREFIX).empty_table(), *partials])
    totals = aggregated(rows, BY, _FUNCTIONS)
    prefixes = rows[_KEY_PREFIX.name].unique().to_pylist()
    constants = {**snapshot.columns, _KEY_PREFIX.name: _common_prefix(prefixes) if prefixes else None}
    if not has_size:
        unknown = pa.nulls(totals.num_rows, pa.int64())
        for name in ("bytes", "noncurrent_bytes", "small_objects", "small_bytes"):
            totals = totals.set_column(totals.column_names.index(name), name, unknown)
    return summary_rows(DAILY_STORAGE, totals if totals.num_rows else _ZEROS, constants)
