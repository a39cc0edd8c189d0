"""CloudTrail events of S3: where their objects lie, and what is derived from them.

Key layouts: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/get-and-view-cloudtrail-log-files.html
"""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from glue_jobs.config import Config
from glue_jobs.enrich.datasets import assign_datasets
from glue_jobs.enrich.event_days import with_event_days
from glue_jobs.enrich.reference_data import ReferenceData
from glue_jobs.enrich.robots import ROBOTS, is_robot
from glue_jobs.enrich.traffic import is_own
from glue_jobs.read.parsed import Parsed, Positions
from glue_jobs.sources.cloudtrail_s3_event.parser import parse_cloudtrail
from glue_jobs.sources.layouts.day_names import DayNames

__all__ = ["CLOUDTRAIL_NAMES", "enrich_cloudtrail", "parse_cloudtrail", "parse_data_events"]

CLOUDTRAIL_NAMES = DayNames(
    # ACCOUNT_CloudTrail_REGION_YYYYMMDDTHHmmZ_UNIQUE.json.gz in YYYY/MM/DD of the day it was delivered; people who
    # copied the files may have unpacked or renamed them, but not given them the names of the folders below.
    in_day=re.compile(r"(?!.*_CloudTrail-[A-Za-z]+_)[^/]+\.json(?:\.gz)?"),
    # Digests have no events; the others have other ones, or summaries that would count events again.
    excluded=frozenset(
        {"CloudTrail-Digest", "CloudTrail-Insight", "CloudTrail-NetworkActivity", "CloudTrail-Aggregated"}
    ),
    # Other services that write beside CloudTrail.
    ignored=frozenset(
        {
            "Config",
            "GuardDuty",
            "WAFLogs",
            "elasticloadbalancing",
            "network-firewall",
            "redshift",
            "vpcdnsquerylogs",
            "vpcflowlogs",
        }
    ),
)


def parse_data_events(data: bytes, starts: Positions) -> Parsed:
    """What `parse_cloudtrail` finds, but management events are filtered; those are events that say that they are."""
    parsed = parse_cloudtrail(data, starts)
    # The category is there since version 1.07, the flag since 1.06; older events tell neither.
    told = pc.coalesce(parsed.rows["management_event"], pc.equal(parsed.rows["event_category"], "Management"))
    management = told.fill_null(False).to_numpy()
    if not management.any():
        return parsed
    rows = parsed.rows.filter(pa.array(~management)).combine_chunks()
    filtered = np.concatenate([parsed.filtered, parsed.positions[management]])
    return replace(parsed, rows=rows, positions=parsed.positions[~management], filtered=filtered)


def enrich_cloudtrail(rows: pa.Table, config: Config, reference: ReferenceData) -> pa.Table:
    """Parsed events with every derived column of the table: data set, own traffic, robots, day."""
    names = (
        "bucket",
        "key",
        "access_point_arn",
        "principal_arn",
        "subscriber_account_id",
        "source_ip_address",
        "user_agent",
    )
    column = {name: rows[name].chunk(0) for name in names}
    account, repository = assign_datasets(column["bucket"], column["key"], column["access_point_arn"], config)
    # Callers of other accounts have no ARN, users and roles of the publisher may be listed by theirs.
    by_arn = is_own(column["principal_arn"], column["source_ip_address"], config)
    own = pc.or_(by_arn, is_own(column["subscriber_account_id"], column["source_ip_address"], config))
    rows = (
        rows.append_column("account", account)
        .append_column("repository", repository)
        .append_column("is_own", own)
        .append_column("is_robot", is_robot(column["user_agent"], reference[ROBOTS]))
    )
    return with_event_days(rows)
