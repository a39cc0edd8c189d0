"""The lake: Iceberg tables in a catalog, read and committed through pyiceberg (imported nowhere else).

A commit succeeds only while its table is still at the snapshot the caller loaded: ``Lake.load`` first,
work, then ``LoadedTable.append`` either adds all files in one snapshot or raises LostRaceError.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Any, cast

import pyarrow as pa
import pyarrow.parquet as pq
from botocore.exceptions import BotoCoreError, ClientError
from pyiceberg.catalog import Catalog, load_catalog
from pyiceberg.exceptions import (
    CommitFailedException,
    NamespaceAlreadyExistsError,
    NoSuchTableError,
    TableAlreadyExistsError,
)
from pyiceberg.expressions import And, BooleanExpression, EqualTo, In, IsNull, Or
from pyiceberg.io.pyarrow import (
    compute_statistics_plan,
    data_file_statistics_from_parquet_metadata,
    parquet_path_to_id_mapping,
)
from pyiceberg.manifest import DataFile, DataFileContent, FileFormat
from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.table import DataScan, FileScanTask
from pyiceberg.table import Table as IcebergTable
from pyiceberg.table.refs import MAIN_BRANCH
from pyiceberg.table.snapshots import Operation
from pyiceberg.table.update.snapshot import ExpireSnapshots, _FastAppendFiles
from pyiceberg.transforms import IdentityTransform
from pyiceberg.typedef import Record
from pyiceberg.types import (
    BinaryType,
    BooleanType,
    DateType,
    IcebergType,
    IntegerType,
    ListType,
    LongType,
    NestedField,
    StringType,
    TimestampType,
)
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError, SQLAlchemyError

from glue_jobs.errors import LakeError, LostRaceError
from glue_jobs.storage import storage_for
from glue_jobs.storage.s3 import endpoint
from glue_jobs.table import Column, Table

SIMPLE_TYPES: dict[str, IcebergType] = {
    "string": StringType(),
    "int": IntegerType(),
    "bigint": LongType(),
    "boolean": BooleanType(),
    "date": DateType(),
    "timestamp": TimestampType(),
    "binary": BinaryType(),
}

# Time travel reaches this many commits back; a bound keeps the metadata of the 400th run as small as the 20th's.
SNAPSHOTS_KEPT = 20

EPOCH = date(1970, 1, 1)


@dataclass(frozen=True)
class StoredFile:
    """A data file of a table's current snapshot."""

    address: str
    rows: int
    partition: tuple[Any, ...]
    has_deletes: bool


class Lake:
    """The tables of one database below one location.

    ``location`` is a folder or ``s3://bucket/prefix``; ``catalog`` is ``sqlite`` (a file in the lake's folder)
    or ``glue``; by default the former for a folder and the latter on S3.
    """

    def __init__(self, location: str, database: str, catalog: str | None = None) -> None:
        self.location = location.rstrip("/")
        self.database = database
        self.catalog_type = catalog or ("glue" if location.startswith("s3://") else "sqlite")
        if self.catalog_type == "sqlite" and location.startswith("s3://"):
            raise LakeError(f"a sqlite catalog is a file in the lake's folder and cannot be in {location}; use glue")

    @cached_property
    def _catalog(self) -> Catalog:
        properties: dict[str, str | None] = {"type": "glue", "s3.endpoint": endpoint(), "glue.endpoint": endpoint()}
        if self.catalog_type == "sqlite":
            storage_for(self.location).put(f"{self.location}/.usage-lake", b"s3-usage-lake\n")
            properties = {"type": "sql", "uri": f"sqlite:///{self.location}/catalog.db?timeout=60"}
        given = {name: value for name, value in properties.items() if value is not None}
        with _explained(f"open the {self.catalog_type} catalog of {self.location}"):
            try:
                return load_catalog("usage_lake", warehouse=self.location, **given)
            except OperationalError:
                # Another first run may have made the catalog's own tables between the look and the attempt.
                return load_catalog("usage_lake", warehouse=self.location, **given)

    def create(self, table: Table) -> None:
        """Make the table, or add the columns a newer version of the program declares.

        Raises:
            LakeError: it cannot be made, or a table of that name has other columns.
        """
        with _explained(f"make the table {table.name} in {self.location}"):
            try:
                existing = self._catalog.load_table((self.database, table.name))
            except NoSuchTableError:
                existing = self._create(table)
            present = {field.name for field in existing.schema().fields}
            missing = [column for column in table.columns if column.name not in present]
            if missing:
                with existing.update_schema() as update:
                    for column in missing:
                        update.add_column(column.name, _iceberg_type(column), column.description)
        _check_ids(table, existing.schema())

    def _create(self, table: Table) -> IcebergTable:
        # Two first runs may start at the same moment; the SQLite catalog tells the later one of it as IntegrityError.
        with suppress(NamespaceAlreadyExistsError, IntegrityError):
            self._catalog.create_namespace(self.database)
        with suppress(TableAlreadyExistsError):
            self._catalog.create_table(
                (self.database, table.name),
                schema=iceberg_schema(table),
                location=f"{self.location}/{self.database}/{table.name}",
                partition_spec=_partition_spec(table),
                properties=_properties(table),
            )
        return self._catalog.load_table((self.database, table.name))

    def load(self, table: Table) -> LoadedTable:
        """The table as it is now.

        Raises:
            LakeError: there is no such table, or it cannot be read.
        """
        try:
            with _explained(f"read the table {table.name} of {self.location}"):
                return LoadedTable(table, self._catalog.load_table((self.database, table.name)))
        except NoSuchTableError as error:
            raise LakeError(
                f"there is no table {table.name} in database {self.database} of {self.location}; ingest something first"
            ) from error

    def has(self, table: Table) -> bool:
        """Whether the table exists."""
        with _explained(f"look for the table {table.name} of {self.location}"):
            return self._catalog.table_exists((self.database, table.name))


