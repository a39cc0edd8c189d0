"""CloudTrail events of S3: the names of their objects, and the columns that are derived from events.

Key layouts: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/get-and-view-cloudtrail-log-files.html
"""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from glue_jobs.columns.arrays import mapped_dictionary
from glue_jobs.config import Config
from glue_jobs.enrich.datasets import assign_assets, assign_datasets
from glue_jobs.enrich.derived import with_derived
from glue_jobs.enrich.places.locate import locator
from glue_jobs.enrich.reference_data import ReferenceData
from glue_jobs.enrich.traffic import is_own
from glue_jobs.read.parsed import Parsed, Positions
from glue_jobs.sources.cloudtrail_s3_event.parser import parse_cloudtrail
from glue_jobs.sources.cloudtrail_s3_event.parser.texts import first_of
from glue_jobs.sources.layouts.day_names import SERVICES_OF_A_LOG_BUCKET, DayNames

__all__ = ["CLOUDTRAIL_NAMES", "enrich_cloudtrail", "parse_cloudtrail", "parse_data_events"]

CLOUDTRAIL_NAMES = DayNames(
    # ACCOUNT_CloudTrail_REGION_YYYYMMDDTHHmmZ_UNIQUE.json.gz in the folder YYYY/MM/DD of the day of delivery. Copies
    # may be unpacked or renamed. A file whose name contains the name of an `excluded` folder is of that kind.
    in_day=re.compile(r"(?!.*_CloudTrail-[A-Za-z]+_)[^/]+\.json(?:\.gz)?"),
    # Digests hold no events. The others hold other events, or summaries that would count events twice.
    excluded=frozenset(
        {"CloudTrail-Digest", "CloudTrail-Insight", "CloudTrail-NetworkActivity", "CloudTrail-Aggregated"}
    ),
    ignored=SERVICES_OF_A_LOG_BUCKET - {"CloudTrail"},
)


def parse_data_events(data: bytes, starts: Positions) -> Parsed:
    """The same as `parse_cloudtrail`, but management events are filtered too."""
    parsed = parse_cloudtrail(data, starts)
    management = parsed.rows["management_event"].fill_null(False).to_numpy()
    if not management.any():
        return parsed
    rows = parsed.rows.filter(pa.array(~management)).combine_chunks()
    filtered = np.concatenate([parsed.filtered, parsed.positions[management]])
    return replace(parsed, rows=rows, positions=parsed.positions[~management], filtered=filtered)


def enrich_cloudtrail(rows: pa.Table, config: Config, reference: ReferenceData) -> pa.Table:
    """Parsed events with all derived columns of the table: data set, own traffic, robots, place, day."""
    bucket, key, address, agent = (rows[name].chunk(0) for name in ("bucket", "key", "source_ip_address", "user_agent"))
    point, host = (rows[name].chunk(0) for name in ("access_point_arn", "host_header"))
    dataset = assign_datasets(bucket, key, point, config, host=host)
    # Callers from other accounts have no ARN. Users and roles of the publisher may be configured by theirs.
    caller = first_of(rows["principal_arn"].chunk(0), rows["subscriber_account_id"].chunk(0))
    own = is_own(caller, address, rows["authentication_method"].chunk(0), config)
    places = locator(config.places, reference).locate(address)
    rows = rows.append_column("asset", assign_assets(bucket, key, config))
    # CloudTrail writes brackets around the user agent of a program.
    plain = mapped_dictionary(agent, pc.replace_substring_regex(agent.dictionary, r"^\[(.*)\]$", r"\1"))
    return with_derived(rows, dataset, own, plain, places, reference)
