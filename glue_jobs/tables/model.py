"""Declarations of tables: each column with its id, its type and the sentence that explains it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

TYPES = ("string", "int", "bigint", "double", "boolean", "date", "timestamp", "binary", "array<string>")
"""Every column type that a table may use; the names are Athena's."""

READER = ("reader_id", "remote_prefix", "reader_key")
"""Columns of every table with an address: its pseudonym, its network, and the id of the key of the pseudonym."""

FIELD_ID = "PARQUET:field_id"
"""Metadata key under which an Arrow field of a Parquet file has its Iceberg field id."""

# Glue cuts a column comment at 255 bytes.
MAX_DESCRIPTION_BYTES = 255


@dataclass(frozen=True)
class Column:
    """One column: Iceberg field id (never reused), name, Athena type, and what a value means.

    The elements of an array have a field id too. Iceberg numbers the columns of a new table from 1 and then the
    elements of arrays; a column that is added later has the next free number, and its elements the number after that.

    ``arrow_type`` is set if the type is inferred from data; it carries the field ids of all nested fields.
    """

    field_id: int
    name: str
    type: str
    description: str
    element_id: int | None = None
    arrow_type: pa.DataType | None = None

    def __post_init__(self) -> None:
        if self.arrow_type is not None:
            return
        if self.type not in TYPES:
            raise ValueError(f"column {self.name}: type {self.type!r} is none of {', '.join(TYPES)}")
        if not 0 < len(self.description.encode()) <= MAX_DESCRIPTION_BYTES:
            raise ValueError(f"column {self.name}: a description has 1 to {MAX_DESCRIPTION_BYTES} bytes")
        if (self.element_id is not None) != self.type.startswith("array"):
            raise ValueError(f"column {self.name}: an array has an element_id, other types have none")


@dataclass(frozen=True)
class Table:
    """One table: what a row is, its columns, how it is partitioned, and how its files are sorted.

    Two rows that are equal in ``identity``, the most selective column first, are candidates for being the same record.
    They are the same record if every column of ``compared`` is equal. These are the columns of ``same``, or all of the
    ``record`` if a table has no ``same`` or if the first column of ``same`` is null. ``derived`` columns are not part
    of the record. If ``repeats_without_id``, records without an id (the first column of ``identity`` is null) are often
    equal although they are different requests. Only raw objects of the same name can have such a record twice: copies.

    ``address`` is the column with the reader's address; a table that has one has the ``READER`` columns too.
    ``texts_with_addresses`` may contain any addresses, ``texts_with_own_address`` only the one of their row. The
    configuration decides what is stored in all of these columns, so records are not compared by them. ``callers`` are
    columns that identify the caller of a request by account.

    ``statistics`` are columns whose bounds every data file records, in addition to partition and sort columns.

    ``keys`` are columns by whose values rows are replaced; data files record their bounds untruncated.

    ``inferred`` holds the column types as JSON if the table is inferred from data instead of declared; see
    `glue_jobs.sources.upload.types`. The schema of such a table may change with each commit.

    ``file_constants`` are columns that have one value in each data file. A table with file constants holds snapshots:
    whole files, identified by their constants, are replaced and dropped.
    """

    name: str
    description: str
    columns: tuple[Column, ...]
    partitions: tuple[str, ...]
    sort: tuple[str, ...] = ()
    identity: tuple[str, ...] = ()
    same: tuple[str, ...] = ()
    repeats_without_id: bool = False
    derived: tuple[str, ...] = ()
    statistics: tuple[str, ...] = ()
    file_constants: tuple[str, ...] = ()
    address: str = ""
    texts_with_addresses: tuple[str, ...] = ()
    texts_with_own_address: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    inferred: str = ""
    callers: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        names = [column.name for column in self.columns]
        ids = [
            number for column in self.columns for number in (column.field_id, column.element_id) if number is not None
        ]
        if len(set(names)) != len(names) or len(set(ids)) != len(ids):
            raise ValueError(f"table {self.name}: a column name or a field id is used twice")
        groups = (
            self.partitions,
            self.sort,
            self.identity,
            self.same,
            self.derived,
            self.statistics,
            self.file_constants,
            (self.address, *READER) if self.address else (),
            self.by_configuration,
            self.keys,
            self.callers,
        )
        unknown = {name for group in groups for name in group} - set(names)
        if unknown:
            raise ValueError(f"table {self.name}: no such column: {', '.join(sorted(unknown))}")

    @cached_property
    def arrow_schema(self) -> pa.Schema:
        """The Arrow schema of the table's Parquet files, with Iceberg field ids."""
        import pyarrow as pa

        return pa.schema([_arrow_field(column) for column in self.columns])

    @cached_property
    def bounded(self) -> tuple[str, ...]:
        """Columns whose bounds every data file records; query engines skip files by them."""
        return tuple(dict.fromkeys((*self.partitions, *self.sort, *self.statistics, *self.file_constants, *self.keys)))

    @cached_property
    def compared(self) -> tuple[str, ...]:
        """The columns in which rows of the same record are equal."""
        return self.same or self._always_equal

    @cached_property
    def compared_without_same(self) -> tuple[str, ...]:
        """The columns that are compared where a record has no id.

        They include the reader id: two such records may differ in nothing but the reader.
        """
        return (*self._always_equal, *(READER[:1] if self.address else ()))

    @cached_property
    def _always_equal(self) -> tuple[str, ...]:
        return tuple(name for name in self.record if name not in self.by_configuration)

    @cached_property
    def by_configuration(self) -> tuple[str, ...]:
        """Columns of the record whose stored values depend on the configuration."""
        address = (self.address,) if self.address else ()
        return (*address, *self.texts_with_addresses, *self.texts_with_own_address)

    @cached_property
    def record(self) -> tuple[str, ...]:
        """The columns that come from the record itself."""
        return tuple(column.name for column in self.columns if column.name not in self.derived)


