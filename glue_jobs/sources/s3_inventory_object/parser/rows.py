"""Columns of an inventory file to columns of the table: typed, in its order, unknown fields kept as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from glue_jobs.columns.arrays import as_single_array
from glue_jobs.sources.s3_inventory_object.parser.fields import COLUMNS, DISTINCT

ENCODED = pa.dictionary(pa.int32(), pa.string())

NULL_VERSION = "null"
"""What S3's API calls the version of an object from before versioning; reports of all versions leave it empty."""


def build_rows(columns: Mapping[str, pa.ChunkedArray], count: int) -> pa.Table:
    """The table's own columns of ``count`` rows, from a file's by their names; those the file lacks are null.

    Raises:
        pa.ArrowInvalid: a column of the file is of a type that its field cannot have.
    """
    arrays = {name: _typed(name, columns[name]) if name in columns else _absent(name, count) for name in COLUMNS}
    if "version_id" in columns:
        version = arrays["version_id"]
        is_null = pc.fill_null(pc.equal(version, ""), True)
        arrays["version_id"] = pc.if_else(is_null, NULL_VERSION, version)
    others = {name: column for name, column in columns.items() if name not in COLUMNS}
    arrays["other_fields"] = _as_json(others, count)
    return pa.table(arrays)


def _absent(name: str, count: int) -> pa.Array:
    if pa.types.is_string(COLUMNS[name]) and name not in DISTINCT:
        return pa.DictionaryArray.from_arrays(pa.nulls(count, pa.int32()), pa.array([], pa.string()))
    return pa.nulls(count, COLUMNS[name])


def _typed(name: str, column: pa.ChunkedArray) -> pa.Array:
    wanted, array = COLUMNS[name], as_single_array(column)
    if pa.types.is_string(wanted):
        if pa.types.is_dictionary(array.type):
            return array.cast(ENCODED)
        text = array.cast(pa.string())
        return text if name in DISTINCT else text.dictionary_encode()
    if pa.types.is_timestamp(wanted):
        if pa.types.is_integer(array.type):
            # The table that AWS's guide makes for Athena has times as milliseconds since 1970.
            array = array.cast(pa.int64()).cast(pa.timestamp("ms"))
        return pc.cast(array, wanted, safe=False)
    return array.cast(wanted)


def _as_json(columns: Mapping[str, pa.ChunkedArray], count: int) -> pa.Array:
    """A JSON object per row of the columns' values that are not null; null when there are none."""
    if not columns:
        return pa.DictionaryArray.from_arrays(pa.nulls(count, pa.int32()), pa.array([], pa.string()))
    parts = [_members(name, as_single_array(column)) for name, column in sorted(columns.items())]
    members = pc.binary_join_element_wise(*parts, "")
    text = pc.binary_join_element_wise("{", pc.utf8_slice_codeunits(members, 1), "}", "")
    return pc.if_else(pc.equal(members, ""), None, text).dictionary_encode()


def _members(name: str, array: pa.Array) -> pa.StringArray:
    """``,"name":value`` for each row, empty for null."""
    if pa.types.is_nested(array.type):
        distinct, rows = array.to_pylist(), np.arange(len(array))
    else:
        # Whatever varies little is written once per value.
        encoded = array if pa.types.is_dictionary(array.type) else array.dictionary_encode()
        distinct, rows = encoded.dictionary.to_pylist(), encoded.indices
    texts = ["" if value is None else f",{json.dumps(name)}:{_json(value)}" for value in distinct]
    return pc.fill_null(pa.array(texts, pa.string()).take(rows if isinstance(rows, pa.Array) else pa.array(rows)), "")


def _json(value: Any) -> str:
    return json.dumps(value, default=str, ensure_ascii=False, separators=(",", ":"))
