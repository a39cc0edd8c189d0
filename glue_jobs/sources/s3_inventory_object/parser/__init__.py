"""Parser of S3 Inventory: manifests become `Snapshot` objects, and their data files become rows."""

from __future__ import annotations

from glue_jobs.sources.s3_inventory_object.parser.csv_rows import Block
from glue_jobs.sources.s3_inventory_object.parser.files import find_file, read_file
from glue_jobs.sources.s3_inventory_object.parser.manifest import (
    InvalidSnapshotError,
    InventoryFile,
    Snapshot,
    SnapshotId,
    read_manifest,
)

__all__ = [
    "Block",
    "InvalidSnapshotError",
    "InventoryFile",
    "Snapshot",
    "SnapshotId",
    "find_file",
    "read_file",
    "read_manifest",
]
