"""Pages of listings are read as boto3 reads them, only faster."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ClientError

from glue_jobs.storage.s3_pages import read_pages_quickly

ITEM = (
    "<Contents><Key>{}</Key><LastModified>2024-06-30T12:34:56.000Z</LastModified><ETag>&quot;0a&quot;</ETag>"
    "<Size>7</Size>{}</Contents>"
)
RESTORED = (
    "<StorageClass>GLACIER</StorageClass><RestoreStatus><IsRestoreInProgress>false</IsRestoreInProgress>"
    "<RestoreExpiryDate>2024-07-01T00:00:00.000Z</RestoreExpiryDate></RestoreStatus>"
)
PAGE = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
    "<Name>b</Name><Prefix>a%2F</Prefix><EncodingType>url</EncodingType><IsTruncated>true</IsTruncated>{}"
    "<CommonPrefixes><Prefix>a%2Fb+c%2F</Prefix></CommonPrefixes></ListBucketResult>"
)
PAGES = {
    "objects": PAGE.format(ITEM.format("a%2Fx%0Ay+z%C3%A9", "") + ITEM.format("a%2Fold", RESTORED)),
    "no objects": PAGE.format(""),
}


class Raw:
    """The body of an answer."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def stream(self, **_: object) -> Iterator[bytes]:
        yield self._body


def client(body: str, status: int = 200) -> Any:
    found = boto3.Session("id", "secret", region_name="us-east-1").client("s3")
    raw = Raw(body.encode())
    found.meta.events.register("before-send.s3", lambda **_: AWSResponse("", status, {}, raw))  # type: ignore[arg-type]
    return found


@pytest.mark.parametrize("page", PAGES)
def test_a_page_is_what_boto3_makes_of_it(page: str) -> None:
    plain, quick = client(PAGES[page]), client(PAGES[page])
    read_pages_quickly(quick)
    expected, found = (each.list_objects_v2(Bucket="b", Prefix="a/") for each in (plain, quick))
    for answer in (expected, found):
        del answer["ResponseMetadata"]
        for item in answer.get("Contents", ()):
            # Whether there is a date is all that matters.
            item["RestoreStatus"] = "RestoreExpiryDate" in item.get("RestoreStatus", ())
    assert found == expected


def test_an_error_is_that_of_boto3() -> None:
    quick = client("<Error><Code>AccessDenied</Code></Error>", 403)
    read_pages_quickly(quick)
    with pytest.raises(ClientError, match="AccessDenied"):
        quick.list_objects_v2(Bucket="b")
