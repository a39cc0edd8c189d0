"""The fast path for records that CloudWatch Logs delivers: reads columns, and returns the same rows as `vended`.

Columns must have the documented types, or be texts. All other records are left to be read one by one.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from glue_jobs.columns.arrays import as_single_array, codes_of, flags_of, logged_texts
from glue_jobs.columns.numpy_types import Flags, Places
from glue_jobs.read.parsed import MAX_LOGGED_NUMBER
from glue_jobs.read.rows.json_lines import read_json_lines
from glue_jobs.sources.s3_access_log.parser.fast_path import FastPathResult
from glue_jobs.sources.s3_access_log.parser.line_index import LineIndex
from glue_jobs.sources.s3_access_log.parser.values import (
    FIELDS,
    FIRST_YEAR,
    LAST_YEAR,
    NUMBERS,
    PARSED_SCHEMA,
    decode_keys,
)
from glue_jobs.sources.s3_access_log.parser.vended import (
    ACL_REQUIRED,
    LEFT_OUT,
    NAMES,
    NEEDED,
    extra_fields,
    key_as_logged,
)

_TIME = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?Z$"
_UTC = pa.timestamp("us", "UTC")
_SECOND = 1_000_000
_FIRST, _BEHIND = (np.datetime64(f"{year}", "us").astype(np.int64) for year in (FIRST_YEAR, LAST_YEAR + 1))
_NUMBER, _STATUS = rf"^[0-9]{{1,{len(str(MAX_LOGGED_NUMBER))}}}$", "^[0-9]{3}$"
_ACL_REQUIRED = pa.array([text for text in ACL_REQUIRED if isinstance(text, str)])
_OTHERS = ("event_time", "acl_required", "key_raw")
_FIELD_OF = {column: field for field, column in NAMES.items()}


def _type(column: str) -> pa.DataType:
    if column in NUMBERS:
        return pa.int64()
    return pa.bool_() if column == "acl_required" else pa.string()


_TYPES = {_FIELD_OF.get(column, column): _type(column) for column in FIELDS}


class UnexpectedTypeError(Exception):
    """A column has a type that is not documented."""


def parse_vended_lines(index: LineIndex, lines: Places) -> FastPathResult:
    """Rows of the numbered lines, JSON objects, that are as documented; all other lines are in ``unproven``."""
    tables, others = read_json_lines([index.line(number).rstrip(b" \t\r") for number in lines.tolist()], _TYPES)
    result = FastPathResult(unproven=[lines[others]])
    for records, numbers in tables:
        rows, usual = vended_rows(records)
        result.unproven.append(lines[numbers[~usual]])
        result.tables.append(rows)
        result.lines.append(lines[numbers[usual]])
    return result


def vended_rows(records: pa.Table) -> tuple[pa.Table, Flags]:
    """The rows of the records that are as documented, and flags of these records."""
    try:
        return _Records(records).rows()
    except (UnexpectedTypeError, pa.ArrowException):
        return PARSED_SCHEMA.empty_table(), np.zeros(records.num_rows, dtype=bool)


class _Records:
    """The columns of records, by their names in the table.

    ``_usual`` flags the records that have documented values in all columns read so far.
    """

    def __init__(self, records: pa.Table) -> None:
        names = [name for name in records.column_names if name not in LEFT_OUT]
        self._columns = {NAMES.get(name, name): as_single_array(records[name]) for name in names}
        if len(self._columns) < len(names):
            # Two fields have the same column.
            raise UnexpectedTypeError
        self._count = records.num_rows
        self._usual: Flags = np.ones(self._count, dtype=bool)

    def rows(self) -> tuple[pa.Table, Flags]:
        """The rows of the records that are as documented, and flags of these."""
        plain = (name for name in FIELDS if name not in _OTHERS)
        arrays = {name: self._numbers(name) if name in NUMBERS else logged_texts(self._texts(name)) for name in plain}
        # A line has a hyphen for no bytes.
        arrays["bytes_sent"] = pc.if_else(pc.equal(arrays["bytes_sent"], 0), None, arrays["bytes_sent"])
        arrays["event_time"] = self._times()
        arrays["acl_required"] = self._acl_required()
        arrays["key_raw"] = self._keys_as_logged()
        arrays["key"] = decode_keys(arrays["key_raw"], arrays["operation"])
        arrays["extra_fields"] = self._extra_fields()
        for field in NEEDED:
            self._usual &= ~flags_of(self._column(NAMES.get(field, field)).is_null())
        rows = pa.table([arrays[field.name].cast(field.type) for field in PARSED_SCHEMA], schema=PARSED_SCHEMA)
        return rows.filter(pa.array(self._usual)).combine_chunks(), self._usual

    def _column(self, name: str) -> pa.Array:
        return self._columns.get(name, pa.nulls(self._count))

    def _texts(self, name: str) -> pa.StringArray:
        column = self._column(name)
        if not _is_one_of(column, pa.types.is_string, pa.types.is_large_string, pa.types.is_null):
            raise UnexpectedTypeError
        return column.cast(pa.string())

    def _numbers(self, name: str) -> pa.Array:
        column = self._column(name)
        if pa.types.is_integer(column.type):
            least, most = (100, 999) if name == "http_status" else (0, MAX_LOGGED_NUMBER)
            numbers = column.cast(pa.int64()).fill_null(least).to_numpy()
            is_right: Flags = (numbers >= least) & (numbers <= most)
            self._usual &= is_right
            return pa.array(numbers, mask=~is_right | flags_of(column.is_null()))
        texts = logged_texts(self._texts(name))
        right = pc.match_substring_regex(texts.dictionary, _STATUS if name == "http_status" else _NUMBER)
        self._usual &= np.append(flags_of(right), True)[codes_of(texts.indices)]
        return pc.if_else(right, texts.dictionary, None).cast(pa.int64()).take(texts.indices)

    def _times(self) -> pa.Array:
        """Whole seconds, as in a line."""
        column = self._column("event_time")
        if not pa.types.is_timestamp(column.type):
            texts = self._texts("event_time")
            column = pc.if_else(pc.match_substring_regex(texts, _TIME), texts, None)
        times = column.cast(_UTC, safe=False).cast(pa.int64()).fill_null(-1).to_numpy()
        self._usual &= (times >= _FIRST) & (times < _BEHIND)
        return pa.array(times // _SECOND * _SECOND).cast(pa.timestamp("us"))

    def _acl_required(self) -> pa.Array:
        column = self._column("acl_required")
        is_flag = pa.types.is_boolean(column.type)
        required = column if is_flag else pc.is_in(self._texts("acl_required"), _ACL_REQUIRED)
        return pc.if_else(required.fill_null(False), True, None)

    def _keys_as_logged(self) -> pa.DictionaryArray:
        fields = (self._texts(name).to_pylist() for name in ("key_raw", "request_uri", "operation"))
        keys = [key_as_logged(key, uri, operation) for key, uri, operation in zip(*fields, strict=True)]
        return logged_texts(pa.array(keys, pa.string()))

    def _extra_fields(self) -> pa.Array:
        added = {name: column for name, column in self._columns.items() if column.null_count < self._count}
        names = sorted(added.keys() - {*FIELDS})
        kinds = (pa.types.is_string, pa.types.is_boolean, pa.types.is_integer)
        if not all(_is_one_of(added[name], *kinds) for name in names):
            raise UnexpectedTypeError
        kind = PARSED_SCHEMA.field("extra_fields").type
        if not names:
            return pa.nulls(self._count, kind)
        values = zip(*(added[name].to_pylist() for name in names), strict=True)
        return pa.array([extra_fields(dict(zip(names, row, strict=True))) or None for row in values], kind)


def _is_one_of(column: pa.Array, *kinds: Callable[[pa.DataType], bool]) -> bool:
    return any(is_kind(column.type) for is_kind in kinds)
