"""S3 server access logs: names of their objects, and columns derived from their lines.

Key layouts: https://docs.aws.amazon.com/AmazonS3/latest/userguide/ServerLogs.html
"""

from __future__ import annotations

import re

import pyarrow as pa
import pyarrow.compute as pc

from glue_jobs.columns.arrays import as_single_array
from glue_jobs.config import Config
from glue_jobs.enrich.datasets import assign_assets, assign_datasets
from glue_jobs.enrich.derived import with_derived
from glue_jobs.enrich.places.locate import locator
from glue_jobs.enrich.readers.columns import with_column
from glue_jobs.enrich.reference_data import ReferenceData
from glue_jobs.enrich.traffic import PRESIGNED, is_own
from glue_jobs.sources.layouts.day_names import SERVICES_OF_A_LOG_BUCKET, DayNames
from glue_jobs.sources.s3_access_log.parser import parse_access_log

__all__ = ["ACCESS_LOG_NAMES", "enrich_access_log", "parse_access_log"]

# [prefix]YYYY-MM-DD-hh-mm-ss-UNIQUE, side by side or in folders YYYY/MM/DD of the event or delivery day. CloudWatch
# Logs delivers [name.]YYYY-MM-DD-hh.UNIQUE.gz, possibly in folders of hours.
_NAME = (
    r"(?P<year>\d{4})-(?P<month>\d{2})-(?P<day>\d{2})-\d{2}"
    r"(?:-\d{2}-\d{2}-[0-9A-Za-z]+|\.[0-9A-Za-z_-]+(?:\.[a-z]+)*)"
)
# CloudFront logs have the id of a distribution before the date, in capital letters.
_CLOUDFRONT = r"E[0-9A-Z]+\.\d{4}-\d{2}-\d{2}-\d{2}\."
# The parameter of a presigned URL, by Signature Version 2 or 4.
_SIGNATURE = "[?&](?:X-Amz-)?Signature="

ACCESS_LOG_NAMES = DayNames(
    in_day=re.compile(rf"(?:(?:hour=)?[0-9]{{2}}/)?(?:[a-z0-9.-]+\.)?{_NAME}"),
    flat=re.compile(rf"(?!{_CLOUDFRONT})(?P<stem>[^/]*?){_NAME}$"),
    ignored=SERVICES_OF_A_LOG_BUCKET,
)


def enrich_access_log(rows: pa.Table, config: Config, reference: ReferenceData) -> pa.Table:
    """Parsed lines with the derived columns of the table: data set, own traffic, robots, place, day."""
    rows = _with_presigned(rows)
    bucket, key, point = (as_single_array(rows[name]) for name in ("bucket", "key", "access_point_arn"))
    requester, address, agent = (as_single_array(rows[name]) for name in ("requester", "remote_ip", "user_agent"))
    authentication, region = (as_single_array(rows[name]) for name in ("authentication_type", "source_region"))
    dataset = assign_datasets(bucket, key, point, config, host=as_single_array(rows["host_header"]))
    own = is_own(requester, address, authentication, config)
    places = locator(config.places, reference).locate(address, region)
    rows = rows.append_column("asset", assign_assets(bucket, key, config))
    return with_derived(rows, dataset, own, agent, places, reference)


def _with_presigned(rows: pa.Table) -> pa.Table:
    """The rows, with QueryString for presigned URLs in lines from before 2019, which lack the authentication type."""
    names = ("authentication_type", "host_id", "requester", "request_uri")
    authentication, host, requester, uri = (as_single_array(rows[name]) for name in names)
    is_old = pc.and_(pc.and_(authentication.is_null(), host.is_null()), requester.is_valid())
    if not pc.any(is_old).as_py():
        return rows
    is_signed = pc.and_(is_old, pc.fill_null(pc.match_substring_regex(uri, _SIGNATURE), False))
    known = pc.if_else(is_signed, PRESIGNED, authentication.cast(pa.string()))
    return with_column(rows, "authentication_type", known.dictionary_encode())
