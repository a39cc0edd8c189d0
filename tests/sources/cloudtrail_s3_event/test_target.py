"""The bucket, object and access point in the ARNs of S3's kinds of buckets."""

from __future__ import annotations

import pytest

from glue_jobs.sources.cloudtrail_s3_event.parser.target import NOWHERE, Place, place_of_arn

ACCOUNT = "us-east-1:111122223333"


@pytest.mark.parametrize(
    ("arn", "place"),
    [
        ("arn:aws-cn:s3:::data/a/b.nc", Place("data", "a/b.nc", None)),
        (f"arn:aws:s3express:{ACCOUNT}:bucket/data--use1-az4--x-s3", Place("data--use1-az4--x-s3", None, None)),
        (f"arn:aws:s3express:{ACCOUNT}:bucket/data--use1-az4--x-s3/a/b", Place("data--use1-az4--x-s3", "a/b", None)),
        (f"arn:aws:s3-outposts:{ACCOUNT}:outpost/op-1/bucket/data/object/a/b", Place("data", "a/b", None)),
        (
            f"arn:aws:s3-outposts:{ACCOUNT}:outpost/op-1/accesspoint/point/object/a/b",
            Place(None, "a/b", f"arn:aws:s3-outposts:{ACCOUNT}:outpost/op-1/accesspoint/point"),
        ),
        (
            "arn:aws:s3::111122223333:accesspoint/alias.mrap/object/a",
            Place(None, "a", "arn:aws:s3::111122223333:accesspoint/alias.mrap"),
        ),
        ("arn:aws:s3:::bucket/bucket/a", Place("bucket", "bucket/a", None)),
        ("arn:aws:iam::111122223333:role/bucket", NOWHERE),
    ],
)
def test_an_arn_names_what_it_is_of(arn: str, place: Place) -> None:
    assert place_of_arn(arn) == place
