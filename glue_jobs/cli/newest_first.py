"""The rows of an answer with the newest day first."""

from __future__ import annotations

from typing import Any

import pyarrow as pa


def newest_first(rows: pa.Table) -> pa.Table:
    """The rows with the newest day first; rows of one day keep their order.

    The first column of type date is the day. Columns before it, such as the length of a period, make groups, which keep
    their order.
    """
    day = next((index for index, field in enumerate(rows.schema) if pa.types.is_date(field.type)), None)
    if day is None or not rows.num_rows:
        return rows
    days = [value.toordinal() if value else 0 for value in rows.column(day).to_pylist()]
    keys = list(zip(*(rows.column(index).to_pylist() for index in range(day)), strict=True)) or [()] * len(days)
    groups: dict[tuple[Any, ...], int] = {}
    for key in keys:
        groups.setdefault(key, len(groups))
    return rows.take(sorted(range(len(days)), key=lambda row: (groups[keys[row]], -days[row])))
