"""List, read and write objects in S3 and files in folders: the only storage client there is.

Every object is named by its whole address: ``s3://bucket/key`` or an absolute path.
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

__all__ = ["Entry", "Level", "Storage", "address", "storage_for"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One object as a listing shows it; ``etag`` of a file is its size and modification time."""

    address: str
    size: int
    etag: str
    last_modified: datetime

    # Many thousands travel to the workers: as dataclasses are pickled otherwise, that takes twice as long.
    def __reduce__(self) -> tuple[type[Entry], tuple[str, int, str, datetime]]:
        return Entry, (self.address, self.size, self.etag, self.last_modified)


@dataclass(frozen=True)
class Level:
    """One page of what is directly below a prefix: names of objects and folders, without the prefix."""

    objects: tuple[str, ...]
    folders: tuple[str, ...]
    more: bool


class Storage(Protocol):
    """What the jobs need of a store. Every method raises StorageError with a sentence for people."""

    remote: bool
    """Whether a read waits for a network, so that many at once are worth their threads."""

    def level(self, prefix: str, start_after: str = "") -> Level:
        """One page of the names below ``prefix``, up to the next slash, after the address ``start_after``."""

    def list(self, prefix: str, start_after: str = "", stop: str | None = None) -> Iterator[Entry]:
        """All objects whose address begins with ``prefix``, in order, after ``start_after`` and before ``stop``."""

    def read(self, entry: Entry, start: int = 0, end: int | None = None) -> bytes:
        """Bytes ``start`` to ``end`` of the object, which must still be the one that was listed."""

    def get(self, address: str) -> bytes:
        """The whole object, whatever its state."""

    def open(self, address: str) -> BinaryIO:
        """The object as a file that can be read anywhere, for formats of which only parts are needed."""

    def put(self, address: str, data: bytes | memoryview, content_type: str | None = None) -> None:
        """Write the object, durable when this returns; a folder has no place for ``content_type``."""

    def create(self, address: str) -> AbstractContextManager[BinaryIO]:
        """A file to write piece by piece; it becomes the object, durable, when the block ends without an error."""

    def delete(self, addresses: Sequence[str]) -> None:
        """Remove the objects; those that are gone already are no error."""

    def remove_folder(self, address: str) -> None:
        """Remove an emptied folder, where the store has such a thing."""


def address(text: str) -> str:
    """The address a user's text means: S3 URIs as they are, anything else as an absolute path.

    Raises:
        ArgumentError: the text is empty, names no bucket, or has another scheme than s3.
    """
    if not text:
        raise ArgumentError("an empty text is neither a folder nor an s3:// address")
    if text.startswith("s3://"):
        bucket, slash, _ = text.removeprefix("s3://").partition("/")
        if not bucket:
            raise ArgumentError(f"{text} names no bucket; write s3://bucket/prefix")
        # Everything in a bucket is behind its slash, so that prefix and name can be joined.
        return text if slash else f"{text}/"
    if "://" in text and not text.startswith("file://"):
        raise ArgumentError(f"{text} is neither a folder nor an s3:// address")
    return str(Path(text.removeprefix("file://")).expanduser().resolve())


def storage_for(location: str) -> Storage:
    """The store that holds ``location``."""
    if location.startswith("s3://"):
        return _bucket(location.removeprefix("s3://").split("/")[0])
    return _folder()


@lru_cache
def _bucket(name: str) -> Storage:
    from glue_jobs.storage.s3 import S3Storage

    return S3Storage(name)


@lru_cache
def _folder() -> Storage:
    from glue_jobs.storage.folder import FolderStorage

    return FolderStorage()
