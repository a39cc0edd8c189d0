"""Records that CloudWatch Logs delivers in JSON or Parquet, as texts of the fields of a line.

A request therefore becomes the same row, whichever way its record is delivered.
Fields: https://docs.aws.amazon.com/AmazonS3/latest/userguide/sal-cw-log-format.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import quote, unquote

import msgspec
import numpy as np
import pyarrow as pa

from glue_jobs.columns.numpy_types import Places
from glue_jobs.read.framing.json_values import NOT_JSON
from glue_jobs.read.parsed import MAX_LOGGED_NUMBER
from glue_jobs.read.rows.parquet_rows import UnreadableParquetError
from glue_jobs.sources.s3_access_log.parser.client_text import UnreadableLineError
from glue_jobs.sources.s3_access_log.parser.values import ENCODED_ONCE, FIELDS, NUMBERS
from glue_jobs.sources.signatures import FROM_LOG_GROUP, LOG_GROUP, SIGNATURE_BYTES, source_of_content

Value = str | int | float | bool | None

# Columns of the fields that the table names differently.
NAMES = {
    "bucket_owner_id": "bucket_owner",
    "bucket_name": "bucket",
    "request_time": "event_time",
    "key_name": "key_raw",
    "bytes_sent_size": "bytes_sent",
    "total_duration": "total_time_ms",
    "turn_around_duration": "turn_around_time_ms",
}
# Fields that say nothing about the request.
LEFT_OUT = frozenset({"schema_version_id", "bucket_arn"})
ACL_REQUIRED = (True, "true", "Yes")
NEEDED = ("bucket_name", "request_time", "operation")

_TIME = re.compile(r"([0-9]{4})-(0[1-9]|1[0-2])-([0-9]{2})[T ]([0-9:]{8})(?:\.[0-9]+)?(?:Z|\+00:00)?")
_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
_UTC = pa.timestamp("us", "UTC")
_RECORD = msgspec.json.Decoder(dict[str, Value])


def read_vended_record(line: bytes) -> tuple[Any, ...]:
    """Texts of the fields of one JSON record, as `read_line` returns them; raises UnreadableLineError."""
    try:
        record = _RECORD.decode(line)
    except NOT_JSON as problem:
        if LOG_GROUP.match(line):
            raise UnreadableLineError(f"The line {FROM_LOG_GROUP}.") from None
        source = source_of_content(line[:SIGNATURE_BYTES])
        if source not in (None, "s3_access_log"):
            raise UnreadableLineError(f"The line is JSON that the pipeline {source} reads, no access log.") from None
        raise UnreadableLineError(f"The line is JSON, but damaged or of another kind: {problem}.") from None
    absent = [name for name in NEEDED if not isinstance(record.get(name), str)]
    if absent:
        raise UnreadableLineError(f"The line is JSON, but no record of an access log: it has no {absent[0]}.")
    values = {NAMES.get(name, name): value for name, value in record.items() if name not in LEFT_OUT}
    values["event_time"] = _time(str(record["request_time"]))
    values["key_raw"] = key_as_logged(values.get("key_raw"), values.get("request_uri"), str(record["operation"]))
    # A line has a hyphen for no bytes.
    values["bytes_sent"] = None if values.get("bytes_sent") in (0, "0") else values.get("bytes_sent")
    values["acl_required"] = "Yes" if values.get("acl_required") in ACL_REQUIRED else None
    texts = [_number(name, values.get(name)) if name in NUMBERS else _text(values.get(name)) for name in FIELDS]
    return (*texts, extra_fields({name: value for name, value in values.items() if name not in FIELDS}))


def json_records(rows: pa.Table, numbers: Places) -> Iterator[tuple[int, bytes]]:
    """The numbered rows of a Parquet file as JSON records, with their numbers; raises UnreadableParquetError."""
    for number, field in enumerate(rows.schema):
        if pa.types.is_timestamp(field.type):
            # Nanoseconds, as in the old type INT96, have no Python value.
            rows = rows.set_column(number, field.name, rows.column(number).cast(_UTC, safe=False))
    try:
        for part in np.array_split(numbers, len(numbers) // 10_000 + 1):
            for number, row in zip(part.tolist(), rows.take(pa.array(part)).to_pylist(), strict=True):
                yield number, msgspec.json.encode(row, enc_hook=str)
    except (ValueError, OverflowError, pa.ArrowException) as problem:
        raise UnreadableParquetError(f"the Parquet file cannot be read: {problem}") from problem


def _time(text: str) -> str:
    """The time as in a line, to the second."""
    match = _TIME.fullmatch(text)
    if match is None:
        raise UnreadableLineError("The field request_time is not a time such as 2026-04-29T14:32:16.000Z.")
    year, month, day, time = match.groups()
    return f"[{day}/{_MONTHS[int(month) - 1]}/{year}:{time} +0000"


def _number(name: str, value: Value) -> str:
    if value in (None, "-", ""):
        return "-"
    text = value if isinstance(value, str) else repr(value)
    if (
        not re.fullmatch("[0-9]{1,19}", text)
        or int(text) > MAX_LOGGED_NUMBER
        or (name == "http_status" and len(text) != 3)
    ):
        raise UnreadableLineError(f"The field {name} is no number that S3 writes there.")
    return text


def _text(value: Value) -> str:
    return "-" if value is None else value if isinstance(value, str) else msgspec.json.encode(value).decode()


def extra_fields(values: Mapping[str, Value]) -> list[str]:
    """Fields that AWS has added, sorted by name, because their order in the record may vary."""
    return [f"{name}={_text(value)}" for name, value in sorted(values.items()) if value is not None]


def key_as_logged(key: Value, uri: Value, operation: str) -> str:
    """The key with the encoding that it has in a line of the operation.

    AWS does not document whether ``key_name`` is encoded. If it has a percent sign, the request-URI decides.
    """
    if not isinstance(key, str):
        return "-"
    return _quoted(_plain_key(key, uri if isinstance(uri, str) else ""), 1 if operation in ENCODED_ONCE else 2)


@lru_cache(maxsize=100_000)
def _quoted(key: str, times: int) -> str:
    return quote(key) if times == 1 else quote(quote(key))


def _plain_key(key: str, uri: str) -> str:
    if "%" not in key:
        return key
    readings = _readings(key)
    path = unquote(uri.partition(" ")[2].rpartition(" ")[0].partition("?")[0])
    return next((reading for reading in readings if path.endswith(f"/{reading}")), readings[2])


@lru_cache(maxsize=100_000)
def _readings(key: str) -> tuple[str, str, str]:
    once = unquote(key)
    return key, once, unquote(once)
