"""Convert the rows of uploads to the columns of their table, and extend the table by the columns that they need."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from itertools import count

import pyarrow as pa

from glue_jobs.sources.upload.types import Type, arrow_type
from glue_jobs.sources.upload.values import converted
from glue_jobs.tables.model import FIELD_ID, MAX_DESCRIPTION_BYTES, Column, Table, athena_type
from glue_jobs.tables.uploaded import FIXED, FIXED_COLUMNS, uploaded_table


def types_of(inferred: str) -> dict[str, Type]:
    """The column types of a table of uploads, from its `Table.inferred`."""
    types: dict[str, Type] = json.loads(inferred or "{}")
    return types


def as_declared(table: Table, rows: pa.Table, types: Mapping[str, Type]) -> pa.Table:
    """The rows with the columns of the table. Their own columns have the ``types``, each in one chunk."""
    wanted, columns = types_of(table.inferred), []
    for field in table.arrow_schema:
        if field.name not in rows.column_names:
            columns.append(pa.nulls(rows.num_rows, field.type))
        elif field.name in wanted and rows.num_rows:
            columns.append(converted(rows[field.name].chunk(0), types[field.name], wanted[field.name]))
        else:
            columns.append(rows[field.name].cast(field.type))
    return pa.table(columns, schema=pa.schema([pa.field(each.name, each.type) for each in table.arrow_schema]))


def with_types(table: Table, types: Mapping[str, Type], last_field_id: int) -> Table:
    """The table with columns of these types; a column that is new or has another type gets the next field ids."""
    ids = count(last_field_id + 1)
    stored = {column.name: column for column in table.columns if column.name not in FIXED}
    columns = [*(_column(name, stored.get(name), kind, ids) for name, kind in types.items())]
    # Columns that another program added.
    columns += [column for name, column in stored.items() if name not in types]
    return uploaded_table(table.name, (*columns, *FIXED_COLUMNS), types)


def _column(name: str, stored: Column | None, kind: Type, ids: Iterator[int]) -> Column:
    wanted = arrow_type(kind)
    if stored is not None and stored.arrow_type == wanted:
        return stored
    number = next(ids)
    description = f"{name} of the uploaded files."[:MAX_DESCRIPTION_BYTES]
    return Column(number, name, athena_type(wanted), description, arrow_type=_numbered(wanted, ids))


def _numbered(of_type: pa.DataType, ids: Iterator[int]) -> pa.DataType:
    """The type, with the next field ids for all nested fields."""
    if pa.types.is_list(of_type):
        return pa.list_(_numbered_field(of_type.value_field, ids))
    if pa.types.is_struct(of_type):
        return pa.struct([_numbered_field(field, ids) for field in of_type])
    return of_type


def _numbered_field(field: pa.Field, ids: Iterator[int]) -> pa.Field:
    number = next(ids)
    return pa.field(field.name, _numbered(field.type, ids), metadata={FIELD_ID: str(number)})
