"""Every client of AWS talks to the domain of its Region's partition."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import boto3
import obstore
import pytest

from glue_jobs.lake import Lake
from glue_jobs.progress import SilentReporter
from glue_jobs.query.athena import Athena
from glue_jobs.storage import forget_clients, s3

REGIONS = {
    "eu-central-1": ".eu-central-1.amazonaws.com",
    "us-gov-west-1": ".us-gov-west-1.amazonaws.com",
    "cn-north-1": ".cn-north-1.amazonaws.com.cn",
}


@pytest.fixture(params=REGIONS)
def region(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Any:
    for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", request.param)
    monkeypatch.setattr(s3.S3Storage, "_region", lambda *_: request.param)
    forget_clients()
    yield request.param
    forget_clients()


def host(url: str) -> str:
    return url.removeprefix("https://").partition("/")[0]


def test_object_storage_the_catalog_and_athena_are_in_the_domain_of_the_partition(region: str) -> None:
    domain = REGIONS[region]
    signed = obstore.sign(s3.S3Storage("example-lake")._store, "GET", "a/b", timedelta(minutes=1))
    assert host(signed) in {f"example-lake.s3{domain}", f"s3{domain}"}
    catalog: Any = Lake("s3://example-lake", "usage_lake")._catalog
    assert host(catalog.glue.meta.endpoint_url) == f"glue{domain}"
    # Without an endpoint, Arrow's client takes that of amazonaws.com.
    assert catalog.properties.get("s3.endpoint") == (f"https://s3{domain}" if domain.endswith(".cn") else None)
    assert catalog.properties["s3.region"] == region
    athena: Any = Athena("usage_lake", "primary", SilentReporter(), region)
    assert host(athena._client.meta.endpoint_url) == f"athena{domain}"
    assert host(boto3.client("cloudwatch").meta.endpoint_url) == f"monitoring{domain}"


def test_a_bucket_with_dots_in_its_name_is_named_in_the_path_because_no_certificate_has_such_a_host(
    region: str,
) -> None:
    """The wildcard in the certificate is one part of a name; a bucket of a website has the name of its domain."""
    signed = obstore.sign(s3.S3Storage("logs.example.com")._store, "GET", "a/b", timedelta(minutes=1))
    assert signed.startswith(f"https://s3{REGIONS[region]}/logs.example.com/a/b?")
