"""Convert Iceberg types to Arrow types with field ids, at any depth of nesting."""

from __future__ import annotations

import pyarrow as pa
from pyiceberg.types import (
    BinaryType,
    BooleanType,
    DateType,
    DoubleType,
    IcebergType,
    IntegerType,
    ListType,
    LongType,
    StringType,
    StructType,
    TimestampType,
)

from glue_jobs.tables.model import FIELD_ID

_PLAIN: tuple[tuple[pa.DataType, IcebergType], ...] = (
    (pa.string(), StringType()),
    (pa.int32(), IntegerType()),
    (pa.int64(), LongType()),
    (pa.float64(), DoubleType()),
    (pa.bool_(), BooleanType()),
    (pa.date32(), DateType()),
    (pa.timestamp("us"), TimestampType()),
    (pa.binary(), BinaryType()),
)


def arrow_type(iceberg_type: IcebergType) -> pa.DataType | None:
    """The Arrow type, with field ids; None for a type that this program never writes."""
    if isinstance(iceberg_type, ListType):
        element = arrow_type(iceberg_type.element_type)
        return element and pa.list_(_field("element", element, iceberg_type.element_id))
    if isinstance(iceberg_type, StructType):
        types = [(field, arrow_type(field.field_type)) for field in iceberg_type.fields]
        if any(each is None for _, each in types):
            return None
        return pa.struct([_field(field.name, each, field.field_id) for field, each in types])
    return next((plain for plain, iceberg in _PLAIN if iceberg == iceberg_type), None)


def _field(name: str, of_type: pa.DataType, number: int) -> pa.Field:
    return pa.field(name, of_type, metadata={FIELD_ID: str(number)})
