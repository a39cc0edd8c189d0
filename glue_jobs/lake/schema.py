"""Iceberg's view of declared tables: schema, partitions, properties, and descriptors of data files."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any, cast

import pyarrow.parquet as pq
from pyiceberg.conversions import from_bytes
from pyiceberg.io.pyarrow import (
    compute_statistics_plan,
    data_file_statistics_from_parquet_metadata,
    parquet_path_to_id_mapping,
    pyarrow_to_schema,
)
from pyiceberg.manifest import DataFile, DataFileContent, FileFormat
from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.table.metadata import TableMetadata
from pyiceberg.transforms import IdentityTransform
from pyiceberg.typedef import Record
from pyiceberg.types import NestedField, PrimitiveType, TimestampType

from glue_jobs.errors import LakeError
from glue_jobs.lake.failures import without_warnings
from glue_jobs.tables.model import Table

# The id of the partition spec that a table was created with.
DECLARED_SPEC = 0

# Time travel reaches this many commits back. The bound keeps the metadata of the 400th run as small as the 20th's.
SNAPSHOTS_KEPT = 20

# Every commit adds a manifest. At this count pyiceberg merges them, so that planning a read does not get slower with
# the number of commits. A manifest of the size below (some 2,500 files) is not rewritten again.
MANIFESTS_PER_MERGE = 32
MANIFEST_BYTES = 2**20

EPOCH = date(1970, 1, 1)
EPOCH_START = datetime(1970, 1, 1)

_DESCRIBING = threading.Lock()


@cache
def iceberg_schema(table: Table) -> Schema:
    """The table's Iceberg schema, with the declared field ids and descriptions."""
    fields = zip(pyarrow_to_schema(table.arrow_schema).fields, table.columns, strict=True)
    return Schema(*[NestedField(f.field_id, f.name, f.field_type, False, c.description) for f, c in fields])


def first_schema(table: Table) -> Schema:
    """The columns that a new table is created with; the others are added afterwards, as to an existing table.

    Iceberg assigns the field ids of a new table itself: to all columns from 1, then to the elements of arrays. A column
    declared after an array has a higher field id than the array's element, so it must be added later.
    """
    return Schema(*[field for number, field in enumerate(by_id(table), 1) if field.field_id == number])


def by_id(table: Table) -> list[NestedField]:
    """The table's columns in the order of their field ids."""
    return sorted(iceberg_schema(table).fields, key=lambda field: field.field_id)


def describe(
    table: Table, address: str, size: int, metadata: pq.FileMetaData, partition: Mapping[str, Any]
) -> DataFile:
    """The Iceberg descriptor of a Parquet file.

    ``size`` is in bytes; ``partition`` has the value of each partition column.
    """
    plan, mapping = _statistics_plan(table)
    # `without_warnings` sets the level of a logger for all threads, and several threads describe files.
    with _DESCRIBING, without_warnings():
        statistics = data_file_statistics_from_parquet_metadata(
            parquet_metadata=metadata, stats_columns=plan, parquet_column_mapping=mapping
        )
    return DataFile.from_args(
        content=DataFileContent.DATA,
        file_path=address,
        file_format=FileFormat.PARQUET,
        partition=Record(*[_iceberg_value(partition[name]) for name in table.partitions]),
        file_size_in_bytes=size,
        sort_order_id=None,
        spec_id=DECLARED_SPEC,
        equality_ids=None,
        key_metadata=None,
        **statistics.to_serialized_dict(),
    )


@cache
def _statistics_plan(table: Table) -> tuple[Any, dict[str, int]]:
    schema = iceberg_schema(table)
    return compute_statistics_plan(schema, properties(table)), parquet_path_to_id_mapping(schema)


def partition_spec(table: Table) -> PartitionSpec:
    """Partitions by the plain values of the declared columns."""
    ids = {column.name: column.field_id for column in table.columns}
    fields = [
        PartitionField(source_id=ids[name], field_id=1000 + number, transform=IdentityTransform(), name=name)
        for number, name in enumerate(table.partitions)
    ]
    return PartitionSpec(*fields)


