"""A small lake with an inventory, for the tests of reports."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pyarrow as pa

from glue_jobs.lake import Lake
from glue_jobs.sources.s3_inventory_object.daily_storage import DAILY_STORAGE
from glue_jobs.sources.s3_inventory_object.table import S3_INVENTORY_OBJECT
from glue_jobs.tables.model import Table

TIME = datetime(2026, 3, 8, 1)
SNAPSHOT = {
    "source_bucket": "open-data",
    "inventory_id": "weekly",
    "snapshot_time": TIME,
    "snapshot_date": TIME.date(),
    "storage_class": "STANDARD",
}
OBJECT = {**SNAPSHOT, "size": 1 << 29, "last_modified_date": datetime(2024, 4, 17, 18, 11, 22)}
OBJECTS = [
    {**OBJECT, "key": "earth/clouds/a.nc", "last_modified_date": datetime(2025, 4, 17, 12, 23, 46)},
    {**OBJECT, "key": "earth/clouds/b.nc"},
    {**OBJECT, "key": "earth/clouds/=cmd()", "size": 5368710},
    {**OBJECT, "key": '"quoted, account"/snow/a', "size": 3 << 29},
]
TOTALS = [{**SNAPSHOT, "objects": 4, "bytes": 1, "noncurrent_objects": 0, "noncurrent_bytes": 0, "delete_markers": 0}]


def with_rows(lake: Lake, table: Table, rows: list[dict[str, Any]]) -> None:
    """Replace the rows of a table of the lake."""
    lake.create(table)
    lake.load(table).replace(pa.Table.from_pylist(rows, schema=table.arrow_schema))


def with_inventory(lake: Lake) -> Lake:
    """Add one snapshot of four objects to the lake."""
    with_rows(lake, S3_INVENTORY_OBJECT, OBJECTS)
    with_rows(lake, DAILY_STORAGE, TOTALS)
    return lake
