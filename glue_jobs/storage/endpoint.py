"""Where S3 is: AWS, or an endpoint that the environment names."""

from __future__ import annotations

import os


def endpoint() -> str | None:
    """The S3 endpoint that the environment sets, as in the AWS SDKs; None for AWS itself."""
    return os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
