"""Fields of an S3 server access log line, the shapes of their values, and the conversion to typed values.

Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/LogFormat.html
"""

from __future__ import annotations

from functools import lru_cache
from urllib.parse import unquote_to_bytes

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from glue_jobs.columns.arrays import mapped_dictionary
from glue_jobs.columns.numpy_types import Bytes, Flags, Ints
from glue_jobs.read.parsed import parsed_schema
from glue_jobs.sources.s3_access_log.table import S3_ACCESS_LOG

HEAD = ("bucket_owner", "bucket", "event_time", "remote_ip", "requester", "request_id", "operation", "key_raw")
MIDDLE = ("http_status", "error_code", "bytes_sent", "object_size", "total_time_ms", "turn_around_time_ms")
TAIL = (
    "version_id",
    "host_id",
    "signature_version",
    "cipher_suite",
    "authentication_type",
    "host_header",
    "tls_version",
    "access_point_arn",
    "acl_required",
    "source_region",
)
FIELDS = (*HEAD, "request_uri", *MIDDLE, "referer", "user_agent", *TAIL)
NUMBERS = frozenset(MIDDLE) - {"error_code"}

TAIL_LENGTHS = frozenset({1, 7, 8, 9, 10})
"""Numbers of fields that S3 has written after the user agent; more than ten means that AWS has added fields."""

FIRST_YEAR_OF_VERSIONS = 2010
"""In earlier years a line ends with the user agent: S3 has had versions since February 2010."""

ANY = r'[^ "]+'
# The ARN of an origin access identity of CloudFront has four blanks. No other requester has any, and a pattern that
# allowed them everywhere would shift the fields.
# Source: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-restricting-access-to-s3.html
IDENTITY = b":iam::cloudfront:user/CloudFront Origin Access Identity "
_ORIGIN_ACCESS_IDENTITY = rf"arn:aws[a-z-]*{IDENTITY.decode()}[0-9A-Z]+"
SHAPES: dict[str, str] = {
    "bucket_owner": r"[0-9A-Za-z]+",
    "bucket": r"[0-9A-Za-z._-]+",
    "remote_ip": r"[0-9A-Fa-f.:]+",
    "requester": _ORIGIN_ACCESS_IDENTITY + r'|[^ "\[\]]+',
    "request_id": ANY,
    "operation": r"[A-Z][0-9A-Za-z_]*(?:\.[0-9A-Za-z_]+)+",
    "key_raw": ANY,
    "error_code": ANY,
    "version_id": ANY,
    "host_id": ANY,
    "signature_version": r'SigV[^ "]+',
    "cipher_suite": r"[0-9A-Za-z_-]+",
    "authentication_type": r"[0-9A-Za-z]+",
    "host_header": ANY,
    "tls_version": r"(?:TLS|SSL)[vV][0-9]+(?:\.[0-9]+)?",
    "access_point_arn": r'arn:[^ "]+',
    "acl_required": r"Yes",
    "source_region": r"[a-z0-9-]+",
}
"""Pattern of each field unless it is ``-``; a shifted or cut line breaks one of them."""

LONE_VERSION_ID = r"null|[^ \"]{20,}"
"""Pattern of a version id at the end of a line; anything shorter is text of a user agent in a line that was cut."""

TIME = r"\[[0-9]{2}/[A-Za-z]{3}/[0-9]{4}:[0-9]{2}:[0-9]{2}:[0-9]{2}"
"""Pattern of a time without its zone; not every match is a real date."""

# Nearly all values are distinct, so a dictionary saves nothing.
DISTINCT = frozenset({"request_id", "host_id", "request_uri"})

# Batch deletes and lifecycle deletions log the key encoded once, like a form: a blank is a plus. All other operations
# log it URL-encoded twice: a plus is a plus.
# Source: https://engineeringblog.yelp.com/2025/09/s3-server-access-logs-at-scale.html
ENCODED_ONCE = ("BATCH.DELETE.OBJECT", "S3.EXPIRE.OBJECT", "S3.CREATE.DELETEMARKER")

