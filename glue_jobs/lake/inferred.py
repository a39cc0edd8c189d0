"""Tables whose columns are inferred from data: only the lake's catalog knows their columns."""

from __future__ import annotations

import json

from pyiceberg.catalog import Catalog
from pyiceberg.exceptions import NoSuchIcebergTableError, NoSuchPropertyException, NoSuchTableError
from pyiceberg.schema import Schema
from pyiceberg.types import NestedField

from glue_jobs.errors import LakeError
from glue_jobs.lake.nested import arrow_type
from glue_jobs.lake.schema import iceberg_schema
from glue_jobs.lake.transaction import OneParentTransaction
from glue_jobs.tables.model import Column, Table, athena_type
from glue_jobs.tables.uploaded import FIXED_COLUMNS, INFERRED, uploaded_table


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
    stored = arrow_type(field.field_type)
    if stored is None:
        return None
    return Column(field.field_id, field.name, athena_type(stored), field.doc or field.name, arrow_type=stored)


def evolve(transaction: OneParentTransaction, table: Table) -> None:
    """Change the schema of the transaction's table to these columns; columns of unknown types stay."""
    current = transaction.table_metadata.schema()
    names = {column.name for column in table.columns}
    foreign = [each for each in current.fields if each.name not in names and arrow_type(each.field_type) is None]
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
