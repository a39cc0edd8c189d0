"""Tables whose columns are inferred from data: only the lake's catalog knows their columns."""

from __future__ import annotations

import json

import pyarrow as pa
from pyiceberg.catalog import Catalog
from pyiceberg.exceptions import NoSuchIcebergTableError, NoSuchPropertyException, NoSuchTableError
from pyiceberg.schema import Schema
from pyiceberg.types import (
    BinaryType,
    BooleanType,
    DateType,
    DoubleType,
    IcebergType,
    IntegerType,
    ListType,
    LongType,
    NestedField,
    StringType,
    StructType,
    TimestampType,
)

from glue_jobs.errors import LakeError
from glue_jobs.lake.schema import iceberg_schema
from glue_jobs.lake.table.transaction import OneParentTransaction
from glue_jobs.tables.model import FIELD_ID, Column, Table, athena_type
from glue_jobs.tables.uploaded import FIXED_COLUMNS, INFERRED, uploaded_table

_PLAIN: dict[IcebergType, pa.DataType] = {
    StringType(): pa.string(),
    IntegerType(): pa.int32(),
    LongType(): pa.int64(),
    DoubleType(): pa.float64(),
    BooleanType(): pa.bool_(),
    DateType(): pa.date32(),
    TimestampType(): pa.timestamp("us"),
    BinaryType(): pa.binary(),
}


def table_of_schema(name: str, schema: Schema, inferred: str) -> Table:
    """The table with this schema; columns of types that this program never writes are left out."""
    return uploaded_table(name, tuple(filter(None, map(_column, schema.fields))), json.loads(inferred))


def load_inferred(catalog: Catalog, database: str, name: str) -> Table | None:
    """The table of that name if it is inferred; None if there is none.

    Raises:
        LakeError: another program created the table.
    """
    try:
        existing = catalog.load_table((database, name))
    except (NoSuchIcebergTableError, NoSuchPropertyException):
        inferred = None
    except NoSuchTableError:
        return None
    else:
        inferred = existing.properties.get(INFERRED)
    if inferred is None:
        raise LakeError(f"another program made the table {name} of database {database}")
    return table_of_schema(name, existing.schema(), inferred)


def _column(field: NestedField) -> Column | None:
    for fixed in FIXED_COLUMNS:
        if (fixed.field_id, fixed.name) == (field.field_id, field.name):
            return fixed
    stored = _arrow_type(field.field_type)
    if stored is None:
        return None
    return Column(field.field_id, field.name, athena_type(stored), field.doc or field.name, arrow_type=stored)


def _arrow_type(iceberg_type: IcebergType) -> pa.DataType | None:
    """The Arrow type, with field ids; None for a type that this program never writes."""
    if isinstance(iceberg_type, ListType):
        element = _arrow_type(iceberg_type.element_type)
        return element and pa.list_(_field("element", element, iceberg_type.element_id))
    if isinstance(iceberg_type, StructType):
        types = [(field, _arrow_type(field.field_type)) for field in iceberg_type.fields]
        if any(each is None for _, each in types):
            return None
        return pa.struct([_field(field.name, each, field.field_id) for field, each in types])
    return _PLAIN.get(iceberg_type)


def _field(name: str, of_type: pa.DataType, number: int) -> pa.Field:
    return pa.field(name, of_type, metadata={FIELD_ID: str(number)})


def evolve(transaction: OneParentTransaction, table: Table) -> None:
    """Change the schema of the transaction's table to these columns; columns of unknown types stay."""
    current = transaction.table_metadata.schema()
    names = {column.name for column in table.columns}
    foreign = [each for each in current.fields if each.name not in names and _arrow_type(each.field_type) is None]
    wanted = Schema(*iceberg_schema(table).fields, *foreign)
    if wanted.fields != current.fields:
        transaction.set_schema(wanted)
    transaction.set_properties({INFERRED: table.inferred})


def table_to_json(table: Table) -> str:
    """An inferred table as JSON for `table_from_json`."""
    return json.dumps({"schema": iceberg_schema(table).model_dump_json(), INFERRED: table.inferred})


def table_from_json(name: str, text: str) -> Table:
    """The table that `table_to_json` wrote.

    Raises:
        ValueError: the text does not describe a table.
    """
    try:
        content = json.loads(text)
        return table_of_schema(name, Schema.model_validate_json(content["schema"]), content[INFERRED])
    except (KeyError, TypeError) as error:
        raise ValueError(f"the columns of {name} are not described") from error
