"""What other programs do to the lake's tables: rewrite, delete, expire. Arrow programs write large strings."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
from pyiceberg.expressions import AlwaysTrue, BooleanExpression

from glue_jobs.lake import Lake
from glue_jobs.tables.model import Table


def iceberg(lake: Lake, table: Table) -> Any:
    """The table as pyiceberg's users see it."""
    return lake._catalog.load_table(f"{lake.database}.{table.name}")


def rewrite(lake: Lake, table: Table, where: str | BooleanExpression | None = None) -> None:
    """Write the rows that fulfil the condition anew, in one file per partition."""
    condition = AlwaysTrue() if where is None else where
    opened = iceberg(lake, table)
    rows = opened.scan(row_filter=condition).to_arrow()
    large = pa.schema([field.with_type(_large(field.type)) for field in rows.schema])
    opened.overwrite(rows.cast(large), overwrite_filter=condition)


def expire(lake: Lake, table: Table) -> None:
    """Expire every snapshot but the current one."""
    opened = iceberg(lake, table)
    current = opened.current_snapshot()
    old = [each.snapshot_id for each in opened.snapshots() if each.snapshot_id != current.snapshot_id]
    if old:
        opened.maintenance.expire_snapshots().by_ids(old).commit()


def tag(lake: Lake, table: Table, name: str, snapshot: int) -> None:
    """Give a snapshot a name, for which Iceberg keeps it."""
    iceberg(lake, table).manage_snapshots().create_tag(snapshot, name).commit()


def roll_back(lake: Lake, table: Table, snapshot: int) -> None:
    """Make an older snapshot the current one."""
    iceberg(lake, table).manage_snapshots().set_current_snapshot(snapshot).commit()


def _large(kind: pa.DataType) -> pa.DataType:
    if pa.types.is_list(kind):
        return pa.large_list(kind.value_field.with_type(_large(kind.value_type)))
    return pa.large_string() if pa.types.is_string(kind) else kind
