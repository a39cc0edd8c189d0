"""An access-log line as one regular expression, for the ways that use one; understood by Java, RE2 and Python alike.

Like the one AWS documents for Athena
(https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-s3-access-logs-to-identify-requests.html), with all
27 fields.
"""

from __future__ import annotations

from glue_jobs.sources.s3_access_log.table import S3_ACCESS_LOG

# The table keeps what a line holds in its first 27 columns; the others are derived or for fields yet to come.
FIELDS = {column.name: column.type for column in S3_ACCESS_LOG.columns[:27]}

_QUOTED = {"request_uri", "referer", "user_agent"}

# What S3 writes itself is ASCII; saying so makes RE2 (DuckDB, ClickHouse) a sixth faster than ``[^ ]*``.
_PLAIN = "([!-~]*)"


# What S3 has added to the end of its lines over the years, so that older lines end before it.
_ADDED = ("host_id", "access_point_arn", "acl_required", "source_region")


def _group(name: str) -> str:
    if name == "event_time":
        return r"\[([^\]]*)\]"
    return r'(?:"([^"]*)"|-)' if name in _QUOTED else _PLAIN


def _pattern() -> str:
    parts = ["(?: " + _group(name) if name in _ADDED else " " + _group(name) for name in FIELDS]
    return "^" + "".join(parts).lstrip() + "(?: .*)?" + ")?" * len(_ADDED) + "$"


PATTERN = _pattern()
"""One group per field, in order; a field that S3 left empty is ``-``, or an empty group when it is usually quoted."""
