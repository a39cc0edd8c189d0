"""Fallback for access log lines that the fast path does not prove: one line at a time, read from both ends."""

from __future__ import annotations

import re
from array import array
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from glue_jobs.columns.arrays import logged_texts
from glue_jobs.columns.numpy_types import Flags, Ints
from glue_jobs.read.framing.uploaded_file import BYTE_ORDER_MARK
from glue_jobs.read.parsed import MAX_LOGGED_NUMBER, MAX_RECORD_BYTES, MAX_REJECTED_PER_PARSE, Parsed, Rejected
from glue_jobs.sources.s3_access_log.parser.client_text import (
    SPLICED,
    UnreadableLineError,
    may_be_unquoted_headers,
    problem_of_tail,
    read_client_text,
)
from glue_jobs.sources.s3_access_log.parser.values import (
    FIELDS,
    HEAD,
    MIDDLE,
    NUMBERS,
    PARSED_SCHEMA,
    TAIL,
    TIME,
    TIME_LENGTH,
    decode_keys,
    event_times,
    pattern_of,
    utc_offset,
)
from glue_jobs.sources.s3_access_log.parser.vended import read_vended_record
from glue_jobs.sources.signatures import FROM_LOG_GROUP, LOG_GROUP

Row = tuple[Any, ...]
"""Texts of one line: its 27 fields, then the list of extra fields."""

TIME_FIELD = FIELDS.index("event_time")
YEAR_OF_TIME = slice(8, 12)
NULL_TEXTS = ("-", "")
MAX_DIGITS = len(str(MAX_LOGGED_NUMBER))

_HEAD = re.compile(" *" + " +".join(pattern_of(name) for name in HEAD) + r" +(?=[^ ])")
_PLAIN = re.compile(
    r'(?:"(?P<request_uri>[^"]*)"|-) +'
    + " +".join(pattern_of(name) for name in MIDDLE)
    + r' +(?:"(?P<referer>[^"]*)"|-) +(?:"(?P<user_agent>[^"]*)"|-)(?P<tail>(?: +[^ "]+)*) *'
)
_HEAD_FIELDS = {name: re.compile(rf" *{pattern_of(name)}(?: +|$)") for name in HEAD}


def parse_lines(lines: Iterable[tuple[int, bytes]]) -> Parsed:
    """Rows and rejected lines of (position, line) pairs, in their order; blank lines are not records."""
    parsed: list[tuple[int, bytes, Row]] = []
    rejected: list[Rejected] = []
    repeated: defaultdict[str, array[int]] = defaultdict(lambda: array("q"))
    for position, line in lines:
        if not line.strip():
            continue
        try:
            parsed.append((position, line, read_record(line)))
        except UnreadableLineError as problem:
            if len(rejected) < MAX_REJECTED_PER_PARSE:
                rejected.append(Rejected(position, str(problem), line[:MAX_RECORD_BYTES]))
            else:
                repeated[str(problem)].append(position)
    times, is_real_time = _times([row[TIME_FIELD] for _, _, row in parsed])
    for index in np.flatnonzero(~is_real_time):
        position, line, row = parsed[index]
        rejected.append(Rejected(position, f"{row[TIME_FIELD]}] is not a date and time.", line))
    rejected.sort(key=lambda record: record.position)
    readable = np.flatnonzero(is_real_time)
    rows = _table([parsed[index][2] for index in readable], times[readable])
    positions = np.array([parsed[index][0] for index in readable], dtype=np.int64)
    further = {reason: np.frombuffer(each, dtype=np.int64) for reason, each in repeated.items()}
    records = len(readable) + len(rejected) + sum(map(len, further.values()))
    return Parsed(rows, positions, records, rejected, repeated=further)


def read_record(line: bytes) -> Row:
    """Texts of the fields of a line of text or JSON, like `read_line`; raises UnreadableLineError with the reason."""
    line = line.removeprefix(BYTE_ORDER_MARK)
    return read_vended_record(line) if line.lstrip()[:1] == b"{" else read_line(line)


