"""Columns of an inventory file become columns of the table; fields without a column are kept as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from glue_jobs.columns.arrays import ENCODED, as_single_array
from glue_jobs.sources.s3_inventory_object.parser.fields import COLUMNS

NULL_VERSION = "null"
"""The version id that S3's API gives objects from before versioning; inventories of all versions leave it empty."""


def build_rows(columns: Mapping[str, pa.ChunkedArray], count: int) -> pa.Table:
    """The table's own columns of ``count`` rows, from a file's columns by name. Columns that the file lacks are null.

    Raises:
        pa.ArrowInvalid: the type of a file's column does not fit its field.
    """
    arrays = {
        name: _typed(columns[name], wanted) if name in columns else pa.nulls(count, wanted)
        for name, wanted in COLUMNS.items()
    }
    if "version_id" in columns:
        version = arrays["version_id"]
        is_null = pc.fill_null(pc.equal(version, ""), True)
        arrays["version_id"] = pc.if_else(is_null, NULL_VERSION, version)
    others = {name: column for name, column in columns.items() if name not in COLUMNS}
    arrays["other_fields"] = _as_json(others, count)
    return pa.table(arrays)


def _typed(column: pa.ChunkedArray, wanted: pa.DataType) -> pa.Array:
    array = as_single_array(column)
    if wanted == ENCODED and not pa.types.is_dictionary(array.type):
        return array.cast(pa.string()).dictionary_encode()
    if pa.types.is_timestamp(wanted):
        if pa.types.is_integer(array.type):
            # AWS's guide to querying inventories with Athena declares times as milliseconds since 1970.
            array = array.cast(pa.int64()).cast(pa.timestamp("ms"))
        return pc.cast(array, wanted, safe=False)
    return array.cast(wanted)


def _as_json(columns: Mapping[str, pa.ChunkedArray], count: int) -> pa.Array:
    """A JSON object per row with the values that are not null; null if there are none."""
    if not columns:
        return pa.nulls(count, ENCODED)
    parts = [_members(name, as_single_array(column)) for name, column in sorted(columns.items())]
    members = pc.binary_join_element_wise(*parts, "")
    text = pc.binary_join_element_wise("{", pc.utf8_slice_codeunits(members, 1), "}", "")
    return pc.if_else(pc.equal(members, ""), None, text).dictionary_encode()


def _members(name: str, array: pa.Array) -> pa.StringArray:
    """The text ``,"name":value`` for each row, empty for null."""
    if pa.types.is_nested(array.type):
        distinct, rows = array.to_pylist(), np.arange(len(array))
    else:
        # Each distinct value is written as JSON once.
        encoded = array if pa.types.is_dictionary(array.type) else array.dictionary_encode()
        distinct, rows = encoded.dictionary.to_pylist(), encoded.indices
    texts = ["" if value is None else f",{json.dumps(name)}:{_json(value)}" for value in distinct]
    return pc.fill_null(pa.array(texts, pa.string()).take(rows if isinstance(rows, pa.Array) else pa.array(rows)), "")


def _json(value: Any) -> str:
    return json.dumps(value, default=str, ensure_ascii=False, separators=(",", ":"))
