"""The retries of AWS clients when a service throttles requests or fails for a moment."""

from __future__ import annotations

from botocore.config import Config

# By default, boto3 gives up after some three seconds. S3 throttles for longer than that, and Athena has quotas such as
# 20 GetQueryResults a second.
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/optimizing-performance.html
# https://docs.aws.amazon.com/athena/latest/ug/service-limits.html
RETRIES = Config(retries={"mode": "standard", "max_attempts": 10})
