"""S3 Inventory: a manifest to a `Snapshot`, its files to rows."""

from __future__ import annotations

from glue_jobs.sources.s3_inventory_object.parser.csv_rows import Block
from glue_jobs.sources.s3_inventory_object.parser.files import find, read_file
from glue_jobs.sources.s3_inventory_object.parser.manifest import (
    InvalidSnapshotError,
    InventoryFile,
    Snapshot,
    read_manifest,
)

__all__ = ["Block", "InvalidSnapshotError", "InventoryFile", "Snapshot", "find", "read_file", "read_manifest"]