TIME_LENGTH = len("[06/Feb/2019:00:00:38")
MAX_OFFSET_HOURS = 14
_DIGITS = [1, 2, 8, 9, 10, 11, 13, 14, 16, 17, 19, 20]
_SIGNS = {0: "[", 3: "/", 7: "/", 12: ":", 15: ":", 18: ":"}
# S3 began in 2006. A parser has no clock: a run rejects days after the next one (ingest/events/future_records.py).
FIRST_YEAR, LAST_YEAR = 2006, 2199
_MONTHS = np.array([int.from_bytes(name, "big") for name in b"Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()])
_MONTH_ORDER = np.argsort(_MONTHS)
_MONTH_STARTS = (
    np.arange(f"{FIRST_YEAR}-01", f"{LAST_YEAR + 1}-02", dtype="datetime64[M]").astype("datetime64[D]").astype(np.int64)
)


PARSED_SCHEMA = parsed_schema(S3_ACCESS_LOG, {*S3_ACCESS_LOG.record, "key_raw", "authentication_type"}, DISTINCT)
"""Columns of a parsed table: the fields of a line in the table's order, and ``key`` decoded from ``key_raw``."""


def pattern_of(name: str) -> str:
    """Regular expression group of a field as logged, ``-`` included; for all fields but the client's text."""
    if name == "event_time":
        return rf"(?P<event_time>{TIME} +[+-][0-9]{{4}})\]"
    if name == "http_status":
        return r"(?P<http_status>[0-9]{3}|-)"
    return rf"(?P<{name}>{'[0-9]+' if name in NUMBERS else SHAPES[name]}|-)"


def event_times(texts: Bytes) -> tuple[Ints, Flags]:
    """Microseconds since 1970 of texts such as ``[06/Feb/2019:00:00:38``, and which of them are real times.

    ``texts`` has a row of 21 bytes per text. Real times are in the years 2006 to 2199. Leap seconds are not real: S3
    does not write them (https://aws.amazon.com/blogs/aws/look-before-you-leap-the-coming-leap-second-and-aws/). The
    microseconds of other texts are meaningless.
    """
    digits = (texts[:, _DIGITS] - np.uint8(ord("0"))).T.copy()
    good = (digits <= 9).all(axis=0)
    for place, sign in _SIGNS.items():
        good &= texts[:, place] == ord(sign)
    tens = digits[0::2].astype(np.int64) * 10 + digits[1::2]
    day, century, year, hour, minute, second = tens
    year = century * 100 + year
    names = (texts[:, 4].astype(np.int64) << 16) | (texts[:, 5].astype(np.int64) << 8) | texts[:, 6]
    slot = np.minimum(np.searchsorted(_MONTHS, names, sorter=_MONTH_ORDER), len(_MONTHS) - 1)
    month = _MONTH_ORDER[slot]
    good &= (_MONTHS[month] == names) & (year >= FIRST_YEAR) & (year <= LAST_YEAR)
    first = np.where(good, (year - FIRST_YEAR) * 12 + month, 0)
    start = _MONTH_STARTS[first]
    good &= (day >= 1) & (day <= _MONTH_STARTS[first + 1] - start) & (hour < 24) & (minute < 60) & (second < 60)
    seconds = (start + day - 1) * 86_400 + hour * 3_600 + minute * 60 + second
    return seconds * 1_000_000, good


def utc_offset(zone: str) -> int | None:
    """Microseconds by which a zone such as ``+0130`` is ahead of UTC; None if no such zone exists."""
    hours, minutes = int(zone[1:3]), int(zone[3:])
    if hours > MAX_OFFSET_HOURS or minutes > 59:
        return None
    return (hours * 60 + minutes) * (-60_000_000 if zone[0] == "-" else 60_000_000)


# The same keys occur in batch after batch, and decoding one takes as long as parsing a line.
@lru_cache(maxsize=100_000)
def decode_key(key: str, times: int) -> str:
    """Decode an object key that is URL-encoded ``times`` times; bytes that are not UTF-8 become ``\\xNN``.

    A key that is encoded once is encoded like a form: a plus is a blank.
    """
    raw = (key.replace("+", " ") if times == 1 else key).encode()
    for _ in range(times):
        raw = unquote_to_bytes(raw)
    return raw.decode("utf-8", "backslashreplace")


def decode_keys(key_raw: pa.DictionaryArray, operation: pa.DictionaryArray) -> pa.DictionaryArray:
    """Object keys of logged keys; a row's ``operation`` determines how many times its key is URL-encoded."""
    keys = key_raw.dictionary
    may_be_encoded = pc.match_substring_regex(keys, "[%+]")
    if not pc.any(may_be_encoded).as_py():
        return key_raw
    # Most keys are not encoded, and need no decoding.
    is_encoded = pc.match_substring(keys, "%")
    decoded = [decode_key(key, times=2) for key in keys.filter(is_encoded).to_pylist()]
    twice = mapped_dictionary(key_raw, pc.replace_with_mask(keys, is_encoded, pa.array(decoded, pa.string())))
    names_once = pc.is_in(operation.dictionary, pa.array(ENCODED_ONCE)).take(operation.indices)
    is_once = pc.fill_null(pc.and_(names_once, may_be_encoded.take(key_raw.indices)), False)
    if not pc.any(is_once).as_py():
        return twice
    once = [decode_key(key, times=1) for key in key_raw.filter(is_once).to_pylist()]
    return pc.replace_with_mask(twice.cast(pa.string()), is_once, pa.array(once, pa.string())).dictionary_encode()
