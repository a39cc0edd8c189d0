"""Copies out of the recipient's buckets, which are stored as reads of their source object.

An event of CopyObject or UploadPartCopy has the destination as ``bucketName`` and ``key``. If the destination belongs
to another account than the recipient of the event, the source belongs to the recipient. Otherwise the source belongs to
the recipient if the event says so, or if it is in the same bucket.

Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html
"""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote_plus

import pyarrow as pa
import pyarrow.compute as pc

from glue_jobs.sources.cloudtrail_s3_event.parser.nested import copy_source, resource_owners
from glue_jobs.sources.cloudtrail_s3_event.parser.target import place_of_arn
from glue_jobs.sources.cloudtrail_s3_event.parser.texts import at_places, first_of

COPIES = pa.array(["CopyObject", "UploadPartCopy"])


def with_copy_sources(columns: dict[str, Any]) -> dict[str, Any]:
    """The columns ``bucket``, ``key`` and ``is_copy_source``: sources of copies replace their destinations."""
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
