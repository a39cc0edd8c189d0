"""Columns of the fast path: read from a buffer with ``pyarrow.csv``, then built into the parsed table."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from glue_jobs.columns.arrays import ENCODED
from glue_jobs.columns.numpy_types import Flags
from glue_jobs.sources.s3_access_log.parser.values import (
    DISTINCT,
    FIELDS,
    IDENTITY,
    NUMBERS,
    PARSED_SCHEMA,
    TIME_LENGTH,
    decode_keys,
    event_times,
)

ZONE = "zone"
COLUMNS = (*FIELDS[:3], ZONE, *FIELDS[3:])
"""Columns of a line split at blanks. The time is two columns: ``[06/Feb/2019:00:00:38`` and ``+0000]``."""

URI_COLUMN = COLUMNS.index("request_uri")
REFERER_COLUMN = COLUMNS.index("referer")
USER_AGENT_COLUMN = COLUMNS.index("user_agent")
REQUESTER_COLUMN = COLUMNS.index("requester")

# A block stays in the processor's cache from splitting to conversion: twice as fast as one large block.
BLOCK_BYTES = 1 << 20


class Layout(NamedTuple):
    """The layout that lines have in common: the number of their columns, of which the requester is one.

    With ``has_identity`` the requester is an origin access identity of CloudFront. Its name has blanks, at which
    ``pyarrow.csv`` splits it.
    """

    columns: int
    has_identity: bool

    @classmethod
    def of(cls, line: bytes) -> Layout:
        """The layout of a line that has no quotes but those of S3."""
        count = 1 + sum(part.count(b" ") for part in line.split(b'"')[::2])
        has_identity = IDENTITY in line.partition(b'"')[0]
        return cls(count - (IDENTITY.count(b" ") if has_identity else 0), has_identity)

    @property
    def names(self) -> list[str]:
        """The columns of a row, including those after the 27th field."""
        return [*COLUMNS[: self.columns], *(f"extra_{number}" for number in range(self.columns - len(COLUMNS)))]

    @property
    def words(self) -> list[str]:
        """The columns into which ``pyarrow.csv`` splits the requester."""
        return [f"requester_{number}" for number in range(IDENTITY.count(b" ") + 1)]


def read_columns(text: bytes | memoryview, layout: Layout) -> tuple[pa.Table, list[int]]:
    """Rows of the lines with exactly as many columns as the layout, and the numbers (from 0) of the other lines.

    Raises pyarrow.ArrowInvalid if a value does not fit its column.
    """
    names = layout.names
    if layout.has_identity:
        names[REQUESTER_COLUMN : REQUESTER_COLUMN + 1] = layout.words
    skipped: list[int] = []

    def skip(row: pacsv.InvalidRow) -> str:
        skipped.append(row.number - 1)
        return "skip"

    types = {name: _csv_type(name) for name in names}
    table = pacsv.read_csv(
        pa.BufferReader(pa.py_buffer(text)),
        read_options=pacsv.ReadOptions(column_names=names, use_threads=False, block_size=BLOCK_BYTES),
        parse_options=pacsv.ParseOptions(delimiter=" ", quote_char='"', double_quote=False, invalid_row_handler=skip),
        convert_options=pacsv.ConvertOptions(
            column_types=types,
            null_values=["-"],
            strings_can_be_null=True,
            quoted_strings_can_be_null=True,
            check_utf8=False,
        ),
    )
    if layout.has_identity:
        requester = pc.binary_join_element_wise(*(table[word] for word in layout.words), " ")
        table = table.drop_columns(layout.words).add_column(REQUESTER_COLUMN, "requester", requester)
    return table, skipped


def _csv_type(name: str) -> pa.DataType:
    if name == "event_time":
        return pa.binary(TIME_LENGTH)
    return PARSED_SCHEMA.field(name).type if name in NUMBERS else pa.string()


def build_table(columns: dict[str, pa.Array], extra: list[pa.StringArray]) -> tuple[pa.Table, Flags]:
    """The parsed table, and for each row whether its time is a real date.

    ``columns`` has the fields of the layout, strings dictionary-encoded; ``extra`` has the fields after the 27th.
    """
    count = len(columns["event_time"])
    texts = np.frombuffer(columns["event_time"].buffers()[1], np.uint8, count * TIME_LENGTH)
    times, is_real_time = event_times(texts.reshape(-1, TIME_LENGTH))
    arrays = dict.fromkeys(FIELDS, pa.nulls(count, ENCODED)) | columns
    arrays["event_time"] = pa.array(times, PARSED_SCHEMA.field("event_time").type)
    for name in DISTINCT - columns.keys():
        arrays[name] = pa.nulls(count, pa.string())
    arrays["acl_required"] = pc.if_else(arrays["acl_required"].is_valid(), True, None)
    arrays["key"] = decode_keys(arrays["key_raw"], arrays["operation"])
    arrays["extra_fields"] = _lists(extra, count)
    return pa.table([arrays[name] for name in PARSED_SCHEMA.names], schema=PARSED_SCHEMA), is_real_time


def _lists(fields: list[pa.StringArray], count: int) -> pa.ListArray:
    """For each row the list of its extra fields; null if there are no extra columns."""
    list_type = PARSED_SCHEMA.field("extra_fields").type
    if not fields:
        return pa.nulls(count, list_type)
    row_by_row = np.arange(len(fields) * count).reshape(len(fields), count).T.ravel()
    offsets = np.arange(0, len(row_by_row) + 1, len(fields), dtype=np.int32)
    return pa.ListArray.from_arrays(pa.array(offsets), pa.concat_arrays(fields).take(pa.array(row_by_row)), list_type)
