"""The task of a document pipeline: read documents, parse them, and write their rows."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from glue_jobs.columns.arrays import concat_rows, repeat_text
from glue_jobs.columns.numpy_types import Ints
from glue_jobs.ingest.staging.data_files import NewFile
from glue_jobs.ingest.staging.object_counts import ObjectCounts
from glue_jobs.ingest.staging.rejected_records import RejectedRecords
from glue_jobs.ingest.staging.task_context import TaskContext, write_partitions
from glue_jobs.ingest.staging.unreadable_objects import Unreadable, without_unreadable
from glue_jobs.read.fetch import RawBatch, read_batches
from glue_jobs.read.framing import Framing
from glue_jobs.read.parsed import Rejected, rows_of
from glue_jobs.read.plan import Chunk
from glue_jobs.sources.pipeline import DocumentPipeline
from glue_jobs.tables.model import Table
from glue_jobs.tables.rejected_record import REJECTED_RECORD


@dataclass(frozen=True)
class DocumentResult:
    """The result of a chunk: data files by table name, and the counts of its objects.

    ``unreadable`` has, by address, the objects that could not be read; the files contain no rows of them.
    """

    files: dict[str, list[NewFile]]
    counts: ObjectCounts
    unreadable: Unreadable


@without_unreadable
def ingest_documents(unreadable: Unreadable, context: TaskContext[DocumentPipeline], chunk: Chunk) -> DocumentResult:
    """Turn a chunk's documents into data files.

    Raises:
        StorageError: the storage failed.
    """
    task = _Task(context, chunk)
    for batch in read_batches(chunk, [*range(len(chunk))], Framing.WHOLE_FILES, unreadable):
        task.ingest(batch)
    return task.result(unreadable)


class _Task:
    def __init__(self, context: TaskContext[DocumentPipeline], chunk: Chunk) -> None:
        self._context = context
        self._objects = [part.raw_object.entry.address for part in chunk]
        self._counts = ObjectCounts.zero(self._objects)
        self._rejected = RejectedRecords(context)
        # By table: rows, and for each row the number of its object.
        self._rows: defaultdict[Table, list[tuple[pa.Table, Ints]]] = defaultdict(list)

    def ingest(self, batch: RawBatch) -> None:
        """Parse the documents of a batch."""
        pipeline = self._context.pipeline
        for owner, record in batch.rejected:
            self._reject(owner, record)
        ids = [pipeline.document_id(self._objects[owner]) for owner in batch.objects.tolist()]
        parsed = pipeline.parse(ids, batch.data, batch.starts)
        for table, parts in parsed.rows.items():
            for rows, documents in parts:
                owners = batch.objects[documents]
                self._rows[table].append((rows, owners))
                self._counts.rows[:] += np.bincount(owners, minlength=len(self._objects))
        for document, record in parsed.rejected:
            self._reject(int(batch.objects[document]), record)

    def _reject(self, owner: int, record: Rejected) -> None:
        self._rejected.add(self._objects[owner], record)
        self._counts.rejected[owner] += record.records

    def result(self, unreadable: Unreadable) -> DocumentResult:
        """Write all rows."""
        pipeline = self._context.pipeline
        read = [number for number, address in enumerate(self._objects) if address not in unreadable]
        counts = zip(self._counts.rows[read].tolist(), self._counts.rejected[read].tolist(), strict=True)
        ids = (pipeline.document_id(self._objects[number]) for number in read)
        values = [(each.kind, each.run_id, *numbers) for each, numbers in zip(ids, counts, strict=True)]
        register = rows_of(pipeline.table, values)
        files = {pipeline.table.name: self._write(pipeline.table, register, np.array(read, np.int64))}
        for table, parts in self._rows.items():
            rows = concat_rows([rows for rows, _ in parts])
            files[table.name] = self._write(table, rows, np.concatenate([owners for _, owners in parts]))
        self._rejected.flush()
        files[REJECTED_RECORD.name] = self._rejected.files
        return DocumentResult(files, self._counts, unreadable)

    def _write(self, table: Table, rows: pa.Table, owners: Ints) -> list[NewFile]:
        if not rows.num_rows:
            return []
        sources = pa.DictionaryArray.from_arrays(pa.array(owners, pa.int32()), pa.array(self._objects))
        ingest_run = repeat_text(self._context.folder.run_id, rows.num_rows)
        rows = rows.append_column("source_object", sources).append_column("ingest_run_id", ingest_run)
        return write_partitions(self._context, table, rows)
