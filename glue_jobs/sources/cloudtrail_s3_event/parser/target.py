"""Which bucket, object and access point a request was for.

``bucketName`` is what the client wrote: a bucket, or an access point's ARN or alias. ``resources`` has the real names,
but not always: redacted when access was denied, absent in old events.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import msgspec

from glue_jobs.sources.cloudtrail_s3_event.parser.nested import resources

# What nearly every ARN of a bucket or an object begins with.
PLAIN = "arn:aws:s3:::"
# Longer texts are few, and would fill the memory that others need.
REMEMBERED = 512
ALIASES = ("-s3alias", "--ol-s3")


class Place(NamedTuple):
    """What a text or an ARN names; each may be None."""

    bucket: str | None
    key: str | None
    access_point_arn: str | None


class Resources(msgspec.Struct, gc=False, frozen=True):
    """What resources name; ``bucket`` and ``key`` only when they name one, ``first_bucket`` also when several."""

    bucket: str | None
    first_bucket: str | None
    key: str | None
    access_point_arn: str | None


NOWHERE = Place(None, None, None)


@lru_cache(maxsize=1024)
def place_of_arn(arn: str) -> Place:
    """What an ARN of a bucket, an object, or an access point names; nothing for other ARNs."""
    parts = arn.split(":", 5)
    if len(parts) < 6 or parts[0] != "arn" or not parts[2].startswith("s3"):
        return NOWHERE
    name, _, rest = parts[5].partition("/")
    if name == "accesspoint":
        point, _, rest = rest.partition("/")
        key = rest.removeprefix("object/") if rest.startswith("object/") else None
        return Place(None, key or None, ":".join(parts[:5]) + f":accesspoint/{point}")
    return Place(name or None, rest or None, None)


class Named(NamedTuple):
    """What a bucketName is: a bucket, an access point's alias, or an access point's ARN."""

    bucket: str | None = None
    alias: str | None = None
    access_point_arn: str | None = None


def place_of_name(name: str | None) -> Named:
    """What a bucketName names."""
    if not name:
        return Named()
    if name.startswith("arn:"):
        place = place_of_arn(name)
        return Named(place.bucket, None, place.access_point_arn)
    return Named(alias=name) if name.endswith(ALIASES) else Named(name)


def place_of_resources(text: str) -> Resources:
    """What the JSON text of resources names."""
    # An object that is read is read again.
    return _remembered_place(text) if len(text) <= REMEMBERED else _place_of_resources(text)


@lru_cache(maxsize=16_384)
def _remembered_place(text: str) -> Resources:
    return _place_of_resources(text)


def _place_of_resources(text: str) -> Resources:
    # Sets that keep their order: few have more than one element.
    buckets: dict[str, None] = {}
    keys: dict[str, None] = {}
    point = None
    for each in resources(text):
        arn = each.ARN or each.arn or each.ARNPrefix
        if not arn:
            continue
        if arn.startswith(PLAIN):
            bucket, _, key = arn[len(PLAIN) :].partition("/")
        else:
            named = place_of_arn(arn)
            bucket, key, point = named.bucket or "", named.key or "", point or named.access_point_arn
        if bucket:
            buckets[bucket] = None
        # In a listing, what follows the bucket is no key.
        if key and (each.ARN or each.arn):
            keys[key] = None
    first = next(iter(buckets), None)
    one = first if len(buckets) == 1 else None
    return Resources(one, first, next(iter(keys)) if len(keys) == 1 else None, point)
