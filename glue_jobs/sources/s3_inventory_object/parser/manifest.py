"""Manifests of snapshots: the bucket that was listed, the format and the list of data files.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/storage-inventory-location.html#storage-inventory-location-manifest
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from glue_jobs.errors import UsageLakeError
from glue_jobs.sources.layouts.snapshot_folders import snapshot_time
from glue_jobs.sources.s3_inventory_object.parser.fields import field_names

SUPPORTED_VERSION = "2016-11-30"

# Buckets of us-east-1 from before March 2018 may have up to 255 characters, capital letters and underscores.
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
BUCKET_NAME = re.compile(r"(?!\.{1,2}$)[A-Za-z0-9._-]{1,255}")

FORMATS = ("CSV", "ORC", "Parquet")


class InvalidSnapshotError(UsageLakeError):
    """A snapshot does not match its manifest, or the manifest is unusable. The message follows the snapshot's name."""


class SnapshotId(NamedTuple):
    """What identifies a snapshot: the bucket that was listed, the inventory configuration, and the time (UTC)."""

    source_bucket: str
    inventory_id: str
    time: datetime

    @property
    def inventory(self) -> tuple[str, str]:
        """The inventory that the snapshot belongs to."""
        return self.source_bucket, self.inventory_id

    @property
    def partition(self) -> dict[str, Any]:
        """The partition of its rows in each table of snapshots."""
        return {"source_bucket": self.source_bucket, "snapshot_date": self.time.date()}

    @property
    def columns(self) -> dict[str, Any]:
        """The columns that identify it in each table of snapshots, in their order."""
        return {
            "source_bucket": self.source_bucket,
            "inventory_id": self.inventory_id,
            "snapshot_time": self.time,
            "snapshot_date": self.time.date(),
        }


@dataclass(frozen=True)
class InventoryFile:
    """A data file that a manifest lists: its size in bytes and its MD5 in lower-case hexadecimal digits.

    ``folder`` is the folder of data files beside the manifest, with "/" at its end.
    """

    address: str
    size: int
    md5: str
    folder: str = ""


@dataclass(frozen=True)
class Snapshot:
    """What a manifest describes. ``address`` is the manifest's; ``fields`` are the files' columns by table names."""

    address: str
    id: SnapshotId
    form: str
    fields: tuple[str, ...]
    files: tuple[InventoryFile, ...]


def read_manifest(address: str, content: bytes, checksum: bytes) -> Snapshot:
    """The snapshot that a manifest describes; ``content`` and ``checksum`` are those of its two files.

    Raises:
        InvalidSnapshotError: the manifest is damaged, or of an unknown version or format.
    """
    digest = hashlib.md5(content, usedforsecurity=False).hexdigest()
    if digest.encode() != checksum.strip().lower():
        raise InvalidSnapshotError("manifest.json is not the one that manifest.checksum was made of; copy both again")
    try:
        manifest = json.loads(content)
        # A lone surrogate is valid JSON but no Unicode text.
        json.dumps(manifest, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        raise InvalidSnapshotError("manifest.json is not valid JSON") from None
    if not isinstance(manifest, dict):
        raise InvalidSnapshotError("manifest.json is not a JSON object")
    version = _text(manifest, "version")
    if version != SUPPORTED_VERSION:
        raise InvalidSnapshotError(
            f"manifest.json has version {version}, {SUPPORTED_VERSION} is known; use a newer program"
        )
    form = _text(manifest, "fileFormat")
    if form not in FORMATS:
        raise InvalidSnapshotError(
            f"its files have the format {form}, {', '.join(FORMATS)} are known; use a newer program"
        )
    _, inventory_id, folder = address.rsplit("/", 3)[-4:-1]
    time = snapshot_time(folder)
    assert time is not None
    schema = _text(manifest, "fileSchema")
    fields = field_names(form, schema)
    if {"bucket", "key"} - set(fields) or len(set(fields)) != len(fields):
        raise InvalidSnapshotError(f"its fileSchema {schema!r} lacks bucket or key, or names a field twice")
    files = tuple(_files(address, manifest))
    bucket = _text(manifest, "sourceBucket")
    if not BUCKET_NAME.fullmatch(bucket):
        # The bucket's name becomes a folder of the lake.
        raise InvalidSnapshotError(f"manifest.json names the sourceBucket {bucket!r}, which is no name of a bucket")
    snapshot_id = SnapshotId(bucket, inventory_id, time)
    return Snapshot(address, snapshot_id, form, fields, files)


def _text(manifest: dict[str, Any], name: str) -> str:
    value = manifest.get(name)
    if not isinstance(value, str) or not value:
        raise InvalidSnapshotError(f"manifest.json has no {name}")
    return value


def _files(address: str, manifest: dict[str, Any]) -> Iterator[InventoryFile]:
    listed = manifest.get("files")
    if not isinstance(listed, list):
        raise InvalidSnapshotError("manifest.json lists no files")
    seen = set()
    for file in listed:
        key, size, md5 = (file.get(name) if isinstance(file, dict) else None for name in ("key", "size", "MD5checksum"))
        if not (isinstance(key, str) and isinstance(size, int) and isinstance(md5, str)) or _name(key) in seen:
            raise InvalidSnapshotError(
                f"manifest.json lists a file without key, size and MD5checksum, or twice: {file}"
            )
        seen.add(_name(key))
        folder = f"{address.rsplit('/', 2)[0]}/data/"
        file = _address(address, _text(manifest, "destinationBucket"), key)
        yield InventoryFile(file or folder + _name(key), size, md5.lower(), folder)


def _name(key: str) -> str:
    name = key.rpartition("/")[2]
    if name in ("", ".", ".."):
        raise InvalidSnapshotError(f"manifest.json lists a file without a name: {key!r}")
    return name


def _address(manifest: str, destination: str, key: str) -> str | None:
    """The address of a data file, from its key in the bucket that S3 wrote to; None if the manifest is a copy."""
    bucket = re.sub("^arn:[^:]*:s3:::", "", destination)
    return f"s3://{bucket}/{key}" if manifest.startswith(f"s3://{bucket}/") else None
