"""Given and expected rows of the cases of saved queries; see the ``cases.yaml`` of each query."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

import pyarrow as pa

from glue_jobs.query.duckdb.athena_sql import parse
from glue_jobs.query.duckdb.athena_sql import tables as tables_of
from glue_jobs.query.saved.metadata import Case
from glue_jobs.query.saved.query import SavedQuery
from glue_jobs.sources import tables
from glue_jobs.tables.model import Table, arrow_type

TABLES: dict[str, Table] = {table.name: table for table in tables.TABLES}


def value(text: Any, arrow_type: pa.DataType) -> Any:
    """A value of a case in the type of its column; cases contain dates and times as text."""
    if isinstance(text, str) and pa.types.is_timestamp(arrow_type):
        return datetime.fromisoformat(text)
    if isinstance(text, str) and pa.types.is_date(arrow_type):
        return date.fromisoformat(text)
    return text


def given_row(table: Table, given: Mapping[str, Any]) -> dict[str, Any]:
    """A row of the table, including the columns that are derived from the given ones."""
    unknown = given.keys() - set(table.arrow_schema.names)
    assert not unknown, f"{table.name} has no column {unknown}"
    row = {name: value(text, table.arrow_schema.field(name).type) for name, text in given.items()}
    if "snapshot_time" in row:
        return {"snapshot_date": row["snapshot_time"].date()} | row
    if row.get("event_time") is None:
        return row
    time: datetime = row["event_time"]
    derived = {"event_date": time.date(), "year": f"{time:%Y}", "month": f"{time:%m}", "day": f"{time:%d}"}
    return derived | row


def given_table(table: Table, rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    """The rows that a case gives for a table."""
    return pa.Table.from_pylist([given_row(table, row) for row in rows], schema=table.arrow_schema)


def expected_rows(query: SavedQuery, case: Case) -> list[dict[str, Any]]:
    """The rows that the query returns in the case, in the types of its metadata."""
    types = {column.name: arrow_type(column.type) for column in query.metadata.returns}
    return [{name: value(row[name], types[name]) for name in types} for row in case.expect]


def tables_read(sql: str) -> tuple[str, ...]:
    """Sorted lower-case names of the tables that a SELECT reads, without database."""
    return tuple(sorted({table.name.lower() for table in tables_of(parse(sql))}))