class LoadedTable:
    """One table at the snapshot it had when it was loaded; appends are based on that very snapshot."""

    def __init__(self, table: Table, iceberg: IcebergTable) -> None:
        self.table = table
        self._iceberg = iceberg

    @property
    def location(self) -> str:
        """Where the table's data and metadata are."""
        return self._iceberg.location()

    def summaries(self) -> list[Mapping[str, str]]:
        """What the commits still kept say of themselves, the newest first."""
        kept: list[Mapping[str, str]] = []
        snapshot = self._iceberg.current_snapshot()
        while snapshot is not None:
            kept.append(snapshot.summary.additional_properties if snapshot.summary else {})
            parent = snapshot.parent_snapshot_id
            snapshot = self._iceberg.snapshot_by_id(parent) if parent is not None else None
        return kept

    def files(self, **partition: Iterable[Any] | None) -> list[StoredFile]:
        """Data files of the snapshot whose partition column has one of the given values (None counts as a value)."""
        scan = self._iceberg.scan(row_filter=_filter(partition)) if partition else self._iceberg.scan()
        return [
            StoredFile(
                task.file.file_path,
                task.file.record_count,
                tuple(_python_value(name, task.file.partition[at]) for at, name in enumerate(self._partition_types())),
                bool(task.delete_files),
            )
            for task in self._planned(scan)
        ]

    def _planned(self, scan: DataScan) -> list[FileScanTask]:
        with _explained(f"read the metadata of {self.location}"):
            return list(scan.plan_files())

    def rows(self, columns: tuple[str, ...], **partition: Iterable[Any] | None) -> Any:
        """Those columns of all rows in the given partitions, as an Arrow table."""
        scan = self._iceberg.scan(selected_fields=columns)
        with _explained(f"read {self.location}"):
            return (scan.filter(_filter(partition)) if partition else scan).to_arrow()

    def append(self, files: list[DataFile], summary: Mapping[str, str]) -> None:
        """Add the files in one snapshot that carries ``summary``.

        Raises:
            LostRaceError: the table is no longer at the snapshot this object was loaded at; nothing was added.
            LakeError: the catalog or the storage failed; the next run finds out whether the files were added.
        """
        expired = self._expired()
        try:
            with _explained(f"commit to {self.location}"), self._iceberg.transaction() as transaction:
                with _Append(
                    Operation.APPEND, transaction, self._iceberg.io, None, dict(summary), MAIN_BRANCH
                ) as append:
                    for file in files:
                        append.append_data_file(file)
                if expired:
                    ExpireSnapshots(transaction).by_ids([snapshot.snapshot_id for snapshot in expired]).commit()
        except CommitFailedException as error:
            raise LostRaceError(
                f"another run committed to {self.table.name} first, so nothing of this run is stored; start it again"
            ) from error
        # Only appends are made here: what an expired snapshot listed, the current one lists too.
        storage_for(self.location).delete([snapshot.manifest_list for snapshot in expired])

    def _partition_types(self) -> list[str]:
        types = {column.name: column.type for column in self.table.columns}
        return [types[name] for name in self.table.partitions]

    def _expired(self) -> list[Any]:
        snapshots = sorted(self._iceberg.snapshots(), key=lambda snapshot: snapshot.sequence_number or 0)
        return snapshots[: max(len(snapshots) - SNAPSHOTS_KEPT + 1, 0)]