def properties(table: Table) -> dict[str, str]:
    """The properties of the table, which apply to all Iceberg writers."""
    return {
        "format-version": "2",
        "write.parquet.compression-codec": "zstd",
        # A lost commit stays lost: see transaction.py.
        "commit.retry.num-retries": "1",
        "commit.manifest-merge.enabled": "true",
        "commit.manifest.min-count-to-merge": str(MANIFESTS_PER_MERGE),
        "commit.manifest.target-size-bytes": str(MANIFEST_BYTES),
        "write.metadata.delete-after-commit.enabled": "true",
        "write.metadata.previous-versions-max": str(SNAPSHOTS_KEPT),
        # With bounds of every column of every file, planning would take longer than reading.
        "write.metadata.metrics.default": "counts",
        **{f"write.metadata.metrics.column.{name}": "truncate(32)" for name in table.bounded},
        **{f"write.metadata.metrics.column.{name}": "full" for name in (*table.file_constants, *table.keys)},
        # Without it, Athena does not use the page indexes of the data files.
        # https://docs.aws.amazon.com/athena/latest/ug/querying-iceberg-data-optimization.html
        "use_iceberg_parquet_column_index": "true",
    }


def check_spec(table: Table, spec: PartitionSpec) -> None:
    """Check that files with the declared partitions can be added to the table.

    Raises:
        LakeError: another program changed the partitions.
    """
    if spec.spec_id != DECLARED_SPEC:
        raise _other_partitions(table)


def check_partitions(table: Table, spec: PartitionSpec) -> None:
    """Check that the partition values of the spec start with those of the declared partition columns.

    Raises:
        LakeError: another program changed the partitions in another way.
    """
    declared = [(each.source_id, each.transform) for each in partition_spec(table).fields]
    if [(each.source_id, each.transform) for each in spec.fields][: len(declared)] != declared:
        raise _other_partitions(table)


def _other_partitions(table: Table) -> LakeError:
    return LakeError(
        f"another program changed the partitions of {table.name}; let it partition the table by"
        f" {' and '.join(table.partitions) or 'nothing'} again, and then rewrite all data files"
    )


def check_kept(table: Table, metadata: TableMetadata) -> None:
    """Check that no declared column of the table was renamed or dropped: a run would add a new one of the same name.

    Raises:
        LakeError: another program renamed or dropped one.
    """
    current = {field.field_id: field.name for field in metadata.schema().fields}
    had = {(field.field_id, field.name) for schema in metadata.schemas for field in schema.fields}
    for column in table.columns:
        name = current.get(column.field_id)
        if name == column.name or (column.field_id, column.name) not in had:
            continue
        what = f"the column {column.name} of {table.name}"
        if name is not None:
            raise LakeError(f"another program renamed {what} to {name}; rename it back")
        raise LakeError(
            f"another program dropped {what}, and Iceberg gives a new one another number; bring back an older version"
            " of the table's metadata, or ingest the raw objects into another --database"
        )


def check_ids(table: Table, schema: Schema) -> None:
    """Check that the table in the lake has the declared field ids, which identify the columns in data files.

    Raises:
        LakeError: it has other field ids, because another program created it.
    """
    for column in table.columns:
        field = schema.find_field(column.name)
        ids = (field.field_id, getattr(field.field_type, "element_id", None))
        if ids != (column.field_id, column.element_id):
            raise LakeError(
                f"column {column.name} of {table.name} has field id {field.field_id} in the lake, not"
                f" {column.field_id}; the table was made by another program, so use another --database"
            )


def file_constant(table: Table, name: str, file: DataFile) -> Any:
    """The value that a column has in all rows of a file; None if there are several values or no bounds."""
    field = iceberg_schema(table).find_field(name)
    lower, upper = ((bounds or {}).get(field.field_id) for bounds in (file.lower_bounds, file.upper_bounds))
    if lower is None or lower != upper:
        return None
    value: Any = from_bytes(cast(PrimitiveType, field.field_type), lower)
    return EPOCH_START + timedelta(microseconds=value) if isinstance(field.field_type, TimestampType) else value


def _iceberg_value(value: Any) -> Any:
    return (value - EPOCH).days if isinstance(value, date) else value


def python_value(type_name: str, value: Any) -> Any:
    """An Iceberg partition value as a Python value: days since 1970 become a date."""
    return EPOCH + timedelta(days=value) if type_name == "date" and isinstance(value, int) else value
