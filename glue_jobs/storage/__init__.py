"""List, read and write objects in S3 and files in folders: the only storage client there is.

Every object is named by its full address: ``s3://bucket/key`` or an absolute path.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from glue_jobs.errors import ArgumentError
from glue_jobs.storage.interface import Entry, Level, Storage

if TYPE_CHECKING:
    from glue_jobs.storage.s3 import S3Storage

__all__ = ["Entry", "Level", "Storage", "address", "forget_clients", "region", "storage_for"]


def address(text: str) -> str:
    """The address for a user's text: an S3 URI, with a slash after a bucket alone, or else an absolute path.

    Raises:
        ArgumentError: the text is empty or not UTF-8, names no bucket, or has a scheme other than s3 and file.
    """
    if not text:
        raise ArgumentError("an empty text is neither a folder nor an s3:// address")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ArgumentError(f"the name of {text!a} is not UTF-8; rename it") from error
    if text.startswith("s3://"):
        bucket, slash, _ = text.removeprefix("s3://").partition("/")
        if not bucket:
            raise ArgumentError(f"{text} names no bucket; write s3://bucket/prefix")
        # A bucket gets a slash, so that every address is a prefix followed by a name.
        return text if slash else f"{text}/"
    # `Path` turns s3://bucket into s3:/bucket.
    if ("://" in text and not text.startswith("file://")) or text.startswith(("s3:/", "arn:")):
        raise ArgumentError(f"{text!r} is neither a folder nor an s3:// address")
    return str(Path(text.removeprefix("file://")).expanduser().resolve())


def storage_for(location: str) -> Storage:
    """The storage of ``location``; each bucket has one client."""
    return _bucket(location) if location.startswith("s3://") else _folder()


def region(location: str) -> str | None:
    """The AWS Region of the bucket of ``location``, None for a folder; raises StorageError if S3 cannot be reached."""
    return _bucket(location).region if location.startswith("s3://") else None


def forget_clients() -> None:
    """Drop all clients; new ones read credentials and endpoint from the environment again."""
    _client.cache_clear()


def _bucket(location: str) -> S3Storage:
    return _client(location.removeprefix("s3://").split("/")[0])


@lru_cache
def _client(bucket: str) -> S3Storage:
    from glue_jobs.storage.s3 import S3Storage

    return S3Storage(bucket)


@lru_cache
def _folder() -> Storage:
    from glue_jobs.storage.folder import FolderStorage

    return FolderStorage()
