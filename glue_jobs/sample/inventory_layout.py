"""One snapshot as the files that S3 delivers: data, a list of them for Hive, a manifest, and last its checksum.

Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/storage-inventory-location.html
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa

from glue_jobs.sample.inventory_configuration import DESTINATION, Configuration
from glue_jobs.sample.inventory_files import ENDINGS, data_file, file_schema
from glue_jobs.sample.trail_layout import put

VERSION = "2016-11-30"
# So long after it began S3 has written a snapshot's data, manifest and checksum.
DATA_AFTER, MANIFEST_AFTER, CHECKSUM_AFTER = 14_000, 15_000, 15_002


@dataclass(frozen=True)
class InventoryDelivery:
    """Delivers the snapshots of one inventory below ``folder``; all its snapshots have their data in one folder."""

    folder: Path
    configuration: Configuration
    rng: np.random.Generator

    def write(self, number: int, time: int, rows: pa.Table, complete: bool) -> str:
        """Writes the snapshot of that number begun at ``time``; the path of its manifest below the folder.

        One that is not ``complete`` is still without its checksum.
        """
        each = -(-len(rows) // self.configuration.files) or 1
        pieces = [rows.slice(start, each) for start in range(0, max(len(rows), 1), each)]
        files = [self._data(piece, time + DATA_AFTER) for piece in pieces]
        addresses = "".join(f"s3://{DESTINATION}/{file['key']}\n" for file in files)
        self._put(f"hive/dt={_utc(time):%Y-%m-%d-%H-%M}/symlink.txt", addresses.encode(), time + MANIFEST_AFTER)
        content = json.dumps(self._manifest(number, time, files), indent=2).encode()
        name = f"{_utc(time):%Y-%m-%dT%H-%MZ}/manifest"
        manifest = self._put(f"{name}.json", content, time + MANIFEST_AFTER)
        if complete:
            self._put(f"{name}.checksum", _md5(content).encode(), time + CHECKSUM_AFTER)
        return manifest

    def stray(self, time: int, rows: pa.Table) -> str:
        """Writes a data file that no manifest names; its path below the folder."""
        return str(self._data(rows, time)["key"])

    def _data(self, rows: pa.Table, when: int) -> dict[str, str | int]:
        name = uuid.UUID(bytes=self.rng.bytes(16), version=4)
        form = self.configuration.format
        content = data_file(form, rows)
        key = self._put(f"data/{name}.{ENDINGS[form]}", content, when)
        return {"key": key, "size": len(content), "MD5checksum": _md5(content)}

    def _manifest(self, number: int, time: int, files: Sequence[dict[str, str | int]]) -> dict[str, object]:
        configuration = self.configuration
        return {
            "sourceBucket": configuration.bucket,
            "destinationBucket": f"arn:aws:s3:::{DESTINATION}",
            "version": VERSION,
            "creationTimestamp": str(time * 1_000),
            "fileFormat": configuration.format,
            "fileSchema": file_schema(configuration.format, configuration.fields(number)),
            "files": files,
        }

    def _put(self, name: str, content: bytes, when: int) -> str:
        path = f"{self.configuration.folder}{name}"
        put(self.folder / path, content, when)
        return path


def _md5(content: bytes) -> str:
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def _utc(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
