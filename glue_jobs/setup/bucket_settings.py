"""The settings of one bucket on S3: what it logs and which inventories it delivers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from glue_jobs.errors import StorageError
from glue_jobs.storage.s3 import REASONS, REGION


class BucketSettings:
    """The settings of the bucket of that name; every method raises StorageError with a sentence for people."""

    def __init__(self, bucket: str) -> None:
        self._bucket = bucket
        session = boto3.Session()
        self._client: Any = session.client("s3", region_name=session.region_name or "us-east-1")

    @property
    def partition(self) -> str:
        """The first part of its ARN after ``arn:``, e.g. aws."""
        return str(self._client.meta.partition)

    def region(self) -> str:
        """The AWS Region the bucket is in."""
        with self._explained("look at"):
            try:
                answer = self._client.head_bucket(Bucket=self._bucket)
            except ClientError as error:
                # Without the right to list it the refusal still names the Region.
                if REGION not in (answer := error.response)["ResponseMetadata"]["HTTPHeaders"]:
                    raise
        return str(answer["ResponseMetadata"]["HTTPHeaders"].get(REGION, self._client.meta.region_name))

    def logging(self) -> Mapping[str, Any] | None:
        """Where it logs to, as S3 calls it LoggingEnabled; None when it does not."""
        with self._explained("read the logging of"):
            answer = self._client.get_bucket_logging(Bucket=self._bucket)
        found: Mapping[str, Any] | None = answer.get("LoggingEnabled")
        return found

    def inventories(self) -> dict[str, Mapping[str, Any]]:
        """All its inventory configurations by name."""
        found: dict[str, Mapping[str, Any]] = {}
        more: dict[str, str] = {}
        while True:
            with self._explained("read the inventories of"):
                page = self._client.list_bucket_inventory_configurations(Bucket=self._bucket, **more)
            found |= {each["Id"]: each for each in page.get("InventoryConfigurationList", ())}
            if not page.get("IsTruncated"):
                return found
            more = {"ContinuationToken": page["NextContinuationToken"]}

    def set_logging(self, status: Mapping[str, Any]) -> None:
        """Make it log so."""
        with self._explained("set the logging of"):
            self._client.put_bucket_logging(Bucket=self._bucket, BucketLoggingStatus=status)

    def set_inventory(self, configuration: Mapping[str, Any]) -> None:
        """Add this inventory, or replace the one of its name."""
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
        except BotoCoreError as error:
            raise StorageError(f"cannot {action} s3://{self._bucket}: {error}") from error
