"""Rows of a CSV inventory: no header, every value quoted, an empty one for null, keys URL-encoded.

Whole blocks are read with types; a block in which a value does not fit its type is read as text, and its rows are
looked at column by column, to say which ones are wrong and keep the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from glue_jobs.columns.arrays import as_single_array
from glue_jobs.read.parsed import Rejected
from glue_jobs.sources.s3_inventory_object.parser.fields import COLUMNS, DISTINCT
from glue_jobs.sources.s3_inventory_object.parser.keys import decode_keys
from glue_jobs.sources.s3_inventory_object.parser.rows import ENCODED, build_rows

TRUE, FALSE = ["true", "TRUE", "True"], ["false", "FALSE", "False"]

ZONED = pa.timestamp("us", "UTC")

Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Block:
    """What a block of lines held: the table's own columns of the good rows, and the others.

    ``position`` of a rejected record is its number among the block's records.
    """

    rows: pa.Table
    rejected: list[Rejected]
    records: int


def parse_block(text: bytes, fields: Sequence[str]) -> Block:
    """The rows of whole lines; together with the rejected ones all records there are."""
    invalid: list[Rejected] = []
    try:
        read = _read(text, fields, typed=True, invalid=invalid)
        rejected = invalid
        if read["key"].null_count:
            raise pa.ArrowInvalid("a key is missing")
    except pa.ArrowInvalid:
        read, rejected = _read_carefully(text, fields)
    columns = {name: read[name] for name in fields}
    columns["key"] = pa.chunked_array([decode_keys(as_single_array(columns["key"]))])
    rows = build_rows(columns, read.num_rows)
    return Block(rows, rejected, read.num_rows + len(rejected))


def _read(text: bytes, fields: Sequence[str], typed: bool, invalid: list[Rejected]) -> pa.Table:
    types = {name: _csv_type(name) if typed else pa.string() for name in fields}
    if not text or text.isspace():
        return pa.schema(list(types.items())).empty_table()

    def refuse(row: pacsv.InvalidRow) -> str:
        invalid.append(Rejected(row.number - 1, _wrong_count(row), row.text.encode()))
        return "skip"

    return pacsv.read_csv(
        pa.BufferReader(text),
        read_options=pacsv.ReadOptions(column_names=list(fields), use_threads=False, block_size=len(text) + 1),
        parse_options=pacsv.ParseOptions(invalid_row_handler=refuse),
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
    wanted = COLUMNS.get(name, pa.string())
    if pa.types.is_string(wanted):
        return pa.string() if name in DISTINCT else ENCODED
    return ZONED if pa.types.is_timestamp(wanted) else wanted


def _read_carefully(text: bytes, fields: Sequence[str]) -> tuple[pa.Table, list[Rejected]]:
    """The rows of which every value fits its field, with types, and the others."""
    invalid: list[Rejected] = []
    # Bytes that are no UTF-8, which S3 would have encoded, become visible.
    readable = text.decode("utf-8", "backslashreplace").encode()
    read = _read(readable, fields, typed=False, invalid=invalid)
    numbers = _numbers(read.num_rows, [each.position for each in invalid])
    # The number of the first field that does not fit, or of none.
    first = np.full(read.num_rows, len(fields))
    for number in reversed(range(len(fields))):
        first[_wrong(fields[number], as_single_array(read[fields[number]]))] = number
    good = first == len(fields)
    for place in np.flatnonzero(~good).tolist():
        values = [column[place].as_py() or "" for column in read.columns]
        reason = f"The field {fields[first[place]]} cannot be {values[first[place]][:100]!r}."
        invalid.append(Rejected(int(numbers[place]), reason, ",".join(f'"{value}"' for value in values).encode()))
    return _typed(read.filter(pa.array(good))), sorted(invalid, key=lambda each: each.position)


def _numbers(rows: int, invalid: list[int]) -> npt.NDArray[np.int64]:
    """The number of each good row among all records."""
    numbers = np.arange(rows + len(invalid))
    return np.delete(numbers, invalid)


def _wrong(name: str, texts: pa.StringArray) -> Bools:
    """Which values do not fit the field."""
    if name in ("bucket", "key"):
        return np.asarray(texts.is_null())
    wanted = _csv_type(name)
    if pa.types.is_string(wanted) or pa.types.is_dictionary(wanted):
        return np.zeros(len(texts), bool)
    # Arrow's reader overlooks blanks around a number, too.
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