class _Append(_FastAppendFiles):
    """An append that holds for one parent snapshot only.

    pyiceberg's one retry stays on, because it first looks whether the commit has landed and only its answer was lost
    (a Glue client repeats a request that timed out): giving up there would delete the manifests of a commit made.
    """

    def _validate_concurrency(self) -> None:
        raise CommitFailedException("the table is at another snapshot")


@contextmanager
def _explained(action: str) -> Iterator[None]:
    try:
        yield
    except (SQLAlchemyError, ClientError, BotoCoreError, pa.ArrowException, OSError) as error:
        raise LakeError(f"cannot {action}: {_reason(error)}") from error


def _reason(error: Exception) -> str:
    if isinstance(error, ClientError):
        code, message = (str(error.response["Error"].get(name, "")) for name in ("Code", "Message"))
        # Glue's message names the action and the resource that the role lacks.
        return f"{code} ({message}){'; check the role or credentials' if 'AccessDenied' in code else ''}"
    cause = error.orig if isinstance(error, DBAPIError) else error
    reason = str(cause).splitlines()[0]
    full = "No space left on device" in reason or "is full" in reason
    return f"{reason}{'; free some space and start the run again' if full else ''}"


def iceberg_schema(table: Table) -> Schema:
    """The table's Iceberg schema, with the declared field ids and descriptions."""
    return Schema(*[NestedField(c.field_id, c.name, _iceberg_type(c), False, c.description) for c in table.columns])


def describe(
    table: Table, address: str, size: int, metadata: pq.FileMetaData, partition: Mapping[str, Any]
) -> DataFile:
    """The Iceberg descriptor of a Parquet file just written; ``partition`` has the value of each partition column."""
    schema = iceberg_schema(table)
    statistics = data_file_statistics_from_parquet_metadata(
        parquet_metadata=metadata,
        stats_columns=compute_statistics_plan(schema, _properties(table)),
        parquet_column_mapping=parquet_path_to_id_mapping(schema),
    )
    return DataFile.from_args(
        content=DataFileContent.DATA,
        file_path=address,
        file_format=FileFormat.PARQUET,
        partition=Record(*[_iceberg_value(partition[name]) for name in table.partitions]),
        file_size_in_bytes=size,
        sort_order_id=None,
        spec_id=0,
        equality_ids=None,
        key_metadata=None,
        **statistics.to_serialized_dict(),
    )


def _iceberg_type(column: Column) -> IcebergType:
    if column.element_id is not None:
        return ListType(column.element_id, StringType(), element_required=False)
    return SIMPLE_TYPES[column.type]


def _partition_spec(table: Table) -> PartitionSpec:
    ids = {column.name: column.field_id for column in table.columns}
    fields = [
        PartitionField(source_id=ids[name], field_id=1000 + number, transform=IdentityTransform(), name=name)
        for number, name in enumerate(table.partitions)
    ]
    return PartitionSpec(*fields)


def _properties(table: Table) -> dict[str, str]:
    return {
        "format-version": "2",
        "write.parquet.compression-codec": "zstd",
        # A lost commit stays lost: see _Append.
        "commit.retry.num-retries": "1",
        "write.metadata.delete-after-commit.enabled": "true",
        "write.metadata.previous-versions-max": str(SNAPSHOTS_KEPT),
        # Bounds of every column of every file would make planning slower than reading.
        "write.metadata.metrics.default": "counts",
        **{f"write.metadata.metrics.column.{name}": "truncate(32)" for name in table.bounded},
    }


def _check_ids(table: Table, schema: Schema) -> None:
    for column in table.columns:
        field = schema.find_field(column.name)
        if field.field_id != column.field_id:
            raise LakeError(
                f"column {column.name} of {table.name} has field id {field.field_id} in the lake, not"
                f" {column.field_id}; the table was made by another program, so use another --database"
            )


def _filter(partition: Mapping[str, Iterable[Any] | None]) -> BooleanExpression:
    terms = [_one_of(name, list(values or ())) for name, values in partition.items()]
    return And(*terms) if len(terms) > 1 else terms[0]


def _one_of(name: str, values: list[Any]) -> BooleanExpression:
    given = {_literal(value) for value in values if value is not None}
    # Type checkers see the constructor that pydantic makes of the fields, not the one these classes have.
    equal_to, one_of, is_null = cast(Any, EqualTo), cast(Any, In), cast(Any, IsNull)
    term: BooleanExpression = equal_to(name, given.pop()) if len(given) == 1 else one_of(name, given)
    return Or(term, is_null(name)) if None in values else term


def _literal(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def _iceberg_value(value: Any) -> Any:
    return (value - EPOCH).days if isinstance(value, date) else value


def _python_value(type_name: str, value: Any) -> Any:
    return EPOCH + timedelta(days=value) if type_name == "date" and isinstance(value, int) else value
