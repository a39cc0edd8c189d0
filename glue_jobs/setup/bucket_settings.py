"""Settings of one S3 bucket: its log destination and its inventory configurations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from glue_jobs.errors import StorageError
from glue_jobs.storage.s3 import REGION_HEADER
from glue_jobs.storage.s3_errors import REASONS


class BucketSettings:
    """Settings of one bucket; ``client`` is a boto3 client for S3. Every method raises StorageError."""

    def __init__(self, bucket: str, client: Any = None) -> None:
        self._bucket = bucket
        with self._explained("look at"):
            self._client: Any = client or boto3.Session().client("s3")

    @property
    def partition(self) -> str:
        """The partition in the bucket's ARN, such as ``aws``."""
        return str(self._client.meta.partition)

    def region(self) -> str:
        """The AWS Region of the bucket."""
        with self._explained("look at"):
            try:
                answer = self._client.head_bucket(Bucket=self._bucket)
            except ClientError as error:
                # A caller without the right to list the bucket still gets its Region, in the error response.
                if REGION_HEADER not in (answer := error.response)["ResponseMetadata"]["HTTPHeaders"]:
                    raise
        return str(answer["ResponseMetadata"]["HTTPHeaders"].get(REGION_HEADER, self._client.meta.region_name))

    def logging(self) -> Mapping[str, Any] | None:
        """The ``LoggingEnabled`` element of the bucket's logging status; None if it does not log."""
        with self._explained("read the logging of"):
            answer = self._client.get_bucket_logging(Bucket=self._bucket)
        found: Mapping[str, Any] | None = answer.get("LoggingEnabled")
        return found

    def inventories(self) -> dict[str, Mapping[str, Any]]:
        """All inventory configurations of the bucket by id."""
        found: dict[str, Mapping[str, Any]] = {}
        more: dict[str, str] = {}
        while True:
            with self._explained("read the inventories of"):
                page = self._client.list_bucket_inventory_configurations(Bucket=self._bucket, **more)
            found |= {item["Id"]: item for item in page.get("InventoryConfigurationList", ())}
            if not page.get("IsTruncated"):
                return found
            more = {"ContinuationToken": page["NextContinuationToken"]}

    def set_logging(self, status: Mapping[str, Any]) -> None:
        """Replace the bucket's logging status."""
        with self._explained("set the logging of"):
            self._client.put_bucket_logging(Bucket=self._bucket, BucketLoggingStatus=status)

    def set_inventory(self, configuration: Mapping[str, Any]) -> None:
        """Add an inventory configuration, or replace the one with the same id."""
        with self._explained("set the inventory of"):
            self._client.put_bucket_inventory_configuration(
                Bucket=self._bucket, Id=configuration["Id"], InventoryConfiguration=configuration
            )

    @contextmanager
    def _explained(self, action: str) -> Iterator[None]:
        try:
            yield
        except ClientError as error:
            code, message = (str(error.response["Error"].get(name, "")) for name in ("Code", "Message"))
            reason = REASONS.get({"404": "NoSuchBucket", "403": "AccessDenied"}.get(code, code), f"{code}: {message}")
            raise StorageError(f"cannot {action} s3://{self._bucket}: {reason}") from error
        except (BotoCoreError, ValueError) as error:
            raise StorageError(f"cannot {action} s3://{self._bucket}: {error}") from error
