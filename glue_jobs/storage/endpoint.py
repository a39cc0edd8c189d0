"""The endpoint of S3: that of the Region's AWS partition, or one that the environment names."""

from __future__ import annotations

import os


def endpoint() -> str | None:
    """The S3 endpoint that the environment sets, as in the AWS SDKs; None for AWS itself."""
    return os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")


def partition_endpoint(region: str) -> str | None:
    """The S3 endpoint of a Region whose partition has a domain of its own, such as China; None for amazonaws.com.

    Only boto3 knows the domains. Other clients assume that every Region is in amazonaws.com.
    """
    # The prefix of the Region identifies its partition; boto3's client knows the domain without a request.
    if region.startswith(("cn-", "us-iso", "eu-iso", "eusc-")):
        # boto3 is slow to import, and most Regions do not need it.
        import boto3

        return str(boto3.client("s3", region_name=region).meta.endpoint_url)
    return None
