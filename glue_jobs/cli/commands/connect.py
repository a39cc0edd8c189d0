"""``usage-lake connect``: make a bucket deliver its access logs and inventories to the log bucket of a stack."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from glue_jobs.errors import ArgumentError
from glue_jobs.setup.bucket_settings import BucketSettings
from glue_jobs.setup.deliveries import Step, Target, inventory_step, logging_step

# Names under today's rules, and the longer names of old buckets in us-east-1.
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
BUCKET = re.compile(r"[A-Za-z0-9._-]{3,255}")

# The template's pattern. It has no colon, so addresses such as s3://logs/ are refused.
PREFIX = re.compile(r"[A-Za-z0-9!_.'()=/-]+/")

CALLS = {"logging": "put-bucket-logging", "inventory": "put-bucket-inventory-configuration"}


def connect(
    bucket: str, log_bucket: str, log_prefix: str, inventory_prefix: str, frequency: str, apply: bool
) -> Iterator[str]:
    """A sentence about each setting of the bucket, with its value if it is missing; ``apply`` sets missing settings.

    Raises:
        ArgumentError: the bucket cannot deliver to the log bucket.
        StorageError: the bucket's settings cannot be read or changed.
    """
    settings = BucketSettings(bucket)
    target = Target(settings.partition, log_bucket, log_prefix, inventory_prefix, frequency)
    _check(bucket, settings, target)
    for step in (logging_step(target, settings.logging()), inventory_step(target, settings.inventories())):
        if step.state == "set" and apply:
            change = settings.set_logging if step.name == "logging" else settings.set_inventory
            change(step.wanted)
        yield _sentence(bucket, step, apply)


def _check(bucket: str, settings: BucketSettings, target: Target) -> None:
    for name in (bucket, target.bucket):
        if not BUCKET.fullmatch(name):
            raise ArgumentError(f"a bucket is given by its name, such as example-data, not {name!r}")
    for prefix in (target.log_prefix, target.inventory_prefix):
        if not PREFIX.fullmatch(prefix):
            raise ArgumentError(f"a prefix has letters, digits and !_.'()=/-, and ends with a slash, not {prefix!r}")
    if bucket == target.bucket:
        raise ArgumentError(f"{bucket} cannot deliver to itself; connect the buckets you publish from")
    here, there = settings.region(), BucketSettings(target.bucket).region()
    if here != there:
        raise ArgumentError(
            f"{bucket} is in {here} and {target.bucket} in {there}, and S3 delivers within one Region only;"
            f" create a stack in {here}"
        )


def _sentence(bucket: str, step: Step, applied: bool) -> str:
    if step.state != "set":
        action = "is kept" if step.state == "kept" else "is left alone"
        return f"{step.name} of {bucket} {action}: {step.reason}"
    action = "is set" if applied else "is missing; with --apply it becomes"
    return f"{step.name} of {bucket} {action} ({CALLS[step.name]}):\n{json.dumps(step.wanted, indent=2)}"