def read_line(line: bytes) -> Row:
    """Texts of the fields of one line as logged, the time with its zone, None for a bare ``-`` of a client field.

    The caller checks that the time is a real date. Raises UnreadableLineError with the reason.
    """
    text = line.decode("utf-8", "backslashreplace").rstrip(" \r")
    head = _HEAD.match(text)
    if head is None:
        raise UnreadableLineError(_what_is_wrong_with_head(text))
    rest, year = text[head.end() :], int(head["event_time"][YEAR_OF_TIME])
    plain = _PLAIN.fullmatch(rest)
    if plain is None or (_has_quoted_header(plain) and may_be_unquoted_headers(rest[rest.rfind('"') + 1 :])):
        (uri, _, referer, user_agent), middle, tail = read_client_text(rest, year)
    else:
        uri, *middle, referer, user_agent, last = plain.groups()
        tail = [value for value in last.split(" ") if value]
        problem = problem_of_tail(tail, year)
        if problem:
            raise UnreadableLineError(problem)
    if max(map(len, middle)) > MAX_DIGITS and _has_too_large(middle):
        raise UnreadableLineError("A number of the line is larger than any that S3 writes.")
    known = tail[: len(TAIL)] + ["-"] * (len(TAIL) - len(tail))
    fields = (*head.groups(), uri, *middle, referer, user_agent, *known)
    return (*fields, tail[len(TAIL) :])


def _has_quoted_header(plain: re.Match[str]) -> bool:
    return plain["referer"] is not None or plain["user_agent"] is not None


def _has_too_large(middle: list[str]) -> bool:
    digits = (text.lstrip("0") for name, text in zip(MIDDLE, middle, strict=True) if name in NUMBERS)
    # Not by value: Python refuses to convert thousands of digits.
    return any(len(text) > MAX_DIGITS for text in digits)


def _what_is_wrong_with_head(text: str) -> str:
    """One sentence about the first of the eight leading fields that S3 cannot have written."""
    if LOG_GROUP.match(text.encode()):
        return f"The line {FROM_LOG_GROUP}."
    if len(re.findall(TIME, text.partition('"')[0])) > 1:
        return SPLICED
    position = 0
    for name, pattern in _HEAD_FIELDS.items():
        field = pattern.match(text, position)
        if field is None:
            if position >= len(text):
                return "The line is cut short: it ends within the first eight fields."
            if name == "event_time":
                return "The third field is not a time in brackets such as [06/Feb/2019:00:00:38 +0000]."
            return f"The field {name} is not what S3 writes there."
        position = field.end()
    return "The line is cut short: it ends within the first eight fields."


def _times(texts: list[str]) -> tuple[Ints, Flags]:
    """Microseconds since 1970, UTC, of times with their zones, and which of them are real times."""
    local = "".join(text[:TIME_LENGTH] for text in texts).encode()
    times, is_real = event_times(np.frombuffer(local, dtype=np.uint8).reshape(-1, TIME_LENGTH))
    for index, text in enumerate(texts):
        if not text.endswith("+0000"):
            offset = utc_offset(text[-5:])
            is_real[index] &= offset is not None
            times[index] -= offset or 0
    return times, is_real


def _table(rows: list[Row], times: Ints) -> pa.Table:
    if not rows:
        return PARSED_SCHEMA.empty_table()
    columns = dict(zip((*FIELDS, "extra_fields"), zip(*rows, strict=True), strict=True))
    arrays: dict[str, pa.Array] = {"event_time": pa.array(times, PARSED_SCHEMA.field("event_time").type)}
    for name in columns.keys() - arrays.keys():
        arrays[name] = _column(name, columns[name])
    arrays["key"] = decode_keys(arrays["key_raw"], arrays["operation"])
    return pa.table([arrays[name] for name in PARSED_SCHEMA.names], schema=PARSED_SCHEMA)


def _column(name: str, texts: tuple[Any, ...]) -> pa.Array:
    arrow_type = PARSED_SCHEMA.field(name).type
    if name == "extra_fields":
        lists = [[field if field not in NULL_TEXTS else None for field in fields] or None for fields in texts]
        return pa.array(lists, arrow_type)
    column = logged_texts(pa.array(texts, pa.string()))
    if name == "acl_required":
        return pc.if_else(column.is_valid(), True, None)
    return column if pa.types.is_dictionary(arrow_type) else column.cast(pa.string()).cast(arrow_type)
