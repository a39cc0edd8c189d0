"""What a correct lake counts in the sample's inventories, as the generator knows it; no file is read for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class SnapshotTruth:
    """One snapshot: ``rows`` of its data files, and what they are; ``time`` as '2026-03-01T01:00:00Z'.

    ``objects`` and ``bytes`` are of what a listing of the bucket shows, ``noncurrent_objects`` of versions that are no
    longer current, ``delete_markers`` are current or not. ``complete`` is False while the checksum is missing.
    ``manifest`` is a path below ``raw/s3_inventory_object``.
    """

    source_bucket: str
    inventory_id: str
    time: str
    manifest: str
    complete: bool
    rows: int
    objects: int
    bytes: int
    noncurrent_objects: int
    noncurrent_bytes: int
    delete_markers: int


@dataclass(frozen=True)
class KeptByAccount:
    """A row of Source Stats' report of accounts."""

    account: str
    repositories: int
    objects: int
    storage_gb: float
    avg_object_size_mb: float
    oldest_file: str
    newest_file: str


@dataclass(frozen=True)
class KeptByRepository:
    """A row of Source Stats' report of repositories."""

    account: str
    repository: str
    objects: int
    storage_gb: float
    avg_object_size_mb: float
    oldest_file: str
    newest_file: str


@dataclass(frozen=True)
class Growth:
    """Current objects of a bucket's two latest complete snapshots, compared by key.

    Rewritten is what has another size, entity tag or date; ``rewritten_bytes`` are those afterwards.
    """

    source_bucket: str
    added_objects: int
    added_bytes: int
    removed_objects: int
    removed_bytes: int
    rewritten_objects: int
    rewritten_bytes: int


@dataclass(frozen=True)
class Unread:
    """Current objects of one data set (null where the key belongs to none) and storage class, and those never read.

    A read is a GET that was answered 200, 206 or 304 on any day of the sample, or a copy made of the object.
    """

    account: str | None
    repository: str | None
    storage_class: str
    objects: int
    bytes: int
    unread_objects: int
    unread_bytes: int


@dataclass(frozen=True)
class InventoryTruth:
    """What was generated. ``rows`` are those of complete snapshots; none is a duplicate, damaged or left out.

    ``accounts``, ``repositories``, ``summary`` (by metric) and ``unread`` are of the latest complete snapshot of every
    bucket, the first two in the order of their reports. ``strays`` are data files, below ``raw/s3_inventory_object``,
    that no manifest names.
    """

    rows: int
    snapshots: list[SnapshotTruth]
    accounts: list[KeptByAccount]
    repositories: list[KeptByRepository]
    summary: dict[str, str]
    growth: list[Growth]
    unread: list[Unread]
    strays: list[str]

    @classmethod
    def from_content(cls, content: dict[str, Any]) -> InventoryTruth:
        """The truth from what its JSON text holds; TypeError when that is something else."""
        kinds = {
            "snapshots": SnapshotTruth,
            "accounts": KeptByAccount,
            "repositories": KeptByRepository,
            "growth": Growth,
            "unread": Unread,
        }
        made = {name: [kind(**each) for each in content[name]] for name, kind in kinds.items()}
        return cls(**{**content, **made})
