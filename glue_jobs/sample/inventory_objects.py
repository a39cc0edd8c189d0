"""What a bucket keeps and has kept: versions of objects, from when until when."""

from __future__ import annotations

from dataclasses import dataclass, field

NEVER = 1 << 62
"""A time that does not come."""
COOLER = "STANDARD_IA"
"""The class that a lifecycle rule moves objects to."""


@dataclass(slots=True)
class Version:
    """One version of an object, there from ``since`` until it is gone for good, in seconds since 1970.

    Versions with equal ``content`` have equal entity tags. ``cooled`` is when a lifecycle rule moved the version
    to ``COOLER``. A bucket without versions has empty ids, as have objects older than versions; empty texts are null.
    """

    key: str
    since: int
    size: int = 0
    content: str = ""
    version_id: str = ""
    storage_class: str = "STANDARD"
    encryption: str = "SSE-S3"
    replication: str = ""
    is_multipart: bool = False
    is_delete_marker: bool = False
    until: int = NEVER
    cooled: int = NEVER

    def is_there(self, time: int) -> bool:
        """Whether the bucket has the version at that time."""
        return self.since <= time < self.until

    def class_at(self, time: int) -> str:
        """The storage class at that time."""
        return COOLER if self.cooled <= time else self.storage_class


@dataclass
class History:
    """Everything that one bucket ever had; changes of a key must come in the order of their times."""

    bucket: str
    versioned: bool
    versions: list[Version] = field(default_factory=list)
    _of_key: dict[str, list[Version]] = field(default_factory=dict)

    def put(self, version: Version) -> None:
        """A new version, which is the current one from now on."""
        if not self.versioned:
            version.version_id = ""
            self._end(version.key, version.since)
        self._add(version)

    def delete(self, key: str, time: int, version_id: str) -> None:
        """A delete: with versions it only adds a delete marker, even on what is not there."""
        if self.versioned:
            self._add(Version(key, time, version_id=version_id, storage_class="", encryption="", is_delete_marker=True))
        else:
            self._end(key, time)

    def expire(self, key: str, time: int) -> None:
        """A lifecycle rule's expiry: with versions it is of those no longer current."""
        found = self._of_key.get(key, [])
        for version in found[:-1] if self.versioned else found:
            version.until = min(version.until, time)

    def cool(self, key: str, time: int) -> None:
        """A lifecycle rule's move of the current version to ``COOLER``."""
        for version in self._of_key.get(key, [])[-1:]:
            if not version.is_delete_marker:
                version.cooled = min(version.cooled, time)

    def _add(self, version: Version) -> None:
        self.versions.append(version)
        self._of_key.setdefault(version.key, []).append(version)

    def _end(self, key: str, time: int) -> None:
        for version in self._of_key.get(key, []):
            version.until = min(version.until, time)
