"""Aggregates of inventory rows, and the rows of ``daily_storage`` and ``daily_change`` made from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from glue_jobs.tables.model import Table


def aggregated(rows: pa.Table, by: Sequence[str], functions: Mapping[str, str]) -> pa.Table:
    """One row per combination of the text columns ``by``, sorted by them; nulls are a group and come last.

    ``functions`` names each other column and how it is aggregated: sum, min or max. Nulls in these columns are
    ignored; a group with no other values has null. A column with a dictionary must be in one chunk.
    """
    groups = rows.group_by(by, use_threads=False).aggregate([*functions.items()])
    # Plain text: Arrow cannot aggregate the tables of several tasks if their dictionaries differ.
    columns = [column.cast(pa.string()) for column in groups.columns[: len(by)]] + groups.columns[len(by) :]
    return pa.table(columns, names=[*by, *functions]).sort_by([(name, "ascending") for name in by])


def summary_rows(table: Table, aggregates: pa.Table, constants: Mapping[str, Any]) -> pa.Table:
    """The aggregates as rows of the table; ``constants`` are the columns that have one value on all rows."""
    schema = table.arrow_schema
    columns = {name: aggregates[name] for name in aggregates.column_names}
    for name, value in constants.items():
        columns[name] = pa.repeat(pa.scalar(value, schema.field(name).type), aggregates.num_rows)
    return pa.table([columns[name] for name in schema.names], schema=schema)
