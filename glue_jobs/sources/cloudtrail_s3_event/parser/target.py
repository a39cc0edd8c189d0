"""The bucket, object and access point of a request.

``bucketName`` is the client's text: a bucket, or the ARN or alias of an access point. ``resources`` has the real names,
but it is redacted when access was denied, and absent in old events.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import msgspec

from glue_jobs.sources.cloudtrail_s3_event.parser.nested import resources

# Nearly every ARN of a bucket or an object begins like this.
COMMON_PREFIX = "arn:aws:s3:::"
ALIASES = ("-s3alias", "--ol-s3")


class Place(NamedTuple):
    """The parts of an ARN; each may be None."""

    bucket: str | None
    key: str | None
    access_point_arn: str | None


class Resources(msgspec.Struct, gc=False, frozen=True):
    """The names in resources. ``bucket``, its ``owner`` and ``key`` are None when there are several of them."""

    bucket: str | None
    first_bucket: str | None
    key: str | None
    access_point_arn: str | None
    owner: str | None


NOWHERE = Place(None, None, None)


@lru_cache(maxsize=1024)
def place_of_arn(arn: str) -> Place:
    """The parts of the ARN of a bucket, an object or an access point; `NOWHERE` for any other text."""
    parts = arn.split(":", 5)
    if len(parts) < 6 or parts[0] != "arn" or not parts[2].startswith("s3"):
        return NOWHERE
    # On an outpost, the rest of the ARN begins with outpost/ID/.
    path = parts[5].split("/", 2)[-1] if parts[2] == "s3-outposts" else parts[5]
    name, _, rest = path.partition("/")
    if name == "accesspoint":
        point, _, rest = rest.partition("/")
        key = rest.removeprefix("object/") if rest.startswith("object/") else None
        return Place(None, key or None, f"{arn.removesuffix(path)}accesspoint/{point}")
    if name == "bucket" and parts[2] != "s3":
        # A directory bucket, or one on an outpost.
        name, _, rest = rest.partition("/")
        rest = rest.removeprefix("object/") if parts[2] == "s3-outposts" else rest
    return Place(name or None, rest or None, None)


class BucketName(NamedTuple):
    """A ``bucketName``: at most one of a bucket, the alias of an access point, and the ARN of one."""

    bucket: str | None = None
    alias: str | None = None
    access_point_arn: str | None = None


def place_of_name(name: str | None) -> BucketName:
    """Recognise which of the three a ``bucketName`` is."""
    if not name:
        return BucketName()
    if name.startswith("arn:"):
        place = place_of_arn(name)
        return BucketName(place.bucket, None, place.access_point_arn)
    return BucketName(alias=name) if name.endswith(ALIASES) else BucketName(name)


def place_of_resources(text: str) -> Resources:
    """The names in the JSON text of resources."""
    # Dictionaries as sets in the order of insertion.
    buckets: dict[str, None] = {}
    keys: dict[str, None] = {}
    point = owner = None
    for each in resources(text):
        arn = each.ARN or each.arn or each.ARNPrefix
        if not arn:
            continue
        if arn.startswith(COMMON_PREFIX):
            bucket, _, key = arn[len(COMMON_PREFIX) :].partition("/")
        else:
            named = place_of_arn(arn)
            bucket, key, point = named.bucket or "", named.key or "", point or named.access_point_arn
        if bucket:
            buckets[bucket] = None
            owner = each.accountId or owner
        # The ARN prefix of a listing ends in a key prefix, not in a key.
        if key and (each.ARN or each.arn):
            keys[key] = None
    first = next(iter(buckets), None)
    one = first if len(buckets) == 1 else None
    return Resources(one, first, next(iter(keys)) if len(keys) == 1 else None, point, owner if one else None)
