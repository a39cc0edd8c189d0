"""Rows of a CSV inventory: it has no header, quotes every value, writes null as empty, and URL-encodes keys.

A block is first read with typed columns. If a value does not fit its type, the block is read again as text: each
column is checked, bad rows are rejected, and the others are kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from glue_jobs.columns.arrays import ENCODED, as_single_array
from glue_jobs.columns.numpy_types import Flags, Ints
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
    numbers = _positions(read.num_rows, [each.position for each in invalid])
    # Per row the number of the first field that does not fit.
    first = np.full(read.num_rows, len(fields))
    for number in reversed(range(len(fields))):
        first[_misfits(fields[number], as_single_array(read[fields[number]]))] = number
    good = first == len(fields)
    for place in np.flatnonzero(~good).tolist():
        values = [column[place].as_py() or "" for column in read.columns]
        reason = f"The field {fields[first[place]]} cannot be {values[first[place]][:100]!r}."
        invalid.append(Rejected(int(numbers[place]), reason, ",".join(f'"{value}"' for value in values).encode()))
    return _typed(read.filter(pa.array(good))), sorted(invalid, key=lambda each: each.position)


def _positions(rows: int, invalid: list[int]) -> Ints:
    """The position of each well-formed row among all records."""
    numbers = np.arange(rows + len(invalid))
    return np.delete(numbers, invalid)


def _misfits(name: str, texts: pa.StringArray) -> Flags:
    """Flags of the values that do not fit the type of the field."""
    if name in ("bucket", "key"):
        return np.asarray(texts.is_null())
    wanted = _csv_type(name)
    if pa.types.is_string(wanted) or pa.types.is_dictionary(wanted):
        return np.zeros(len(texts), bool)
    # Arrow's CSV reader ignores blanks around a number, too.
    encoded = pc.ascii_trim_whitespace(texts).dictionary_encode()
    fits = pa.array([_fits(value, wanted) for value in encoded.dictionary], pa.bool_()).take(encoded.indices)
    return np.asarray(pc.invert(pc.fill_null(fits, True)))


def _fits(value: pa.StringScalar, wanted: pa.DataType) -> bool:
    if pa.types.is_boolean(wanted):
        return value.as_py() in (*TRUE, *FALSE)
    try:
        value.cast(wanted)
    except pa.ArrowInvalid:
        return False
    return True


def _typed(read: pa.Table) -> pa.Table:
    columns = {}
    for name in read.column_names:
        column, wanted = read[name], _csv_type(name)
        if not (pa.types.is_string(wanted) or pa.types.is_dictionary(wanted)):
            column = pc.ascii_trim_whitespace(column)
        if pa.types.is_boolean(wanted):
            column = pc.if_else(pc.is_valid(column), pc.is_in(column, pa.array(TRUE)), None)
        elif pa.types.is_dictionary(wanted):
            column = column.dictionary_encode()
        columns[name] = column.cast(wanted)
    return pa.table(columns)
