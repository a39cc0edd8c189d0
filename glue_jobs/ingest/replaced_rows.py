"""The stored rows of documents that a newer version replaces: which files have them, and these files without them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from glue_jobs.columns.arrays import concat_rows
from glue_jobs.errors import LakeError
from glue_jobs.ingest.data_files import NewFile, read_file
from glue_jobs.ingest.task_context import TaskContext, write_partitions
from glue_jobs.sources.pipeline import DocumentPipeline
from glue_jobs.storage import storage_for
from glue_jobs.tables.model import Table
from glue_jobs.tables.rejected_record import REJECTED_RECORD

if TYPE_CHECKING:
    from glue_jobs.lake import LoadedTable, StoredFile

Replaced = Collection[tuple[str | None, str]]
"""Documents, pairs of kind and number; of a table with rows of one kind, the kind is None."""


@dataclass(frozen=True)
class StoredRows:
    """Stored data files of a table whose rows are written again, without those of the documents of ``replaced``."""

    table: Table
    addresses: list[str]
    replaced: Replaced


def replaced_by_table(pipeline: DocumentPipeline, replaced: Collection[tuple[str, str]]) -> dict[Table, Replaced]:
    """The documents, pairs of kind and number, in the terms of each table that may have rows of them."""
    of_table: dict[Table, Replaced] = {pipeline.table: replaced}
    for kind, tables in pipeline.kinds.items():
        of_table |= dict.fromkeys(tables, frozenset((None, number) for name, number in replaced if name == kind))
    return {**of_table, REJECTED_RECORD: replaced}


def files_with(pipeline: DocumentPipeline, stored: LoadedTable, replaced: Replaced) -> list[StoredFile]:
    """The table's files that may have rows of the documents.

    Raises:
        LakeError: another program deleted rows of such a file, which are in it still.
    """
    if not replaced:
        return []
    if stored.table == REJECTED_RECORD:
        own = stored.files(source=[pipeline.name])
        touched = [file for file in own if _has_rejected(pipeline, file.address, replaced)]
    else:
        numbers = [number for _, number in replaced]
        touched = [file for file in stored.files() if _may_have(stored.table, file, numbers)]
    if any(file.has_deletes for file in touched):
        raise LakeError(
            f"another program deleted rows of {stored.table.name}, and this run cannot replace others in the same"
            " files; let that program rewrite its data files first"
        )
    return touched


def write_again(context: TaskContext[DocumentPipeline], stored: StoredRows) -> list[NewFile]:
    """Write the rows that stay to one new file for each partition."""
    rows = concat_rows([read_file(stored.table, address) for address in stored.addresses])
    documents = _documents(context.pipeline, stored.table, rows)
    rows = rows.filter(pa.array([each not in stored.replaced for each in documents], pa.bool_()))
    return write_partitions(context, stored.table, rows) if rows.num_rows else []


def _documents(pipeline: DocumentPipeline, table: Table, rows: pa.Table) -> Iterable[tuple[str | None, str]]:
    """The document of each row."""
    if table == REJECTED_RECORD:
        ids = map(pipeline.document_id, rows["object"].cast(pa.string()).to_pylist())
        return ((each.kind, each.run_id) for each in ids)
    kinds = rows["kind"].cast(pa.string()).to_pylist() if "kind" in rows.column_names else [None] * rows.num_rows
    return zip(kinds, rows["run_id"].cast(pa.string()).to_pylist(), strict=True)


def _has_rejected(pipeline: DocumentPipeline, address: str, replaced: Replaced) -> bool:
    with storage_for(address).open(address) as file:
        rows = pq.ParquetFile(file).read(["object"], use_threads=False)
    return any(each in replaced for each in _documents(pipeline, REJECTED_RECORD, rows))


def _may_have(table: Table, file: StoredFile, numbers: Collection[str]) -> bool:
    """Whether rows of one of the documents may be in the file, by its bounds; accessions are short, and are whole."""
    field_id = next(column.field_id for column in table.columns if column.name == "run_id")
    bounds: list[Mapping[int, bytes]] = [file.descriptor.lower_bounds or {}, file.descriptor.upper_bounds or {}]
    lower, upper = (each.get(field_id) for each in bounds)
    return lower is None or upper is None or any(lower <= number.encode() <= upper for number in numbers)
