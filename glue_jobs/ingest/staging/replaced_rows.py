"""Stored rows of objects that have a newer version: find the files with such rows, and rewrite them without these."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa

from glue_jobs.columns.arrays import concat_rows
from glue_jobs.ingest.staging.change import check_replaceable
from glue_jobs.ingest.staging.compaction import Budget, own_files, small_files
from glue_jobs.ingest.staging.data_files import CHECKED, NewFile, read_columns, read_file, stored_file
from glue_jobs.ingest.staging.task_context import TaskContext, write_partitions
from glue_jobs.sources.pipeline import ListedPipeline
from glue_jobs.sources.upload.columns import as_declared, types_of
from glue_jobs.tables.model import Table, leaf_ids
from glue_jobs.tables.rejected_record import REJECTED_RECORD

if TYPE_CHECKING:
    from glue_jobs.lake import LoadedTable, StoredFile

Replaced = Collection[tuple[str | None, str]]
"""The ids of objects, as pairs of kind and number. The kind is None for a table whose rows are all of one kind."""


@dataclass(frozen=True)
class StoredRows:
    """Stored data files of a table that are rewritten without the rows of the ``replaced`` objects.

    For an inferred table, ``inferred`` has the types that its columns had before.
    """

    table: Table
    addresses: list[str]
    replaced: Replaced
    inferred: str = ""


def replaced_in(pipeline: ListedPipeline, table: Table, replaced: Collection[tuple[str, str]]) -> Replaced:
    """The ids of objects, pairs of kind and number, in the form of the table."""
    if table == REJECTED_RECORD or len(table.keys) > 1:
        return replaced
    kinds = pipeline.kinds_in(table, {kind for kind, _ in replaced})
    return {(None, number) for kind, number in replaced if kind in kinds}


def groups_to_write_again(
    pipeline: ListedPipeline, stored: LoadedTable, replaced: Replaced, is_growing: bool
) -> list[list[StoredFile]]:
    """The stored files to rewrite, in groups that become one file each.

    These are the files of `files_with` and, if the table is getting new files, its small files where there are many.

    Raises:
        LakeError: another program deleted rows of such a file with a delete file.
    """
    touched = files_with(pipeline, stored, replaced)
    is_uniform = stored.table.inferred or stored.has_declared_columns
    if not is_growing or stored.table == REJECTED_RECORD or not is_uniform:
        return [[file] for file in touched]
    rest = {file.address for file in touched}
    others = (file for file in own_files(stored, stored.files()) if file.address not in rest)
    return [*([file] for file in touched), *small_files(others, {}, Budget())]


def files_with(pipeline: ListedPipeline, stored: LoadedTable, replaced: Replaced) -> list[StoredFile]:
    """The table's files that may have rows of the objects, or columns that the table is about to lose.

    Raises:
        LakeError: another program deleted rows of such a file with a delete file.
    """
    if not (replaced or stored.table.inferred):
        return []
    if stored.table == REJECTED_RECORD:
        own = stored.files(source=[pipeline.name])
        touched = [file for file in own if _has_rejected(pipeline, file.address, replaced)]
    else:
        numbers = sorted({number.encode() for _, number in replaced})
        touched = [file for file in stored.files() if _may_have(stored.table, file, numbers) or _is_stale(stored, file)]
    check_replaceable(stored.table, touched)
    return touched


def write_again(context: TaskContext[ListedPipeline], stored: StoredRows) -> list[NewFile]:
    """Write the remaining rows to one new file per partition."""
    table = stored.table
    if table.inferred:
        types = types_of(stored.inferred)
        rows = pa.concat_tables(as_declared(table, read_rows(each), types) for each in stored.addresses)
    else:
        rows = concat_rows([read_file(table, address) for address in stored.addresses])
    rows = rows_that_stay(context.pipeline, table, rows, stored.replaced)
    return write_partitions(context, table, rows.combine_chunks()) if rows.num_rows else []


def read_rows(address: str) -> pa.Table:
    """The rows of a data file with the file's own columns and types, each column in one chunk."""
    with stored_file(address) as file:
        return CHECKED(file).read(use_threads=False).combine_chunks()


def rows_that_stay(pipeline: ListedPipeline, table: Table, rows: pa.Table, replaced: Replaced) -> pa.Table:
    """The rows that do not belong to replaced objects."""
    documents = _documents(pipeline, table, rows)
    return rows.filter(pa.array([each not in replaced for each in documents], pa.bool_())) if replaced else rows


def _documents(pipeline: ListedPipeline, table: Table, rows: pa.Table) -> Iterable[tuple[str | None, str]]:
    """The kind and number of the object that each row belongs to."""
    if table == REJECTED_RECORD:
        ids = map(pipeline.document_id, rows["object"].cast(pa.string()).to_pylist())
        return ((each.kind, each.run_id) for each in ids)
    *kind, number = (rows[name].cast(pa.string()).to_pylist() for name in table.keys)
    return zip(kind[0] if kind else [None] * rows.num_rows, number, strict=True)


def _has_rejected(pipeline: ListedPipeline, address: str, replaced: Replaced) -> bool:
    rows = read_columns(REJECTED_RECORD, address, ("object",))
    return any(each in replaced for each in _documents(pipeline, REJECTED_RECORD, rows))


def _may_have(table: Table, file: StoredFile, numbers: Sequence[bytes]) -> bool:
    """Whether the file may have rows with one of the sorted numbers, by its bounds, which are not truncated."""
    field_id = next(column.field_id for column in table.columns if column.name == table.keys[-1])
    bounds: list[Mapping[int, bytes]] = [file.descriptor.lower_bounds or {}, file.descriptor.upper_bounds or {}]
    lower, upper = (each.get(field_id) for each in bounds)
    if lower is None or upper is None:
        return bool(numbers)
    first = bisect_left(numbers, lower)
    return first < len(numbers) and numbers[first] <= upper


def _is_stale(stored: LoadedTable, file: StoredFile) -> bool:
    """Whether the file of an inferred table has columns whose type has changed, which gave them new field ids."""
    known = {number for column in stored.table.columns for number in leaf_ids(column)}
    return bool(stored.table.inferred) and not known.issuperset(file.descriptor.column_sizes or {0: 0})
