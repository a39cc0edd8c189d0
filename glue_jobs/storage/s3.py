"""Objects in one S3 bucket: obstore transfers the bytes, boto3 lists, deletes and finds credentials.

The reason for two clients: docs/decisions/0003-object-storage-client.md.
"""

from __future__ import annotations

import io
import os
import re
from collections.abc import Iterator, Sequence
from datetime import UTC
from typing import Any, BinaryIO, cast

import boto3
import obstore
from botocore.exceptions import ClientError
from obstore.auth.boto3 import Boto3CredentialProvider
from obstore.store import S3Store

from glue_jobs.storage.endpoint import endpoint, partition_endpoint
from glue_jobs.storage.interface import KEYS_PER_PAGE, Entry, Level
from glue_jobs.storage.retries import RETRIES
from glue_jobs.storage.s3_errors import explained
from glue_jobs.storage.s3_pages import read_pages_quickly

# obstore treats keys as paths: it cannot address keys with empty, "." or ".." segments, or with control characters.
UNNAMEABLE = re.compile(r"(?:^|/)\.{0,2}(?:/|$)|[\x00-\x1f\x7f]")

# S3 sends this header with every HeadBucket response, including errors and redirects.
# https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadBucket.html
REGION_HEADER = "x-amz-bucket-region"

# Storage classes whose objects have to be restored before they can be read. Listings do not show the archive tiers of
# INTELLIGENT_TIERING; only a read reveals them.
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/archived-objects.html
ARCHIVES = ("GLACIER", "DEEP_ARCHIVE")


