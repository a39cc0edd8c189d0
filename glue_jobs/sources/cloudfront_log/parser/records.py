"""Records of any format as columns of texts, and their conversion to the columns of the table."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from urllib.parse import unquote_to_bytes

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from glue_jobs.columns.arrays import keep_mask, mapped_dictionary
from glue_jobs.columns.numpy_types import Flags, Ints
from glue_jobs.read.parsed import (
    MAX_LOGGED_NUMBER,
    MAX_RECORD_BYTES,
    NO_POSITIONS,
    Parsed,
    Positions,
    Rejected,
    parsed_schema,
)
from glue_jobs.sources.cloudfront_log.table import CLOUDFRONT_LOG, FIELDS

# Nearly all values are distinct, so a dictionary saves nothing.
DISTINCT = "x_edge_request_id"

AGENT = "cs_user_agent"

MAX_DIGITS = len(str(MAX_LOGGED_NUMBER))
NUMBER = {
    "int": r"^[0-9]{1,9}$",
    "bigint": rf"^[0-9]{{1,{MAX_DIGITS}}}$",
    "double": r"^[0-9]{1,15}(?:[.][0-9]{1,15})?$",
}
"""The pattern of each numeric type."""

# CloudFront began in 2008. The last day does not depend on the clock: the same bytes must always give the same rows.
FIRST_DAY, LAST_DAY = date(2008, 1, 1), date(2199, 12, 31)
MICROSECONDS_PER_SECOND, SECONDS_PER_DAY = 1_000_000, 86_400
_EPOCH_DAY = date(1970, 1, 1).toordinal()
_TIME = re.compile("([01][0-9]|2[0-3]):([0-5][0-9]):([0-5][0-9])")
_DAY = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")
_SECONDS = re.compile("([0-9]{1,12})([.][0-9]+)?")


PARSED_SCHEMA = parsed_schema(CLOUDFRONT_LOG, CLOUDFRONT_LOG.record, {DISTINCT})


@dataclass(frozen=True)
class Records:
    """Records that have the same fields.

    ``texts`` maps the `column_name` of each field, undocumented ones included, to a ``dictionary<int32, string>`` with
    null for ``-``. ``record`` returns the bytes of a record by its number. ``index`` has the number of each record in
    its file, for formats that number their records.
    """

    texts: dict[str, pa.DictionaryArray]
    positions: Positions
    record: Callable[[int], bytes]
    index: Ints | None = None


def column_name(field: str) -> str:
    """The column of a field: ``cs(User-Agent)`` in text and JSON, ``cs_user_agent`` in Parquet."""
    return field.strip().lower().replace("(", "_").replace("-", "_").removesuffix(")")


def all_rejected(rejected: list[Rejected]) -> Parsed:
    """The result for records that are all rejected."""
    return Parsed(PARSED_SCHEMA.empty_table(), NO_POSITIONS, len(rejected), rejected)


def typed(records: Records, others: Sequence[Rejected] = ()) -> Parsed:
    """Rows with the types of the table; rejected are the ``others`` and the records with a value of a wrong type."""
    count = len(records.positions)
    bad: dict[int, str] = {}
    columns: dict[str, pa.Array] = {}
    for name, kind in FIELDS.items():
        texts = records.texts.get(name)
        if texts is None:
            columns[name] = pa.nulls(count, PARSED_SCHEMA.field(name).type)
        elif kind == "string":
            columns[name] = _decoded(texts, decode_agent if name == AGENT else decode_once)
        else:
            columns[name], wrong = _numbers(texts, kind)
            for row in np.flatnonzero(wrong):
                bad.setdefault(int(row), f"{name} is no number: {texts[int(row)].as_py()[:80]}")
    columns[DISTINCT] = columns[DISTINCT].cast(pa.string())
    times, known = _event_times(records.texts, columns["timestamp_ms"], count)
    for row in np.flatnonzero(~known):
        bad.setdefault(int(row), "the record has no date and time of the years 2008 to 2199")
    columns["event_time"] = pa.array(times).view(pa.timestamp("us"))
    columns["extra_fields"] = _extra_fields(records.texts, count)
    rows = pa.table([columns[name] for name in PARSED_SCHEMA.names], schema=PARSED_SCHEMA)
    rejected = [*others, *(_rejected(records, row, reason) for row, reason in sorted(bad.items()))]
    good = keep_mask(count, np.array([*bad], np.int64))
    return Parsed(rows.filter(pa.array(good)), records.positions[good], count + len(others), rejected)


def _rejected(records: Records, row: int, reason: str) -> Rejected:
    index = None if records.index is None else int(records.index[row])
    return Rejected(int(records.positions[row]), reason, records.record(row)[:MAX_RECORD_BYTES], index)


def _decoded(texts: pa.DictionaryArray, decode: Callable[[str], str]) -> pa.DictionaryArray:
    """Texts without the URL encoding of the log; bytes that are not UTF-8 become ``\\xNN``.

    https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/standard-logging-legacy-s3.html#LogFileFormat
    """
    values = texts.dictionary
    if not pc.any(pc.match_substring(values, "%")).as_py():
        return texts
    return mapped_dictionary(texts, pa.array(map(decode, values.to_pylist()), pa.string()))


def decode_once(text: str) -> str:
    """The text without one URL encoding; bytes that are not UTF-8 become ``\\xNN``."""
    return unquote_to_bytes(text).decode("utf-8", "backslashreplace") if "%" in text else text


def decode_agent(text: str) -> str:
    """A user agent without the encoding of the log. From September 2013 on, CloudFront encoded it twice for years.

    Such an agent, decoded once, has ``%20`` and no blank. A viewer that sends ``%20`` itself sends blanks too.
    """
    agent = decode_once(text)
    return decode_once(agent) if "%20" in agent and " " not in agent else agent


def _numbers(texts: pa.DictionaryArray, kind: str) -> tuple[pa.Array, Flags]:
    """The numbers, and flags of the texts that are not numbers; their numbers are null."""
    arrow_type = {"int": pa.int32(), "bigint": pa.int64(), "double": pa.float64()}[kind]
    values = texts.dictionary
    right = pc.match_substring_regex(values, NUMBER[kind])
    codes = texts.indices
    wrong = ~np.append(right.to_numpy(zero_copy_only=False), True)[codes.fill_null(-1).to_numpy()]
    return pc.if_else(right, values, None).cast(arrow_type).take(codes), wrong


def _event_times(texts: dict[str, pa.DictionaryArray], timestamps: pa.Array, count: int) -> tuple[Ints, Flags]:
    """Microseconds since 1970, from date and time or else a timestamp, and flags of the records that have a time."""
    seconds = pc.divide(timestamps, 1_000).fill_null(-1).to_numpy()
    if "timestamp" in texts:
        seconds = np.maximum(seconds, _codes(texts["timestamp"], _second_since_1970))
    if "date" in texts and "time" in texts:
        days, times = _codes(texts["date"], _day_number), _codes(texts["time"], _second_of_day)
        both = (days >= 0) & (times >= 0)
        absent = texts["date"].is_null().to_numpy(zero_copy_only=False)
        absent |= texts["time"].is_null().to_numpy(zero_copy_only=False)
        seconds = np.where(both, days * SECONDS_PER_DAY + times, np.where(absent, seconds, -1))
    first, last = ((day.toordinal() - _EPOCH_DAY) * SECONDS_PER_DAY for day in (FIRST_DAY, LAST_DAY))
    known = (seconds >= first) & (seconds < last)
    return np.where(known, seconds, 0) * MICROSECONDS_PER_SECOND, known


def _codes(texts: pa.DictionaryArray, number: Callable[[str], int]) -> Ints:
    """The result of ``number`` for each text; -1 for null."""
    numbers = np.array([*map(number, texts.dictionary.to_pylist()), -1], np.int64)
    of_rows: Ints = numbers[texts.indices.fill_null(-1).to_numpy()]
    return of_rows


def _day_number(text: str) -> int:
    try:
        return date.fromisoformat(text).toordinal() - _EPOCH_DAY if _DAY.fullmatch(text) else -1
    except ValueError:
        return -1


def _second_of_day(text: str) -> int:
    match = _TIME.fullmatch(text)
    return int(match[1]) * 3600 + int(match[2]) * 60 + int(match[3]) if match else -1


def _second_since_1970(text: str) -> int:
    """Seconds since 1970 in the form of real-time logs: 1731620046.814."""
    match = _SECONDS.fullmatch(text)
    return int(match[1]) if match else -1


def _extra_fields(texts: dict[str, pa.DictionaryArray], count: int) -> pa.Array:
    extra = [(name, column.to_pylist()) for name, column in texts.items() if name not in {*FIELDS, "date", "time"}]
    kind = PARSED_SCHEMA.field("extra_fields").type
    if not extra:
        return pa.nulls(count, kind)
    lists = ([f"{name}={values[row]}" for name, values in extra if values[row] is not None] for row in range(count))
    return pa.array((each or None for each in lists), kind)
