"""Where S3 is: AWS in the partition of a Region, or an endpoint that the environment names."""

from __future__ import annotations

import os


def endpoint() -> str | None:
    """The S3 endpoint that the environment sets, as in the AWS SDKs; None for AWS itself."""
    return os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")


def partition_endpoint(region: str) -> str | None:
    """The S3 endpoint of a Region whose partition has a domain of its own, such as China; None for amazonaws.com.

    Only boto3 knows the domains. Other clients take every Region to be in amazonaws.com.
    """
    # The name of a Region tells its partition; a client knows the rest without a request.
    if region.startswith(("cn-", "us-iso", "eu-iso", "eusc-")):
        # Slow to import, and most Regions do not need it.
        import boto3

        return str(boto3.client("s3", region_name=region).meta.endpoint_url)
    return None