class S3Storage:
    """One bucket, as `Storage` describes it; credentials come from boto3's default session."""

    remote = True
    keys_per_page = KEYS_PER_PAGE
    # What S3 allows in one DeleteObjects.
    keys_per_delete = 1_000

    def __init__(self, bucket: str) -> None:
        self._bucket = bucket
        self._root = f"s3://{bucket}/"
        with explained("reach", self._root):
            session = boto3.Session()
            self.region = self._region(session)
            self._client: Any = session.client("s3", region_name=self.region, config=RETRIES)
            read_pages_quickly(self._client)
            url = endpoint() or partition_endpoint(self.region)
            # obstore does not accept None as an endpoint.
            place: dict[str, Any] = {"endpoint": url} if url else {}
            self._store = S3Store(
                bucket,
                region=self.region,
                # S3's certificates do not match host names with a bucket name that has dots; boto3 does the same.
                # https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html
                virtual_hosted_style_request=url is None and "." not in bucket,
                credential_provider=Boto3CredentialProvider(session),
                client_options={"allow_http": True, "timeout": "120s"},
                **place,
            )

    def _region(self, session: boto3.Session) -> str:
        default = session.region_name or "us-east-1"
        # Fewer retries than for later requests, so that an unreachable S3 is reported soon.
        client = session.client("s3", region_name=default)
        try:
            headers = client.head_bucket(Bucket=self._bucket)["ResponseMetadata"]["HTTPHeaders"]
        except ClientError as error:
            # An error or redirect names the Region too. If it does not, the first real request reports the problem.
            headers = error.response["ResponseMetadata"]["HTTPHeaders"]
        return str(headers.get(REGION_HEADER, default))

    def level(self, prefix: str, start_after: str = "") -> Level:
        with explained("list", prefix):
            page = self._page(prefix, start_after, Delimiter="/")
        key = self._key(prefix)
        objects = tuple(item["Key"][len(key) :] for item in page.get("Contents", ()) if not _is_marker(item))
        folders = tuple(item["Prefix"][len(key) :].rstrip("/") for item in page.get("CommonPrefixes", ()))
        return Level(objects, folders, more=bool(page["IsTruncated"]))

    def list(self, prefix: str, start_after: str = "", stop: str | None = None) -> Iterator[Entry]:
        while True:
            with explained("list", prefix):
                page = self._page(prefix, start_after, OptionalObjectAttributes=["RestoreStatus"])
            for item in page.get("Contents", ()):
                address = self._root + item["Key"]
                if stop is not None and address >= stop:
                    return
                start_after = address
                if not _is_marker(item):
                    modified = item["LastModified"].astimezone(UTC).replace(tzinfo=None)
                    yield Entry(address, item["Size"], item["ETag"].strip('"'), modified, _unreadable(item))
            if not page["IsTruncated"]:
                return

    def read(self, entry: Entry, start: int = 0, end: int | None = None) -> bytes:
        stop = entry.size if end is None else min(end, entry.size)
        if stop <= start:
            return b""
        key, etag = self._key(entry.address), f'"{entry.etag}"'
        with explained("read", entry.address):
            if UNNAMEABLE.search(key):
                return self._body(key, IfMatch=etag, Range=f"bytes={start}-{stop - 1}")
            options: Any = {"if_match": etag}
            if (start, stop) != (0, entry.size):
                options["range"] = (start, stop)
            return obstore.get(self._store, key, options=options).bytes().to_bytes()

    def get(self, address: str) -> bytes:
        key = self._key(address)
        with explained("read", address):
            if UNNAMEABLE.search(key):
                return self._body(key)
            return obstore.get(self._store, key).bytes().to_bytes()

    def open(self, address: str) -> BinaryIO:
        key = self._key(address)
        if UNNAMEABLE.search(key):
            return io.BytesIO(self.get(address))
        with explained("read", address):
            return cast(BinaryIO, _Reader(obstore.open_reader(self._store, key), address))

    def put(self, address: str, data: bytes | memoryview, content_type: str | None = None) -> None:
        key = self._key(address)
        with explained("write", address):
            if UNNAMEABLE.search(key):
                headers = {"ContentType": content_type} if content_type else {}
                self._client.put_object(Bucket=self._bucket, Key=key, Body=bytes(data), **headers)
            else:
                attributes: dict[Any, str] | None = {"Content-Type": content_type} if content_type else None
                # Arrow's buffers have the format "b" (signed), which obstore does not accept as bytes.
                obstore.put(self._store, key, memoryview(data).cast("B"), attributes=attributes)

    def delete(self, addresses: Sequence[str]) -> None:
        count = self.keys_per_delete
        for start in range(0, len(addresses), count):
            batch = addresses[start : start + count]
            with explained("delete", batch[0]):
                objects = [{"Key": self._key(address)} for address in batch]
                answer = self._client.delete_objects(Bucket=self._bucket, Delete={"Objects": objects, "Quiet": True})
            # A response with status 200 lists the keys that S3 did not delete, and boto3 does not retry it. Deleting
            # one key at a time is retried, if the error is temporary.
            for failed in answer.get("Errors", ()):
                with explained("delete", self._root + failed["Key"]):
                    self._client.delete_object(Bucket=self._bucket, Key=failed["Key"])

    def remove_folder(self, address: str) -> None:
        """Does nothing: S3 has no folders."""

    def _key(self, address: str) -> str:
        return address.removeprefix(self._root) if f"{address}/" != self._root else ""

    def _body(self, key: str, **conditions: str) -> bytes:
        data: bytes = self._client.get_object(Bucket=self._bucket, Key=key, **conditions)["Body"].read()
        return data

    def _page(self, prefix: str, start_after: str, **more: Any) -> Any:
        after = {"StartAfter": self._key(start_after)} if start_after else {}
        return self._client.list_objects_v2(
            Bucket=self._bucket, Prefix=self._key(prefix), MaxKeys=self.keys_per_page, **after, **more
        )


class _Reader(io.RawIOBase):
    """An object as a file; each read fetches only the requested bytes."""

    def __init__(self, reader: obstore.ReadableFile, address: str) -> None:
        self._reader = reader
        self._address = address

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        return self._reader.seek(offset, whence)

    def tell(self) -> int:
        return self._reader.tell()

    def readinto(self, buffer: Any, /) -> int:
        with explained("read", self._address):
            data = memoryview(self._reader.read(len(buffer)))
        buffer[: len(data)] = data
        return len(data)


def _is_marker(item: Any) -> bool:
    # The console creates these empty objects to show folders.
    return bool(item["Size"] == 0 and item["Key"].endswith("/"))


def _unreadable(item: Any) -> str:
    """The reason why a listed object cannot be read; empty if the listing shows none."""
    storage_class = item.get("StorageClass")
    if storage_class not in ARCHIVES or "RestoreExpiryDate" in item.get("RestoreStatus", ()):
        return ""
    return f"it is archived in {storage_class}; restore it"
