"""List, read and write objects in S3 and files in folders: the only storage client there is.

Every object is named by its full address: ``s3://bucket/key`` or an absolute path.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO, Protocol

from glue_jobs.errors import ArgumentError

__all__ = ["Entry", "Level", "Storage", "address", "forget_clients", "storage_for"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One object as a listing shows it.

    ``size`` is in bytes, ``last_modified`` in UTC without a time zone. The ``etag`` of a file is its size and
    modification time.
    """

    address: str
    size: int
    etag: str
    last_modified: datetime

    # Thousands of entries travel to the workers; pickling them as plain dataclasses takes twice as long.
    def __reduce__(self) -> tuple[type[Entry], tuple[str, int, str, datetime]]:
        return Entry, (self.address, self.size, self.etag, self.last_modified)


@dataclass(frozen=True)
class Level:
    """One page of the names directly below a prefix, without the prefix; ``more`` is true if another page follows."""

    objects: tuple[str, ...]
    folders: tuple[str, ...]
    more: bool


class Storage(Protocol):
    """A place for objects: one S3 bucket, or the local file system. Every method raises StorageError."""

    remote: bool
    """Whether reads wait for a network, so that concurrent reads are worth their threads."""

    def level(self, prefix: str, start_after: str = "") -> Level:
        """One page of the names below ``prefix`` up to the next slash, after the address ``start_after``."""

    def list(self, prefix: str, start_after: str = "", stop: str | None = None) -> Iterator[Entry]:
        """All objects whose address starts with ``prefix``, sorted, after ``start_after`` and before ``stop``."""

    def read(self, entry: Entry, start: int = 0, end: int | None = None) -> bytes:
        """Bytes ``start`` to ``end`` of the object; an error if it changed since it was listed."""

    def get(self, address: str) -> bytes:
        """The whole object in its current state."""

    def open(self, address: str) -> BinaryIO:
        """The object as a seekable file, for formats that are read in parts."""

    def put(self, address: str, data: bytes | memoryview, content_type: str | None = None) -> None:
        """Write the object; it is durable when this returns. Folders ignore ``content_type``."""

    def create(self, address: str) -> AbstractContextManager[BinaryIO]:
        """A file to write; it becomes the object, durable, when the block ends without an error."""

    def delete(self, addresses: Sequence[str]) -> None:
        """Remove the objects; missing ones are not an error."""

    def remove_folder(self, address: str) -> None:
        """Remove an emptied folder, if the store has folders."""


def address(text: str) -> str:
    """The address for a user's text: an S3 URI unchanged, anything else as an absolute path.

    Raises:
        ArgumentError: the text is empty, names no bucket, or has a scheme other than s3 and file.
    """
    if not text:
        raise ArgumentError("an empty text is neither a folder nor an s3:// address")
    if text.startswith("s3://"):
        bucket, slash, _ = text.removeprefix("s3://").partition("/")
        if not bucket:
            raise ArgumentError(f"{text} names no bucket; write s3://bucket/prefix")
        # With the slash after the bucket, an address is always a prefix followed by a name.
        return text if slash else f"{text}/"
    if "://" in text and not text.startswith("file://"):
        raise ArgumentError(f"{text} is neither a folder nor an s3:// address")
    return str(Path(text.removeprefix("file://")).expanduser().resolve())


def storage_for(location: str) -> Storage:
    """The store that holds ``location``; there is one client for each bucket."""
    return _client(location.removeprefix("s3://").split("/")[0] if location.startswith("s3://") else None)


def forget_clients() -> None:
    """Drop all clients; the next ones take credentials and endpoint from the environment again."""
    _client.cache_clear()


@lru_cache
def _client(bucket: str | None) -> Storage:
    if bucket is None:
        from glue_jobs.storage.folder import FolderStorage

        return FolderStorage()
    from glue_jobs.storage.s3 import S3Storage

    return S3Storage(bucket)
