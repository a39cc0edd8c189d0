"""A table at one snapshot: its files and rows, and commits that succeed only on top of that snapshot."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cached_property
from types import MappingProxyType
from typing import Any

import pyarrow as pa
from pyiceberg.exceptions import CommitFailedException, ValidationException
from pyiceberg.expressions import AlwaysTrue, BooleanExpression
from pyiceberg.io.pyarrow import _dataframe_to_data_files
from pyiceberg.manifest import DataFile
from pyiceberg.table import DataScan, FileScanTask
from pyiceberg.table import Table as IcebergTable
from pyiceberg.table.snapshots import Snapshot, ancestors_of
from pyiceberg.table.update.snapshot import ExpireSnapshots

from glue_jobs.columns.numpy_types import Places
from glue_jobs.errors import LostRaceError, StorageError
from glue_jobs.lake.failures import explained, without_warnings
from glue_jobs.lake.schema import check_partitions, check_spec, file_constant, python_value
from glue_jobs.lake.table.file_groups import batches_of
from glue_jobs.lake.table.filters import partition_filter
from glue_jobs.lake.table.history import expired, files_only_in, is_one_line
from glue_jobs.lake.table.inferred import evolve
from glue_jobs.lake.table.newer_manifests import NewerManifests, newer_manifests
from glue_jobs.lake.table.stored_file import StoredFile, deleted_rows
from glue_jobs.lake.table.transaction import OneParentTransaction
from glue_jobs.lake.without_pyiceberg.manifest_position import ManifestPosition
from glue_jobs.lake.without_pyiceberg.plain_files import PlainFile, columns_by_id, has_declared_columns
from glue_jobs.storage import storage_for
from glue_jobs.tables.model import Table

NO_NOTES: Mapping[str, str] = MappingProxyType({})


class LoadedTable:
    """A table at the snapshot it had when it was loaded; commits succeed only on top of that snapshot."""

    def __init__(self, table: Table, iceberg: IcebergTable) -> None:
        self.table = table
        self._iceberg = iceberg

    @property
    def iceberg(self) -> IcebergTable:
        """The table of pyiceberg, for other modules of this room."""
        return self._iceberg

    @property
    def location(self) -> str:
        """The folder or S3 prefix of the table's data and metadata."""
        return self._iceberg.location()

    @property
    def commits(self) -> int:
        """The number of commits up to this snapshot."""
        snapshot = self._iceberg.current_snapshot()
        return (snapshot.sequence_number or 0) if snapshot else 0

    @property
    def last_field_id(self) -> int:
        """The highest field id that any schema of the table has ever used."""
        return self._iceberg.metadata.last_column_id

    def summaries(self) -> list[Mapping[str, str]]:
        """The summaries of the unexpired snapshots, the newest first."""
        return [snapshot.summary.additional_properties if snapshot.summary else {} for snapshot in self._history()]

    def note(self, name: str) -> str | None:
        """The value that the last `append` with this note set; None if there was none.

        Notes are table properties, because other programs or AWS may expire snapshots at any time. Older versions of
        this program wrote notes to the summaries of snapshots.
        """
        if name in self._iceberg.properties:
            return self._iceberg.properties[name]
        return next((summary[name] for summary in self.summaries() if name in summary), None)

    def has_all_since(self, commits: int) -> bool:
        """Whether the `summaries` include all commits after the first ``commits`` ones."""
        oldest = [snapshot.sequence_number or 0 for snapshot in self._history()][-1:]
        return not oldest or oldest[0] <= commits + 1

    def _history(self) -> Iterable[Snapshot]:
        """The current snapshot and its unexpired ancestors, the newest first."""
        return ancestors_of(self._iceberg.current_snapshot(), self._iceberg.metadata)

    def files(self, **partition: Iterable[Any] | None) -> list[StoredFile]:
        """The data files in which each partition column has one of its given values; None is a value."""
        tasks = self._planned(self._iceberg.scan(partition_filter(partition)))
        for number in {task.file.spec_id for task in tasks}:
            check_partitions(self.table, self._iceberg.specs()[number])
        return [
            StoredFile(
                task.file.file_path,
                task.file.record_count,
                tuple(python_value(name, task.file.partition[at]) for at, name in enumerate(self._partition_types())),
                bool(task.delete_files),
                tuple(file_constant(self.table, name, task.file) for name in self.table.file_constants),
                task.file,
                tuple(task.delete_files),
            )
            for task in tasks
        ]

    def newer_files(self, after: ManifestPosition, min_files: int, max_bytes: int) -> NewerManifests:
        """The data files in manifests after a position; see `newer_manifests`."""
        with explained(f"read the metadata of {self.location}"):
            return newer_manifests(self._iceberg, self._partition_types(), after, min_files, max_bytes)

    def deleted_rows(self, file: StoredFile) -> Places:
        """The positions of the file's rows that another program deleted; raises LakeError."""
        return deleted_rows(self._iceberg.io, file)

    def plain_files(self) -> list[PlainFile] | None:
        """The files that have all rows of the table; None if some are on S3 or have deleted rows."""
        files = self.files()
        if any(file.has_deletes or file.address.startswith("s3://") for file in files):
            return None
        return [PlainFile(file.address, self._texts(file), self._columns(file)) for file in files]

    def _texts(self, file: StoredFile) -> Mapping[str, str]:
        names = (*self.table.partitions, *self.table.file_constants)
        known = zip(names, (*file.partition, *file.file_constants), strict=True)
        return {name: value for name, value in known if isinstance(value, str)}

    def _columns(self, file: StoredFile) -> frozenset[str] | None:
        sizes = file.descriptor.column_sizes
        is_known = self.table.inferred or self.has_declared_columns
        return columns_by_id(self.table, sizes) if sizes and is_known else None

    @cached_property
    def has_declared_columns(self) -> bool:
        """Whether each declared column has its name, type and field id in all schemas, also those of older files."""
        schemas = (schema.model_dump(mode="json")["fields"] for schema in self._iceberg.metadata.schemas)
        return has_declared_columns(self.table, schemas)

    def _planned(self, scan: DataScan) -> list[FileScanTask]:
        with explained(f"read the metadata of {self.location}"):
            return list(scan.plan_files())

    def rows(self, columns: tuple[str, ...], **partition: Iterable[Any] | None) -> Any:
        """These columns of all rows in the given partitions (as in `files`), as an Arrow table.

        A declared column that the table lacks is null: an older version created the table, and no run has added it yet.
        """
        return self._read(columns, partition_filter(partition))

    def rows_between(self, columns: tuple[str, ...], column: str | None, first: object, last: object) -> Any:
        """Like `rows`, for rows whose ``column`` is between ``first`` and ``last``, both included; None is no bound."""
        ends = [f"{column} {sign} '{end}'" for sign, end in ((">=", first), ("<=", last)) if column and end]
        return self._read(columns, " AND ".join(ends) or AlwaysTrue())

    def batches(self, columns: tuple[str, ...], **partition: Iterable[Any] | None) -> Iterator[pa.Table]:
        """What `rows` returns, in batches; the table must have all of the columns."""
        scan = self._iceberg.scan(partition_filter(partition), columns)
        with explained(f"read {self.location}"):
            yield from batches_of(scan, self._planned(scan))

    def _read(self, columns: tuple[str, ...], where: str | BooleanExpression) -> Any:
        stored = {field.name for field in self._iceberg.schema().fields}
        scan = self._iceberg.scan(where, tuple(name for name in columns if name in stored))
        with explained(f"read {self.location}"):
            rows = scan.to_arrow()
        for name in columns:
            if name not in stored:
                rows = rows.append_column(name, pa.nulls(rows.num_rows, self.table.arrow_schema.field(name).type))
        return rows

    @cached_property
    def expired_files(self) -> list[str]:
        """The files that expire with a commit on top of this snapshot; the caller deletes them after its commit."""
        with explained(f"read the metadata of {self.location}"):
            return files_only_in(self._expired, self._iceberg) if self._is_one_line else []

    def append(
        self,
        files: list[DataFile],
        summary: Mapping[str, str],
        removed: Collection[StoredFile] = (),
        notes: Mapping[str, str] = NO_NOTES,
    ) -> None:
        """Add the files, and drop the ``removed`` ones, in one snapshot that carries ``summary``.

        The same commit sets the ``notes``, which outlive the snapshot, updates the schema of an inferred table, and
        expires the oldest snapshots. The caller deletes their files (`expired_files`) afterwards.

        Raises:
            LostRaceError: the table is no longer at the snapshot this object was loaded at; nothing was changed.
            LakeError: the catalog or the storage failed; the commit may have succeeded or not.
        """
        # Computed and cached before the commit, which changes the history.
        _ = self._is_one_line
        try:
            with self._transaction() as transaction:
                if self.table.inferred:
                    evolve(transaction, self.table)
                transaction.change_files(files, [file.descriptor for file in removed], summary)
                if notes:
                    transaction.set_properties(dict(notes))
                if self._expired:
                    ExpireSnapshots(transaction).by_ids([snapshot.snapshot_id for snapshot in self._expired]).commit()
        except CommitFailedException as error:
            raise LostRaceError.of_table(self.table.name) from error

    def replace(self, rows: pa.Table) -> None:
        """Replace all rows of the table by these, in one commit.

        Raises:
            LostRaceError: the table is no longer at the snapshot this object was loaded at; nothing was changed.
            LakeError: the catalog or the storage failed.
        """
        removed = [file.descriptor for file in self.files()]
        with explained(f"write to {self.location}"):
            files = [*_dataframe_to_data_files(self._iceberg.metadata, rows, self._iceberg.io)] if len(rows) else []
        try:
            with self._transaction() as transaction:
                transaction.change_files(files, removed, {})
        except (CommitFailedException, ValidationException) as error:
            for file in files:
                self._iceberg.io.delete(file.file_path)
            raise LostRaceError(f"another run replaced the rows of {self.table.name} first") from error

    @contextmanager
    def _transaction(self) -> Iterator[OneParentTransaction]:
        check_spec(self.table, self._iceberg.spec())
        transaction = OneParentTransaction(self._iceberg)
        with explained(f"commit to {self.location}"), without_warnings(), transaction:
            yield transaction
        if transaction.left_over:
            with suppress(StorageError):
                storage_for(self.location).delete(transaction.left_over)

    def _partition_types(self) -> list[str]:
        types = {column.name: column.type for column in self.table.columns}
        return [types[name] for name in self.table.partitions]

    @cached_property
    def _is_one_line(self) -> bool:
        return is_one_line(self._iceberg)

    @cached_property
    def _expired(self) -> list[Any]:
        return expired(self._iceberg, by_age=bool(self.table.file_constants))
