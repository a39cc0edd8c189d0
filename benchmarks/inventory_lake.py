"""A lake with an inventory of any size: two snapshots of one bucket, a week apart."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import pyarrow as pa

from benchmarks import our_run
from benchmarks.inventory_files import BUCKET, TYPES, file_bytes, is_complete, write_snapshot
from glue_jobs.ingest.snapshots.comparison import SnapshotPair, compare_pairs
from glue_jobs.ingest.snapshots.delivery import snapshot_of
from glue_jobs.lake import Lake
from glue_jobs.progress import SilentReporter
from glue_jobs.sources.s3_inventory_object.daily_storage import DAILY_STORAGE
from glue_jobs.sources.s3_inventory_object.parser import SnapshotId
from glue_jobs.sources.s3_inventory_object.table import S3_INVENTORY_OBJECT

LATEST = datetime(2026, 3, 8, 1)
SNAPSHOTS = (LATEST - timedelta(days=7), LATEST)
ROWS_PER_FILE = 1_000_000
ACCOUNTS, REPOSITORIES = 40, 8
COLUMNS = (*TYPES, "replication_status")

# Every 50th object is a copy of the one before it; every 200th was written again after the first snapshot; the last
# hundredth of the keys was added, the first thousandth removed. Keys are in their order, as S3 delivers them.
OBJECTS = f"""
SELECT '{BUCKET}' AS bucket,
       'account-' || lpad((i * {ACCOUNTS} // $n)::varchar, 3, '0')
           || '/repository-' || lpad((i * {ACCOUNTS * REPOSITORIES} // $n % {REPOSITORIES})::varchar, 2, '0')
           || '/year=2024/part-' || lpad(i::varchar, 10, '0')
           || ['.parquet', '.nc', '.tif', '.csv.gz', '.json'][i % 5 + 1] AS key,
       i - (i % 50 = 1)::bigint AS content,
       i % 200 = 0 AND $time = TIMESTAMP '{LATEST}' AS again,
       (hash(content) % 1000003 * (hash(content) % 211))::bigint AS size,
       TIMESTAMP '2024-01-01' + INTERVAL (i % 10000000) SECOND + INTERVAL (again::int) DAY AS last_modified_date,
       md5(content::varchar || again::varchar) AS e_tag,
       ['STANDARD', 'STANDARD', 'STANDARD_IA', 'GLACIER'][i % 4 + 1] AS storage_class,
       'SSE-S3' AS encryption_status, 'COMPLETED' AS replication_status, false AS is_multipart_uploaded
FROM range($first, $last) AS one(i)
WHERE CASE WHEN $time = TIMESTAMP '{LATEST}' THEN i >= $n // 1000 ELSE i < $n - $n // 100 END
"""


def inventory_lake(folder: Path, objects: int) -> Lake:
    """A lake in ``folder`` with about ``objects`` objects in each of two snapshots; ingested only once."""
    raw, lake = folder / f"two-inventories-of-{objects}", open_lake(str(folder / f"inventory-{objects}"))
    if not lake.has(DAILY_STORAGE):
        for time in SNAPSHOTS:
            if not is_complete(raw, time):
                write_snapshot(raw, "Parquet", _files(objects, time), time, COLUMNS)
        our_run.run(raw, Path(lake.location), pipeline="s3_inventory_object")
    return lake


def open_lake(location: str) -> Lake:
    """The lake in a folder."""
    return Lake(location, "usage_lake")


def changes(lake: Lake) -> list[pa.Table]:
    """The rows of ``daily_change`` that the run with the second snapshot finds."""
    files = files_by_snapshot(lake)
    return [rows for _, rows in compare_pairs([SnapshotPair(*sorted(files))], files, SilentReporter())]


def files_by_snapshot(lake: Lake) -> dict[SnapshotId, list[str]]:
    """The addresses of each snapshot's data files."""
    files: defaultdict[SnapshotId, list[str]] = defaultdict(list)
    for file in lake.load(S3_INVENTORY_OBJECT).files():
        if snapshot := snapshot_of(file):
            files[snapshot].append(file.address)
    return files


def _files(objects: int, time: datetime) -> Iterator[list[bytes]]:
    for first in range(0, objects, ROWS_PER_FILE):
        given = {"n": objects, "first": first, "last": min(first + ROWS_PER_FILE, objects), "time": time}
        rows = duckdb.sql(f"SELECT {', '.join(COLUMNS)} FROM ({OBJECTS})", params=given).to_arrow_table()
        yield [file_bytes("Parquet", rows)]
