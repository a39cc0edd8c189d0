"""Recognise the source of a raw object by its name or its first bytes, for runs that find none of their own source."""

from __future__ import annotations

import re
import zlib

# Names that AWS gives to objects, in any folder.
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/ServerLogs.html
# https://docs.aws.amazon.com/awscloudtrail/latest/userguide/get-and-view-cloudtrail-log-files.html
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/storage-inventory-location.html
# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/standard-logs-reference.html
_NAMES = (
    ("cloudtrail_s3_event", re.compile(r"\d{12}_CloudTrail_[a-z0-9-]+_\d{8}T\d{4}Z_\w+\.json(?:\.gz)?$")),
    ("s3_inventory_object", re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}-\d{2}Z/manifest\.(?:json|checksum)$")),
    ("s3_inventory_object", re.compile(r"/data/[0-9a-f-]{36}\.(?:csv\.gz|orc|parquet)$|/hive/dt=[^/]+/symlink\.txt$")),
    # Ids of distributions begin with E. Vended access logs may have an account id there.
    ("cloudfront_log", re.compile(r"(?:^|/)E[0-9A-Z]{11,15}\.\d{4}-\d{2}-\d{2}-\d{2}\.[0-9a-f]{8}(?:\.\w+)*$")),
    ("run_summary", re.compile(r"/(?:summary2/[SED]RR\d+\.summary|[pr]summary/[SED]RR\d+\.psummary)$")),
    ("s3_access_log", re.compile(r"\d{4}-\d{2}-\d{2}-\d{2}-\d{2}-\d{2}-[0-9A-F]{16}$")),
)

# The beginning of a source's records, or a field in the first of them.
_CONTENT = (
    ("s3_access_log", re.compile(rb"\s*(?:[0-9a-f]{64}|-) \S+ \[\d{2}/[A-Z][a-z]{2}/\d{4}:\d{2}:\d{2}:\d{2} ")),
    ("cloudfront_log", re.compile(rb"#(?:Version|Fields):")),
    ("cloudfront_log", re.compile(rb'\s*\{.{0,4000}?"(?:x-edge-location|cs-uri-stem)"', re.DOTALL)),
    ("s3_inventory_object", re.compile(rb'\s*\{.{0,4000}?"(?:fileSchema|sourceBucket)"', re.DOTALL)),
    ("cloudtrail_s3_event", re.compile(rb'\s*\{\s*"Records"\s*:\s*\[', re.DOTALL)),
    ("s3_access_log", re.compile(rb'\s*\{.{0,4000}?"(?:bucket_owner_id|key_name|request_uri)"', re.DOTALL)),
    ("cloudtrail_s3_event", re.compile(rb'\s*[\[{].{0,4000}?"(?:eventVersion|eventSource)"', re.DOTALL)),
)

LOG_GROUP = re.compile(rb'\s*(?:\d{4}-\d\d-\d\dT[\d:.]+Z \{|\{.{0,4000}?"logEvents"\s*:\s*\[)', re.DOTALL)
"""A line that CloudWatch Logs has exported from a log group, or the document of a subscription to one."""

FROM_LOG_GROUP = "comes from a log group of CloudWatch Logs; ingest what AWS delivers to S3 itself"
"""The end of a sentence about a record that `LOG_GROUP` matches."""

SIGNATURE_BYTES = 65_536
"""Number of first bytes that `source_of_content` examines."""


def source_of_name(address: str) -> str | None:
    """The source whose objects have such names; None if there is none."""
    return next((source for source, pattern in _NAMES if pattern.search(address)), None)


def source_of_content(start: bytes) -> str | None:
    """The source of an object with these first bytes, which may be gzipped; None if there is none."""
    if start.startswith(b"\x1f\x8b"):
        try:
            start = zlib.decompressobj(wbits=31).decompress(start, SIGNATURE_BYTES)
        except zlib.error:
            return None
    text = start.removeprefix(b"\xef\xbb\xbf")
    return next((name for name, pattern in _CONTENT if pattern.match(text)), None)
