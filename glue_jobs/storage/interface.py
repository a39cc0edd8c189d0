"""The methods that S3 and folders share, and how they describe objects."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO, NamedTuple, Protocol

# What S3 allows in one ListObjectsV2.
KEYS_PER_PAGE = 1_000


class Entry(NamedTuple):
    """One object as a listing shows it.

    ``size`` is in bytes, ``last_modified`` in UTC without a time zone. The ``etag`` of a file is its size and
    modification time. ``unreadable`` is the reason why the object cannot be read, if the listing shows one.
    """

    address: str
    size: int
    etag: str
    last_modified: datetime
    unreadable: str = ""


@dataclass(frozen=True)
class Level:
    """One page of the names directly below a prefix, without the prefix; ``more`` if another page follows."""

    objects: tuple[str, ...]
    folders: tuple[str, ...]
    more: bool


class Storage(Protocol):
    """A place for objects: one S3 bucket, or the local file system. Every method raises StorageError.

    Methods that read raise UnreadableObjectError where only this object cannot be read.
    """

    remote: bool
    """Whether reads wait for a network, so that concurrent reads pay off."""

    def level(self, prefix: str, start_after: str = "") -> Level:
        """One page of the names below ``prefix`` up to the next slash, after the address ``start_after``."""

    def list(self, prefix: str, start_after: str = "", stop: str | None = None) -> Iterator[Entry]:
        """All objects whose address starts with ``prefix``, sorted, after ``start_after`` and before ``stop``."""

    def read(self, entry: Entry, start: int = 0, end: int | None = None) -> bytes:
        """Bytes ``start`` to ``end`` (exclusive); an object that has changed since it was listed is unreadable."""

    def get(self, address: str) -> bytes:
        """The whole object in its current state."""

    def open(self, address: str) -> BinaryIO:
        """The object as a seekable file, for formats that are read in parts."""

    def put(self, address: str, data: bytes | memoryview, content_type: str | None = None) -> None:
        """Write the object, whole or not at all; it is durable when the method returns.

        Folders ignore ``content_type``.
        """

    def delete(self, addresses: Sequence[str]) -> None:
        """Remove the objects; missing ones are not an error."""

    def remove_folder(self, address: str) -> None:
        """Remove an emptied folder, if the storage has folders."""
