"""Copies out of the recipient's buckets, which are stored as reads of their source object.

An event of CopyObject or UploadPartCopy has the destination as ``bucketName`` and ``key``. If the destination belongs
to another account than the recipient of the event, the source belongs to the recipient. Otherwise the source belongs to
the recipient if the event says so, or if it is in the same bucket.

Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html
"""

from __future__ import annotations

from typing import Any, NamedTuple
from urllib.parse import unquote_plus

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from glue_jobs.columns.arrays import dictionary_array
from glue_jobs.sources.cloudtrail_s3_event.parser.nested import copy_source, resource_owners
from glue_jobs.sources.cloudtrail_s3_event.parser.target import place_of_arn

COPIES = pa.array(["CopyObject", "UploadPartCopy"])


class _Source(NamedTuple):
    bucket: str
    key: str


def with_copy_sources(columns: dict[str, Any]) -> dict[str, Any]:
    """The columns ``bucket``, ``key`` and ``is_copy_source``: sources of copies replace their destinations."""
    bucket, key, names = columns["bucket"], columns["key"], columns["event_name"]
    is_copy = pc.is_in(names.dictionary, COPIES).to_numpy(zero_copy_only=False)
    if not is_copy.any():
        return {"bucket": bucket, "key": key, "is_copy_source": pa.nulls(len(names), pa.bool_())}
    rows = np.flatnonzero(np.append(is_copy, False)[names.indices.fill_null(-1).to_numpy()])
    fields = ("bucket", "request_parameters", "resources", "recipient_account_id", "subscriber_account_id")
    found = map(_source, *(columns[name].take(pa.array(rows)).to_pylist() for name in fields))
    sources = {row: source for row, source in zip(rows.tolist(), found, strict=True) if source}
    mask = np.zeros(len(names), bool)
    mask[list(sources)] = True
    return {
        "bucket": _replaced(bucket, mask, [source.bucket for source in sources.values()]),
        "key": _replaced(key, mask, [source.key for source in sources.values()]),
        "is_copy_source": pc.if_else(pa.array(mask), True, None),
    }


def _replaced(column: pa.DictionaryArray, mask: Any, texts: list[str]) -> pa.DictionaryArray:
    before = len(column.dictionary)
    every = pa.concat_arrays([column.dictionary, pa.array(texts, pa.string())]).dictionary_encode()
    codes = column.indices.fill_null(-1).to_numpy().copy()
    codes[mask] = every.indices.to_numpy()[before:]
    return dictionary_array(codes, every.dictionary)


def _source(
    destination: str | None, request: str | None, resources: str | None, recipient: str | None, caller: str | None
) -> _Source | None:
    """The source of a copy out of a bucket of the recipient; None for copies from buckets of others."""
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
    return _Source(bucket, key) if bucket and key else None


def _bucket_and_key(text: str) -> tuple[str | None, str | None]:
    """Bucket and key of the header x-amz-copy-source; the bucket is None if it is an access point's ARN."""
    # S3 decodes the header like a form: a plus is a blank.
    path = unquote_plus(text.partition("?versionId=")[0])
    if path.startswith("arn:"):
        place = place_of_arn(path)
        return place.bucket, place.key
    bucket, _, key = path.removeprefix("/").partition("/")
    return bucket, key
