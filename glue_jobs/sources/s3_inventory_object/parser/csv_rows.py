"""Rows of a CSV inventory: it has no header, quotes every value, writes null as empty, and URL-encodes keys.

A block is first read with typed columns. If a value does not fit its type, the block is read again as text: each
column is checked, bad rows are rejected, and the others are kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from glue_jobs.columns.arrays import ENCODED, as_single_array, flags_of
from glue_jobs.read.parsed import Rejected
from glue_jobs.sources.s3_inventory_object.parser.fields import COLUMNS
from glue_jobs.sources.s3_inventory_object.parser.keys import decode_keys
from glue_jobs.sources.s3_inventory_object.parser.rows import build_rows

TRUE, FALSE = ["true", "TRUE", "True"], ["false", "FALSE", "False"]

ZONED = pa.timestamp("us", "UTC")


@dataclass(frozen=True)
class Block:
    """The rows of a block of lines with the table's own columns, and the rejected records.

    The ``position`` of a rejected record is its number among the ``records``, counted from 0.
    """

    rows: pa.Table
    rejected: list[Rejected]
    records: int


def parse_block(text: bytes, fields: Sequence[str]) -> Block:
    """The records of ``text``, which holds whole lines: ``records == rows + rejected``."""
    invalid: list[Rejected] = []
    try:
        read = _read(text, fields, typed=True, invalid=invalid)
        rejected = invalid
        if read["key"].null_count:
            raise pa.ArrowInvalid("a key is missing")
    except pa.ArrowInvalid:
        read, rejected = _read_as_text(text, fields)
    columns = {name: read[name] for name in fields}
    columns["key"] = pa.chunked_array([decode_keys(as_single_array(columns["key"]))])
    rows = build_rows(columns, read.num_rows)
    return Block(rows, rejected, read.num_rows + len(rejected))


def _read(text: bytes, fields: Sequence[str], typed: bool, invalid: list[Rejected]) -> pa.Table:
    types = {name: _csv_type(name) if typed else pa.string() for name in fields}
    if not text or text.isspace():
        return pa.schema(list(types.items())).empty_table()

    def reject(row: pacsv.InvalidRow) -> str:
        invalid.append(Rejected(row.number - 1, _wrong_count(row), row.text.encode()))
        return "skip"

    return pacsv.read_csv(
        pa.BufferReader(text),
        read_options=pacsv.ReadOptions(column_names=list(fields), use_threads=False, block_size=len(text) + 1),
        parse_options=pacsv.ParseOptions(invalid_row_handler=reject),
        convert_options=pacsv.ConvertOptions(
            column_types=types,
            null_values=[""],
            true_values=TRUE,
            false_values=FALSE,
            strings_can_be_null=True,
            quoted_strings_can_be_null=True,
        ),
    )


def _wrong_count(row: pacsv.InvalidRow) -> str:
    return f"The row has {row.actual_columns} fields, where fileSchema names {row.expected_columns}."


def _csv_type(name: str) -> pa.DataType:
    wanted = COLUMNS.get(name, ENCODED)
    return ZONED if pa.types.is_timestamp(wanted) else wanted


def _read_as_text(text: bytes, fields: Sequence[str]) -> tuple[pa.Table, list[Rejected]]:
    """The rows whose values all fit their fields, with types, and the rejected records."""
    invalid: list[Rejected] = []
    # S3 encodes all other characters, so bytes that are not UTF-8 are damage: make them visible.
    readable = text.decode("utf-8", "backslashreplace").encode()
    read = _read(readable, fields, typed=False, invalid=invalid)
    numbers = np.delete(np.arange(read.num_rows + len(invalid)), [each.position for each in invalid])
    texts = {name: as_single_array(read[name]) for name in fields}
    columns = {name: _values(each, _csv_type(name)) for name, each in texts.items()}
    # Per row the number of the first field that does not fit.
    first = np.full(read.num_rows, len(fields))
    for number, name in reversed([*enumerate(fields)]):
        misfits = columns[name].is_null()
        if name not in ("bucket", "key"):
            misfits = pc.and_not(misfits, texts[name].is_null())
        first[flags_of(misfits)] = number
    good = first == len(fields)
    for place in np.flatnonzero(~good).tolist():
        values = [column[place].as_py() or "" for column in read.columns]
        reason = f"The field {fields[first[place]]} cannot be {values[first[place]][:100]!r}."
        invalid.append(Rejected(int(numbers[place]), reason, ",".join(f'"{value}"' for value in values).encode()))
    return pa.table(columns).filter(pa.array(good)), sorted(invalid, key=lambda each: each.position)


def _values(texts: pa.StringArray, wanted: pa.DataType) -> pa.Array:
    """The texts as values of the type; null where a text does not fit."""
    if wanted in (pa.string(), ENCODED):
        return texts.cast(wanted)
    # Arrow's CSV reader ignores blanks around a number, too.
    encoded = pc.ascii_trim_whitespace(texts).dictionary_encode()
    return pa.array([_value(each, wanted) for each in encoded.dictionary], wanted).take(encoded.indices)


def _value(text: pa.StringScalar, wanted: pa.DataType) -> Any:
    if pa.types.is_boolean(wanted):
        return {**dict.fromkeys(TRUE, True), **dict.fromkeys(FALSE, False)}.get(text.as_py())
    try:
        return text.cast(wanted)
    except pa.ArrowInvalid:
        return None
