"""The bucket, object and access point of a request.

``bucketName`` is the client's text: a bucket, or the ARN or alias of an access point. ``resources`` has the real names,
but it is redacted when access was denied, and absent in old events.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple
from urllib.parse import unquote_plus

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from glue_jobs.sources.cloudtrail_s3_event.parser.nested import copy_source, resource_owners, resources
from glue_jobs.sources.cloudtrail_s3_event.parser.texts import at_places, first_of

# Nearly every ARN of a bucket or an object begins like this.
COMMON_PREFIX = "arn:aws:s3:::"
ALIASES = ("-s3alias", "--ol-s3")
COPIES = pa.array(["CopyObject", "UploadPartCopy"])


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


def with_copy_sources(columns: dict[str, Any]) -> dict[str, Any]:
    """The columns ``bucket``, ``key`` and ``is_copy_source``: sources of copies replace their destinations.

    Copies out of the recipient's buckets are stored as reads of their source. An event of CopyObject or UploadPartCopy
    has the destination as ``bucketName`` and ``key``. If the destination belongs to another account than the recipient
    of the event, the source belongs to the recipient. Otherwise the source belongs to the recipient if the event says
    so, or if it is in the same bucket. https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html
    """
    bucket, key, names = columns["bucket"], columns["key"], columns["event_name"]
    rows = pc.indices_nonzero(pc.is_in(names.dictionary, COPIES).take(names.indices))
    fields = ("bucket", "request_parameters", "resources", "recipient_account_id", "subscriber_account_id")
    found = map(_source, *(columns[name].take(rows).to_pylist() for name in fields))
    sources = {row: source for row, source in zip(rows.to_pylist(), found, strict=True) if source}
    if not sources:
        return {"bucket": bucket, "key": key, "is_copy_source": pa.nulls(len(names), pa.bool_())}
    buckets, keys = (at_places(each, [*sources], len(names)) for each in zip(*sources.values(), strict=True))
    return {
        "bucket": first_of(buckets.dictionary_encode(), bucket),
        "key": first_of(keys.dictionary_encode(), key),
        "is_copy_source": pc.if_else(keys.is_valid(), True, None),
    }


def _source(
    destination: str | None, request: str | None, resources: str | None, recipient: str | None, caller: str | None
) -> tuple[str, str] | None:
    """Bucket and key of the source, if it is a bucket of the recipient; None for copies from buckets of others."""
    text = copy_source(request or "")
    if not text or not destination:
        return None
    owners = resource_owners(resources or "")
    bucket, key = _bucket_and_key(text)
    # The header may name an access point; the resources have the real name of its bucket.
    others = [name for name in owners if name != destination]
    bucket = others[0] if len(others) == 1 else bucket
    # If the event names no owner, the destination is taken for the caller's own bucket.
    is_into_own = (owners.get(destination) or caller or recipient) == recipient
    if is_into_own and bucket != destination and (not recipient or owners.get(bucket or "") != recipient):
        return None
    return (bucket, key) if bucket and key else None


def _bucket_and_key(text: str) -> tuple[str | None, str | None]:
    """Bucket and key of the header x-amz-copy-source; the bucket is None if it is an access point's ARN."""
    # S3 decodes the header like a form: a plus is a blank.
    path = unquote_plus(text.partition("?versionId=")[0])
    if path.startswith("arn:"):
        place = place_of_arn(path)
        return place.bucket, place.key
    bucket, _, key = path.removeprefix("/").partition("/")
    return bucket, key
