"""What a table is: columns with id, type and the sentence that explains each, in one place."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import pyarrow as pa

ARROW_TYPES: dict[str, pa.DataType] = {
    "string": pa.string(),
    "int": pa.int32(),
    "bigint": pa.int64(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us"),
    "binary": pa.binary(),
    "array<string>": pa.list_(pa.field("element", pa.string())),
}
"""Arrow type of every column type a table may use; the names are Athena's."""

# Glue cuts a column comment at 255 bytes.
LONGEST_DESCRIPTION = 255


@dataclass(frozen=True)
class Column:
    """One column: Iceberg field id (never reused), name, Athena type, and what a value means.

    An array has a second field id for its elements. Iceberg numbers the columns of a new table from 1
    and then their elements; a column added later takes the next free number.
    """

    field_id: int
    name: str
    type: str
    description: str
    element_id: int | None = None

    def __post_init__(self) -> None:
        if self.type not in ARROW_TYPES:
            raise ValueError(f"column {self.name}: type {self.type!r} is none of {', '.join(ARROW_TYPES)}")
        if not 0 < len(self.description.encode()) <= LONGEST_DESCRIPTION:
            raise ValueError(f"column {self.name}: a description has 1 to {LONGEST_DESCRIPTION} bytes")
        if (self.element_id is not None) != self.type.startswith("array"):
            raise ValueError(f"column {self.name}: an array has an element_id, other types have none")


@dataclass(frozen=True)
class Table:
    """One table: what a row is, its columns, how it is partitioned, and how its files are sorted.

    ``identity`` names the columns that make two rows candidates for being the same record, the
    most selective one first; rows are the same only when every column of ``compared`` is equal. That is every
    column of the record, unless ``same`` names those that suffice; where the first of them is null, nothing does
    but the whole ``record``.

    ``labels`` are columns that have one value in each data file. A table with labels holds snapshots: files are
    replaced and dropped as wholes, found by what they are labelled with.
    """

    name: str
    description: str
    columns: tuple[Column, ...]
    partitions: tuple[str, ...]
    sort: tuple[str, ...] = ()
    identity: tuple[str, ...] = ()
    same: tuple[str, ...] = ()
    derived: tuple[str, ...] = ()
    statistics: tuple[str, ...] = ()
    file_constants: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        names = [column.name for column in self.columns]
        ids = [
            number for column in self.columns for number in (column.field_id, column.element_id) if number is not None
        ]
        if len(set(names)) != len(names) or len(set(ids)) != len(ids):
            raise ValueError(f"table {self.name}: a column name or a field id is used twice")
        named = (
            self.partitions,
            self.sort,
            self.identity,
            self.same,
            self.derived,
            self.statistics,
            self.file_constants,
        )
        unknown = {name for some in named for name in some} - set(names)
        if unknown:
            raise ValueError(f"table {self.name}: no such column: {', '.join(sorted(unknown))}")

    @cached_property
    def arrow_schema(self) -> pa.Schema:
        """The Arrow schema of the table's Parquet files, with Iceberg field ids."""
        return pa.schema([_arrow_field(column) for column in self.columns])

    @cached_property
    def bounded(self) -> tuple[str, ...]:
        """Columns whose bounds every data file tells, so that readers can leave files out."""
        return tuple(dict.fromkeys((*self.partitions, *self.sort, *self.statistics, *self.file_constants)))

    @cached_property
    def compared(self) -> tuple[str, ...]:
        """The columns that are equal in rows of the same record."""
        return self.same or self.record

    @cached_property
    def record(self) -> tuple[str, ...]:
        """The columns that come from the record itself, none that ingestion derives."""
        return tuple(column.name for column in self.columns if column.name not in self.derived)


def _arrow_field(column: Column) -> pa.Field:
    arrow_type = ARROW_TYPES[column.type]
    if pa.types.is_list(arrow_type):
        element = pa.field("element", arrow_type.value_type, metadata={"PARQUET:field_id": str(column.element_id)})
        arrow_type = pa.list_(element)
    return pa.field(column.name, arrow_type, metadata={"PARQUET:field_id": str(column.field_id)})
