"""A bucket's Region is known without the right to list the bucket."""

from __future__ import annotations

from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from glue_jobs.errors import StorageError
from glue_jobs.setup.bucket_settings import BucketSettings
from glue_jobs.storage.s3 import REGION_HEADER


@pytest.mark.parametrize("code", ["403", "301"])
def test_a_refusal_names_the_region(code: str, s3_endpoint: str) -> None:
    client = boto3.client("s3")
    settings = BucketSettings("example-data", client)
    with Stubber(client) as stub:
        stub.add_client_error("head_bucket", code, response_meta={"HTTPHeaders": {REGION_HEADER: "eu-west-1"}})
        assert settings.region() == "eu-west-1"


def test_a_refusal_that_names_no_region_is_an_error(s3_endpoint: str) -> None:
    client = boto3.client("s3")
    settings = BucketSettings("example-data", client)
    with Stubber(client) as stub:
        stub.add_client_error("head_bucket", "403", response_meta={"HTTPHeaders": {}})
        with pytest.raises(StorageError, match="cannot look at s3://example-data: "):
            settings.region()


def test_inventories_of_all_pages_are_listed(s3_endpoint: str) -> None:
    client = boto3.client("s3")
    pages: list[dict[str, Any]] = [
        {"IsTruncated": True, "NextContinuationToken": "more", "InventoryConfigurationList": [inventory("daily")]},
        {"IsTruncated": False, "InventoryConfigurationList": [inventory("weekly")]},
    ]
    with Stubber(client) as stub:
        for page, token in zip(pages, ({}, {"ContinuationToken": "more"}), strict=True):
            stub.add_response("list_bucket_inventory_configurations", page, {"Bucket": "example-data", **token})
        assert set(BucketSettings("example-data", client).inventories()) == {"daily", "weekly"}


def inventory(name: str) -> dict[str, Any]:
    place = {"S3BucketDestination": {"Bucket": "arn:aws:s3:::logs", "Format": "CSV"}}
    return {
        "Id": name,
        "IsEnabled": True,
        "IncludedObjectVersions": "All",
        "Schedule": {"Frequency": "Daily"},
        "Destination": place,
    }