@cache
def arrow_type(name: str) -> pa.DataType:
    """The Arrow type of one of the `TYPES`."""
    # Queries need the declarations but not Arrow, which is slow to import.
    import pyarrow as pa

    return {
        "string": pa.string(),
        "int": pa.int32(),
        "bigint": pa.int64(),
        "double": pa.float64(),
        "boolean": pa.bool_(),
        "date": pa.date32(),
        "timestamp": pa.timestamp("us"),
        "binary": pa.binary(),
        "array<string>": pa.list_(pa.field("element", pa.string())),
    }[name]


def athena_type(of_type: pa.DataType) -> str:
    """Athena's name of an Arrow type, with the types nested in it."""
    import pyarrow as pa

    if pa.types.is_struct(of_type):
        return f"struct<{','.join(f'{field.name}:{athena_type(field.type)}' for field in of_type)}>"
    if pa.types.is_list(of_type):
        return f"array<{athena_type(of_type.value_type)}>"
    return next(name for name in TYPES if arrow_type(name) == of_type)


def leaf_ids(column: Column) -> list[int]:
    """The field ids of a column's leaf values. Data files record sizes by these ids."""
    if column.arrow_type is None:
        return [column.element_id or column.field_id]
    return _leaves(column.arrow_type, column.field_id)


def _leaves(of_type: pa.DataType, number: int) -> list[int]:
    fields = [of_type.field(place) for place in range(of_type.num_fields)]
    leaves = [leaf for field in fields for leaf in _leaves(field.type, int(field.metadata[FIELD_ID.encode()]))]
    return leaves or [number]


def _arrow_field(column: Column) -> pa.Field:
    import pyarrow as pa

    field_type = column.arrow_type or arrow_type(column.type)
    if column.arrow_type is None and pa.types.is_list(field_type):
        element = pa.field("element", field_type.value_type, metadata={FIELD_ID: str(column.element_id)})
        field_type = pa.list_(element)
    return pa.field(column.name, field_type, metadata={FIELD_ID: str(column.field_id)})
