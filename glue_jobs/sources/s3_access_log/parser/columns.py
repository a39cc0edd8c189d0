"""Columns of the fast parser: what ``pyarrow.csv`` reads from plain lines, and the table made of it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.csv as pacsv

from glue_jobs.sources.s3_access_log.parser.values import (
    DISTINCT,
    FIELDS,
    NUMBERS,
    PARSED_SCHEMA,
    TIME_LENGTH,
    decode_keys,
    event_times,
)

ZONE = "zone"
COLUMNS = (*FIELDS[:3], ZONE, *FIELDS[3:])
"""Columns of a line split at blanks: the time counts as two, ``[06/Feb/2019:00:00:38`` and ``+0000]``."""

URI_COLUMN = COLUMNS.index("request_uri")
REFERER_COLUMN = COLUMNS.index("referer")
USER_AGENT_COLUMN = COLUMNS.index("user_agent")

# Small blocks stay in the processor's cache from splitting to conversion: twice as fast as one large block.
BLOCK_SIZE = 1 << 20


def read_columns(text: bytes | memoryview, count: int) -> tuple[pa.Table, list[int]]:
    """Rows of the lines that have exactly ``count`` columns, and the numbers (from 0) of the rows that have not.

    Raises pyarrow.ArrowInvalid when a value does not fit its column.
    """
    names = [*COLUMNS[:count], *(f"extra_{number}" for number in range(count - len(COLUMNS)))]
    skipped: list[int] = []

    def skip(row: pacsv.InvalidRow) -> str:
        skipped.append(row.number - 1)
        return "skip"

    types = {name: _csv_type(name) for name in names}
    table = pacsv.read_csv(
        pa.BufferReader(pa.py_buffer(text)),
        read_options=pacsv.ReadOptions(column_names=names, use_threads=False, block_size=BLOCK_SIZE),
        parse_options=pacsv.ParseOptions(delimiter=" ", quote_char='"', double_quote=False, invalid_row_handler=skip),
        convert_options=pacsv.ConvertOptions(
            column_types=types,
            null_values=["-"],
            strings_can_be_null=True,
            quoted_strings_can_be_null=True,
            check_utf8=False,
        ),
    )
    return table, skipped


def _csv_type(name: str) -> pa.DataType:
    if name == "event_time":
        return pa.binary(TIME_LENGTH)
    return PARSED_SCHEMA.field(name).type if name in NUMBERS else pa.string()


def encode(strings: pa.StringArray) -> pa.DictionaryArray:
    """The same strings with a dictionary (int32, string); a column of one value costs next to nothing."""
    count = len(strings)
    if count and strings.null_count == count:
        return pa.DictionaryArray.from_arrays(pa.nulls(count, pa.int32()), pa.array([], pa.string()))
    if count and strings.null_count == 0 and _is_constant(strings):
        return pa.DictionaryArray.from_arrays(pa.array(np.zeros(count, np.int32)), strings[:1])
    return strings.dictionary_encode()


def _is_constant(strings: pa.StringArray) -> bool:
    # Equal to itself shifted by one value: a comparison of memory, many times faster than hashing every value.
    offsets = string_offsets(strings)
    length = int(offsets[1] - offsets[0])
    if offsets[-1] - offsets[0] != length * len(strings) or (np.diff(offsets) != length).any():
        return False
    data = strings.buffers()[2]
    if data is None or length == 0:
        return True
    rest = int(offsets[-1] - offsets[0]) - length
    start = int(offsets[0])
    same: bool = data.slice(start, rest).equals(data.slice(start + length, rest))
    return same


def string_offsets(strings: pa.StringArray) -> npt.NDArray[np.int32]:
    """Where each value begins in the data of the column, and after the last one where it ends."""
    return np.frombuffer(strings.buffers()[1], np.int32)[strings.offset : strings.offset + len(strings) + 1]


def build_table(columns: dict[str, pa.Array], extra: list[pa.StringArray]) -> tuple[pa.Table, npt.NDArray[np.bool_]]:
    """The parsed table of plain lines and, for each row, whether its time is a real date.

    ``columns`` has the fields the lines have, strings already encoded; ``extra`` the fields after the 27th.
    """
    count = len(columns["event_time"])
    texts = np.frombuffer(columns["event_time"].buffers()[1], np.uint8, count * TIME_LENGTH)
    times, real = event_times(texts.reshape(-1, TIME_LENGTH))
    absent = pa.DictionaryArray.from_arrays(pa.nulls(count, pa.int32()), pa.array([], pa.string()))
    arrays = dict.fromkeys(FIELDS, absent) | columns
    arrays["event_time"] = pa.array(times, PARSED_SCHEMA.field("event_time").type)
    for name in DISTINCT - columns.keys():
        arrays[name] = pa.nulls(count, pa.string())
    arrays["acl_required"] = _true_or_null(arrays["acl_required"])
    arrays["key"] = decode_keys(arrays["key_raw"], arrays["operation"])
    arrays["extra_fields"] = _lists(extra, count)
    return pa.table([arrays[name] for name in PARSED_SCHEMA.names], schema=PARSED_SCHEMA), real


def _true_or_null(strings: pa.DictionaryArray) -> pa.BooleanArray:
    null = np.asarray(strings.is_null())
    return pa.array(~null, pa.bool_(), mask=null)


def _lists(fields: list[pa.StringArray], count: int) -> pa.ListArray:
    """One list per row of the values that further columns have in that row; null when there are none."""
    list_type = PARSED_SCHEMA.field("extra_fields").type
    if not fields:
        return pa.nulls(count, list_type)
    row_by_row = np.arange(len(fields) * count).reshape(len(fields), count).T.ravel()
    offsets = np.arange(0, len(row_by_row) + 1, len(fields), dtype=np.int32)
    return pa.ListArray.from_arrays(pa.array(offsets), pa.concat_arrays(fields).take(pa.array(row_by_row)), list_type)
