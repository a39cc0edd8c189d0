"""The ingest job: turn the values of its arguments into a request."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping

from glue_jobs.enrich.readers.key_file import SECRET_ARN
from glue_jobs.errors import ArgumentError, known_names
from glue_jobs.ingest.request import DEFAULT_KEPT_SNAPSHOTS, IngestRequest
from glue_jobs.jobs.arguments.config import config_argument
from glue_jobs.jobs.arguments.declared import MANAGEMENT_EVENTS, REPORT
from glue_jobs.jobs.arguments.lake import lake_argument
from glue_jobs.jobs.arguments.values import choice_argument, day_argument, flag_argument, number_argument
from glue_jobs.lake import Lake
from glue_jobs.sources.pipelines import BY_NAME
from glue_jobs.sources.upload.source import upload_folder
from glue_jobs.sources.upload.table import UPLOAD
from glue_jobs.storage import address, storage_for
from glue_jobs.workers.spark import STARTED_BY_JAVA

# The suffix is reserved for these buckets: https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
TABLE_BUCKET = re.compile("arn:[^:]*:s3tables:|s3://[^/]*--table-s3(?:/|$)")

# Up to a hundred years: AWS has not written logs for longer, and the first day is still a valid date.
LOOK_BACK_DAYS = range(36_501)

# With two snapshots, one stays readable while the other is replaced, and changes between them can be computed.
KEPT_SNAPSHOTS = range(2, 10_001)


def ingest_request(values: Mapping[str, str]) -> IngestRequest:
    """The request that the values of the arguments, by name, describe; absent ones have their defaults.

    Raises:
        ArgumentError: a value cannot be used; the sentence names the argument.
        ConfigError: the configuration file has a mistake.
    """
    pipeline = BY_NAME.get(values["pipeline"])
    if pipeline is None:
        name = values["pipeline"]
        raise ArgumentError(f"there is no pipeline {name!r}; {known_names(name, (*BY_NAME, REPORT))}")
    since, until = (day_argument(name, values.get(name)) for name in ("since", "until"))
    if since and until and since > until:
        raise ArgumentError(f"since {since} is after until {until}")
    if TABLE_BUCKET.match(values["raw_path"]):
        raise ArgumentError(
            f"{values['raw_path']} is a bucket of S3 Tables, whose tables Athena reads as they are; let CloudWatch Logs"
            " deliver to a bucket as JSON or Parquet, and name that"
        )
    raw, any_name, lake = address(values["raw_path"]), flag_argument(values, "any_name"), lake_argument(values)
    if f"{lake.location}/".startswith(f"{raw.rstrip('/')}/"):
        if any_name:
            raise ArgumentError(
                f"the lake {lake.location} is below the raw path {raw}, and any_name would read its files too"
            )
        if pipeline.table == UPLOAD and f"{lake.location}/".startswith(upload_folder(storage_for(raw), raw)):
            raise ArgumentError(f"the lake {lake.location} is among the uploads, and its files would be uploads too")
    if any_name and not pipeline.takes_any_name:
        raise ArgumentError(f"{pipeline.title} is found by the names of its folders; leave any_name out")
    force = flag_argument(values, "force")
    if force and not pipeline.replaces_objects:
        raise ArgumentError(f"each object of {pipeline.title} is ingested once; leave force out")
    if choice_argument(values, "management_events", MANAGEMENT_EVENTS) == "drop":
        pipeline = pipeline.without_management_events()
    look_back_days = number_argument(
        values, "look_back_days", pipeline.look_back_days, LOOK_BACK_DAYS, "a number of days such as 3"
    )
    keep_snapshots = number_argument(
        values, "keep_snapshots", DEFAULT_KEPT_SNAPSHOTS, KEPT_SNAPSHOTS, "a number from 2 such as 8"
    )
    config = config_argument(values)
    return IngestRequest(
        pipeline=pipeline,
        raw=raw,
        lake=lake,
        config=config,
        since=since,
        until=until,
        look_back_days=look_back_days,
        any_name=any_name,
        force=force,
        keep_snapshots=keep_snapshots,
        reader_keys=_reader_keys(values, lake) if pipeline.needs_reader_keys(config) else None,
    )


def _reader_keys(values: Mapping[str, str], lake: Lake) -> str | None:
    location = values.get("reader_keys")
    if location is None and STARTED_BY_JAVA in os.environ:
        # Without the secret, each run would create a new key on a machine that exists only during the run.
        raise ArgumentError(
            "a job that AWS Glue starts needs reader_keys, the ARN of the secret with the keys of reader ids; or set"
            " privacy.addresses to drop in the configuration file"
        )
    if location is None or location.startswith(SECRET_ARN):
        return location
    if location.startswith("s3://"):
        raise ArgumentError(f"reader_keys is a file of this machine or the ARN of a secret, not {location}")
    path = address(location)
    if path.startswith(f"{lake.location}/"):
        raise ArgumentError(
            f"{path} is in the lake, whose readers must not have the keys of reader ids; keep it elsewhere"
        )
    return path
