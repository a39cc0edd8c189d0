"""A lake with an inventory of any size: two snapshots of one bucket, a week apart."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import pyarrow as pa

from benchmarks import our_run
from benchmarks.inventory_files import two_snapshots
from glue_jobs.ingest.snapshots.comparison import SnapshotPair, compare_pairs
from glue_jobs.ingest.snapshots.delivery import snapshot_of
from glue_jobs.lake import Lake
from glue_jobs.progress import SilentReporter
from glue_jobs.sources.s3_inventory_object.daily_storage import DAILY_STORAGE
from glue_jobs.sources.s3_inventory_object.parser import SnapshotId
from glue_jobs.sources.s3_inventory_object.table import S3_INVENTORY_OBJECT


def inventory_lake(folder: Path, objects: int) -> Lake:
    """A lake in ``folder`` with about ``objects`` objects in each of two snapshots; ingested only once."""
    lake = open_lake(str(folder / f"inventory-{objects}"))
    if not lake.has(DAILY_STORAGE):
        our_run.run(two_snapshots(folder, objects), Path(lake.location), pipeline="s3_inventory_object")
    return lake


def open_lake(location: str) -> Lake:
    """The lake in a folder."""
    return Lake(location, "usage_lake")


def changes(location: str) -> list[pa.Table]:
    """The rows of ``daily_change`` that a run derives from the second snapshot."""
    files = files_by_snapshot(open_lake(location))
    return [rows for _, rows in compare_pairs([SnapshotPair(*sorted(files))], files, SilentReporter())]


def files_by_snapshot(lake: Lake) -> dict[SnapshotId, list[str]]:
    """The addresses of each snapshot's data files."""
    files: defaultdict[SnapshotId, list[str]] = defaultdict(list)
    for file in lake.load(S3_INVENTORY_OBJECT).files():
        if snapshot := snapshot_of(file):
            files[snapshot].append(file.address)
    return files
