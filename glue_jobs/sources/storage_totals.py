"""What a snapshot keeps, summed up by data set and storage class: rows of ``daily_storage``."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from glue_jobs.arrays import one_chunk
from glue_jobs.sources.inventory_parser import Snapshot
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
    # One number for each combination: summing up by one column of numbers is many times faster than by three of text.
    names, codes = _combined(rows)
    values = {
        "objects": current.cast(pa.int64()),
        "bytes": pc.if_else(current, size, 0),
        "noncurrent_objects": old.cast(pa.int64()),
        "noncurrent_bytes": pc.if_else(old, size, 0),
        "delete_markers": marker.cast(pa.int64()),
        "oldest": pc.if_else(current, rows["last_modified_date"], None),
        "newest": pc.if_else(current, rows["last_modified_date"], None),
    }
    summed = _summed(pa.table({"code": codes, **values}), ["code"])
    columns = {name: column.take(summed["code"]) for name, column in names.items()}
    return pa.table({**columns, **{name: summed[name] for name in _HOW}})


def _combined(rows: pa.Table) -> tuple[dict[str, pa.Array], pa.Array]:
    """The distinct combinations of names, and the number of each row's."""
    codes = np.zeros(rows.num_rows, np.int64)
    dictionaries = []
    for name in BY:
        array = one_chunk(rows[name])
        width = len(array.dictionary) + 1
        codes = codes * width + pc.fill_null(array.indices, width - 1).to_numpy()
        dictionaries.append(pa.concat_arrays([array.dictionary, pa.nulls(1, pa.string())]))
    distinct, numbers = _distinct(codes)
    names = {}
    for name, values in reversed([*zip(BY, dictionaries, strict=True)]):
        names[name] = values.take(pa.array(distinct % len(values)))
        distinct = distinct // len(values)
    return {name: names[name] for name in BY}, numbers


def _distinct(
    codes: np.ndarray[tuple[int], np.dtype[np.int64]],
) -> tuple[np.ndarray[tuple[int], np.dtype[np.int64]], pa.Array]:
    encoded = pa.array(codes).dictionary_encode()
    return encoded.dictionary.to_numpy(), encoded.indices


def totals_of(snapshot: Snapshot, partials: Sequence[pa.Table]) -> pa.Table:
    """The snapshot's rows of ``daily_storage``; without any object one that says so."""
    rows = pa.concat_tables([_nothing(), *partials])
    summed = _summed(rows, list(BY))
    if summed.num_rows > 1:
        # What stands for an empty snapshot goes, unless the snapshot has such objects.
        kept = pc.or_(pc.greater(summed["objects"], 0), pc.greater(summed["noncurrent_objects"], 0))
        summed = summed.filter(pc.or_(kept, pc.greater(summed["delete_markers"], 0)))
    own = {
        "source_bucket": snapshot.source_bucket,
        "inventory_id": snapshot.inventory_id,
        "snapshot_time": pa.scalar(snapshot.time, pa.timestamp("us")),
        "snapshot_date": snapshot.time.date(),
    }
    columns = {name: pa.repeat(value, summed.num_rows) for name, value in own.items()}
    columns |= {name: summed[name] for name in summed.column_names}
    return pa.table([columns[name] for name in DAILY_STORAGE.arrow_schema.names], schema=DAILY_STORAGE.arrow_schema)


def _summed(rows: pa.Table, by: list[str]) -> pa.Table:
    grouped = rows.group_by(by, use_threads=False).aggregate([*_HOW.items()])
    return grouped.rename_columns([*by, *_HOW] if grouped.column_names[0] in by else [*_HOW, *by])


def _nothing() -> pa.Table:
    counts = {name: pa.array([0], pa.int64()) for name, how in _HOW.items() if how == "sum"}
    names = {name: pa.nulls(1, pa.string()) for name in BY}
    return pa.table({**names, **counts, **{name: pa.nulls(1, pa.timestamp("us")) for name in ("oldest", "newest")}})
