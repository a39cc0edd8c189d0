"""Changes of the lake's tables by other programs: rewrite, delete, expire. Arrow programs write large strings."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import uuid4

import pyarrow as pa
import pyarrow.parquet as pq
from pyiceberg.expressions import AlwaysTrue, BooleanExpression
from pyiceberg.manifest import DataFile, DataFileContent, FileFormat, ManifestContent, ManifestWriterV2
from pyiceberg.table.snapshots import Operation
from pyiceberg.table.update.snapshot import _FastAppendFiles

from glue_jobs.ingest.staging.data_files import partition_path, with_schema, write_file
from glue_jobs.lake import Lake
from glue_jobs.tables.model import Table


def iceberg(lake: Lake, table: Table) -> Any:
    """The table as pyiceberg's users see it."""
    return lake._catalog.load_table(f"{lake.database}.{table.name}")


def rewrite(lake: Lake, table: Table, where: str | BooleanExpression | None = None) -> None:
    """Rewrite the rows that match the condition, in one file per partition."""
    condition = AlwaysTrue() if where is None else where
    opened = iceberg(lake, table)
    rows = opened.scan(row_filter=condition).to_arrow()
    large = pa.schema([field.with_type(_large(field.type)) for field in rows.schema])
    opened.overwrite(rows.cast(large), overwrite_filter=condition)


def damage(file: Path, column: str, count: int = 1) -> None:
    """Change this many bytes in the middle of a column of a data file, as a failing disk does."""
    data, group = bytearray(file.read_bytes()), pq.ParquetFile(file).metadata.row_group(0)
    (chunk,) = (each for each in map(group.column, range(group.num_columns)) if each.path_in_schema == column)
    start = chunk.dictionary_page_offset or chunk.data_page_offset
    middle = start + (chunk.total_compressed_size - count) // 2
    data[middle : middle + count] = (byte ^ 0x55 for byte in data[middle : middle + count])
    file.write_bytes(data)


def scatter(lake: Lake, table: Table, commits: int = 1) -> None:
    """Rewrite each row in its own data file, in this many commits, like a program that writes every second."""
    loaded = lake.load(table)
    removed, rows = loaded.files(), loaded.rows(tuple(table.arrow_schema.names))
    files = []
    for each in (rows.slice(at, 1) for at in range(rows.num_rows)):
        partition = {name: each[name][0].as_py() for name in table.partitions}
        address = f"{loaded.location}/data/{partition_path(table, partition)}/{uuid4().hex}.parquet"
        files.append(write_file(table, with_schema(table, each), address, partition).descriptor)
    for number in range(commits):
        lake.load(table).append(files[number::commits], {}, [] if number else removed)


def delete_rows(
    lake: Lake, table: Table, positions: list[int], content: DataFileContent = DataFileContent.POSITION_DELETES
) -> None:
    """Delete these rows of each data file as Athena does: a delete file names them, the data file is unchanged."""
    opened = iceberg(lake, table)
    io, spec = opened.io, opened.spec()
    transaction = opened.transaction()
    with _AppendDeletes(Operation.OVERWRITE, transaction, io, None, {}) as change:
        for task in opened.scan().plan_files():
            address = f"{task.file.file_path.removesuffix('.parquet')}-deletes-{uuid4().hex[:8]}.parquet"
            paths = pa.array([task.file.file_path] * len(positions))
            with io.new_output(address).create() as stream:
                pq.write_table(pa.table([paths, pa.array(positions, pa.int64())], POSITION_DELETES), stream)
            change.append_data_file(
                DataFile.from_args(
                    content=content,
                    file_path=address,
                    file_format=FileFormat.PARQUET,
                    partition=task.file.partition,
                    record_count=len(positions),
                    file_size_in_bytes=len(io.new_input(address)),
                    spec_id=spec.spec_id,
                )
            )
    transaction.commit_transaction()


# https://iceberg.apache.org/spec/#position-delete-files
POSITION_DELETES = pa.schema(
    [
        pa.field("file_path", pa.string(), False, {"PARQUET:field_id": "2147483546"}),
        pa.field("pos", pa.int64(), False, {"PARQUET:field_id": "2147483545"}),
    ]
)


class _DeleteManifestWriter(ManifestWriterV2):
    def content(self) -> ManifestContent:
        return ManifestContent.DELETES

    @property
    def _meta(self) -> dict[str, str]:
        return {**super()._meta, "content": "deletes"}


class _AppendDeletes(_FastAppendFiles):
    """Writes the manifest of delete files, which pyiceberg cannot write."""

    def new_manifest_writer(self, spec: Any) -> ManifestWriterV2:
        metadata = self._transaction.table_metadata
        output = self.new_manifest_output()
        return _DeleteManifestWriter(spec, metadata.schema(), output, self._snapshot_id, self._compression)


def expire(lake: Lake, table: Table) -> None:
    """Expire every snapshot but the current one."""
    opened = iceberg(lake, table)
    current = opened.current_snapshot()
    old = [each.snapshot_id for each in opened.snapshots() if each.snapshot_id != current.snapshot_id]
    if old:
        opened.maintenance.expire_snapshots().by_ids(old).commit()


def tag(lake: Lake, table: Table, name: str, snapshot: int) -> None:
    """Tag a snapshot, so that Iceberg keeps it."""
    iceberg(lake, table).manage_snapshots().create_tag(snapshot, name).commit()


def roll_back(lake: Lake, table: Table, snapshot: int) -> None:
    """Make an older snapshot the current one."""
    iceberg(lake, table).manage_snapshots().set_current_snapshot(snapshot).commit()


def _large(kind: pa.DataType) -> pa.DataType:
    if pa.types.is_list(kind):
        return pa.large_list(kind.value_field.with_type(_large(kind.value_type)))
    return pa.large_string() if pa.types.is_string(kind) else kind
