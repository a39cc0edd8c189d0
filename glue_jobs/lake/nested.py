"""Convert Arrow types with field ids to Iceberg types and back, at any depth of nesting."""

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
    NestedField,
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


def nested_type(arrow_type: pa.DataType) -> IcebergType:
    """The Iceberg type; fields of structs and elements of lists keep their field ids."""
    if pa.types.is_list(arrow_type):
        element = arrow_type.value_field
        return ListType(_id(element), nested_type(element.type), element_required=False)
    if pa.types.is_struct(arrow_type):
        return StructType(
            *[NestedField(_id(field), field.name, nested_type(field.type), False) for field in arrow_type]
        )
    return next(iceberg for plain, iceberg in _PLAIN if plain == arrow_type)


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


def _id(field: pa.Field) -> int:
    return int(field.metadata[FIELD_ID.encode()])
