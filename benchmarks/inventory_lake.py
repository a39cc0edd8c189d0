"""A lake with an inventory of any size: two snapshots, written as the data files a run writes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from benchmarks.our_run import Silent
from glue_jobs.columns.arrays import with_dictionaries
from glue_jobs.ingest.data_files import NewFile, partition_path, with_schema, write_file
from glue_jobs.ingest.snapshots.comparison import SnapshotPair, compare_pairs
from glue_jobs.ingest.snapshots.delivery import snapshot_of
from glue_jobs.lake import Lake
from glue_jobs.sources.s3_inventory_object.daily_change import DAILY_CHANGE
from glue_jobs.sources.s3_inventory_object.daily_storage import DAILY_STORAGE
from glue_jobs.sources.s3_inventory_object.parser import SnapshotId
from glue_jobs.sources.s3_inventory_object.parser.fields import DISTINCT
from glue_jobs.sources.s3_inventory_object.table import S3_INVENTORY_OBJECT
from glue_jobs.tables.model import Table

LATEST = datetime(2026, 3, 8, 1)
SNAPSHOTS = (LATEST - timedelta(days=7), LATEST)
ROWS_A_FILE = 1_000_000
ACCOUNTS, REPOSITORIES = 40, 8

# Every 50th object is a copy of the one before it; every 200th was written again after the first snapshot; the last
# hundredth of the keys was added, the first thousandth removed. Keys are in their order, as S3 delivers them.
OBJECT = f"""
SELECT 'open-data' AS bucket,
       'account-' || lpad((i * {ACCOUNTS} // $n)::varchar, 3, '0') AS account,
       'repository-' || lpad((i * {ACCOUNTS * REPOSITORIES} // $n % {REPOSITORIES})::varchar, 2, '0') AS repository,
       account || '/' || repository || '/year=2024/part-' || lpad(i::varchar, 10, '0')
           || ['.parquet', '.nc', '.tif', '.csv.gz', '.json'][i % 5 + 1] AS key,
       i - (i % 50 = 1)::bigint AS content,
       i % 200 = 0 AND $time = TIMESTAMP '{LATEST}' AS again,
       (hash(content) % 1000003) * (hash(content) % 211) AS size,
       TIMESTAMP '2024-01-01' + INTERVAL (i % 10000000) SECOND + INTERVAL (again::int) DAY AS last_modified_date,
       md5(content::varchar || again::varchar) AS e_tag,
       ['STANDARD', 'STANDARD', 'STANDARD_IA', 'GLACIER'][i % 4 + 1] AS storage_class,
       'SSE-S3' AS encryption_status, 'COMPLETED' AS replication_status, false AS is_multipart_uploaded,
       'open-data' AS source_bucket, 'weekly' AS inventory_id, $time AS snapshot_time, $time::date AS snapshot_date,
       's3://inventories/open-data/weekly/data/0.parquet' AS source_object
FROM range($first, $last) AS one(i)
WHERE CASE WHEN $time = TIMESTAMP '{LATEST}' THEN i >= $n // 1000 ELSE i < $n - $n // 100 END
"""

TOTAL = """
SELECT source_bucket, inventory_id, snapshot_time, snapshot_date, account, repository, storage_class,
       count(*) AS objects, sum(size)::bigint AS bytes, 0 AS noncurrent_objects, 0 AS noncurrent_bytes,
       0 AS delete_markers, min(last_modified_date) AS oldest, max(last_modified_date) AS newest
FROM part GROUP BY ALL
"""


def inventory_lake(folder: Path, objects: int) -> Lake:
    """A lake in ``folder`` with about ``objects`` objects in each of two snapshots; made only once."""
    lake = Lake(str(folder / f"inventory-{objects}"), "usage_lake")
    if not lake.has(DAILY_STORAGE):
        detail, totals = [], []
        for time in SNAPSHOTS:
            for number, part in enumerate(_parts(objects, time)):
                detail.append(_written(lake, S3_INVENTORY_OBJECT, _as_parsed(part), f"{number:05d}"))
                totals.append(_written(lake, DAILY_STORAGE, duckdb.sql(TOTAL).to_arrow_table(), f"{number:05d}"))
                print(f"  {time:%d %B}: {(number + 1) * ROWS_A_FILE:,} of {objects:,} objects", flush=True)
        _commit(lake, S3_INVENTORY_OBJECT, detail)
        _commit(lake, DAILY_CHANGE, [_written(lake, DAILY_CHANGE, rows, "0") for rows in changes(lake)])
        _commit(lake, DAILY_STORAGE, totals)
    return lake


def changes(lake: Lake) -> list[pa.Table]:
    """What a run finds that brings the second snapshot."""
    found = sides(lake)
    return [rows for _, rows in compare_pairs([SnapshotPair(*sorted(found))], found, Silent())]


def sides(lake: Lake) -> dict[SnapshotId, list[str]]:
    """The data files of each snapshot."""
    found: defaultdict[SnapshotId, list[str]] = defaultdict(list)
    for file in lake.load(S3_INVENTORY_OBJECT).files():
        if snapshot := snapshot_of(file):
            found[snapshot].append(file.address)
    return found


def _parts(objects: int, time: datetime) -> Iterator[pa.Table]:
    for first in range(0, objects, ROWS_A_FILE):
        last = min(first + ROWS_A_FILE, objects)
        given = {"n": objects, "first": first, "last": last, "time": time}
        yield duckdb.sql(OBJECT, params=given).to_arrow_table()


def _written(lake: Lake, table: Table, rows: pa.Table, name: str) -> NewFile:
    columns = [_typed(rows, field) for field in table.arrow_schema]
    partition: dict[str, Any] = {each: rows[each][0].as_py() for each in table.partitions}
    address = f"{lake.location}/{lake.database}/{table.name}/data/{partition_path(table, partition)}/{name}.parquet"
    return write_file(table, with_schema(table, pa.table(columns, names=table.arrow_schema.names)), address, partition)


def _as_parsed(rows: pa.Table) -> pa.Table:
    """With dictionaries where the objects of an ingested inventory have them; totals have none."""
    repeating = {field.name for field in rows.schema if field.type == pa.string() and field.name not in DISTINCT}
    return with_dictionaries(rows.combine_chunks(), repeating)


def _typed(rows: pa.Table, field: pa.Field) -> pa.ChunkedArray | pa.Array:
    if field.name not in rows.column_names:
        return pa.nulls(rows.num_rows, field.type)
    column = rows[field.name]
    return column if pa.types.is_dictionary(column.type) else column.cast(field.type)


def _commit(lake: Lake, table: Table, files: list[NewFile]) -> None:
    lake.create(table)
    lake.load(table).append([file.descriptor for file in files], {})
