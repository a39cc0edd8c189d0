"""A bucket's Region is known to whoever may not list it, and a refusal that does not tell it stays one."""

from __future__ import annotations

import pytest
from botocore.stub import Stubber

from glue_jobs.errors import StorageError
from glue_jobs.setup.bucket_settings import BucketSettings
from glue_jobs.storage.s3 import REGION


@pytest.mark.parametrize("code", ["403", "301"])
def test_a_refusal_names_the_region(code: str, s3_endpoint: str) -> None:
    settings = BucketSettings("example-data")
    with Stubber(settings._client) as stub:
        stub.add_client_error("head_bucket", code, response_meta={"HTTPHeaders": {REGION: "eu-west-1"}})
        assert settings.region() == "eu-west-1"


def test_a_refusal_without_it_is_an_error(s3_endpoint: str) -> None:
    settings = BucketSettings("example-data")
    with Stubber(settings._client) as stub:
        stub.add_client_error("head_bucket", "403", response_meta={"HTTPHeaders": {}})
        with pytest.raises(StorageError, match="cannot look at s3://example-data: "):
            settings.region()
