"""The task of a document pipeline: read and parse documents, and write their rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from glue_jobs.errors import UnreadableObjectError
from glue_jobs.ingest.data_files import NewFile
from glue_jobs.ingest.object_counts import ObjectCounts
from glue_jobs.ingest.rejected_records import RejectedRecords
from glue_jobs.ingest.task_context import TaskContext, write_partitions
from glue_jobs.read.fetch import RawBatch, read_batches
from glue_jobs.read.framing import Framing
from glue_jobs.read.plan import Chunk
from glue_jobs.sources.pipeline import DocumentPipeline
from glue_jobs.tables.model import Table
from glue_jobs.tables.rejected_record import REJECTED_RECORD


@dataclass(frozen=True)
class DocumentResult:
    """What a chunk became: data files by the name of their table, and the counts of its objects.

    ``unreadable`` has the objects, by address, of which nothing is in the files.
    """

    files: dict[str, list[NewFile]]
    counts: ObjectCounts
    unreadable: dict[str, UnreadableObjectError]


def ingest_documents(context: TaskContext[DocumentPipeline], chunk: Chunk) -> DocumentResult:
    """Turn a chunk's documents into data files.

    Raises:
        StorageError: the storage failed.
    """
    unreadable: dict[str, UnreadableObjectError] = {}
    while True:
        task = _Task(context, chunk)
        try:
            for batch in read_batches(chunk, [*range(len(chunk))], Framing.WHOLE_FILES, unreadable):
                task.ingest(batch)
        except UnreadableObjectError as error:
            unreadable[error.address] = error
            continue
        return task.result(unreadable)


class _Task:
    def __init__(self, context: TaskContext[DocumentPipeline], chunk: Chunk) -> None:
        self._context = context
        self._objects = [part.raw_object.entry.address for part in chunk]
        self._counts = ObjectCounts.zero(self._objects)
        self._rejected = RejectedRecords(context)
        # By table: rows, and the number of the object of each.
        self._rows: defaultdict[Table, list[tuple[object, ...]]] = defaultdict(list)
        self._owners: defaultdict[Table, list[int]] = defaultdict(list)

    def ingest(self, batch: RawBatch) -> None:
        """Parse the documents of a batch."""
        pipeline = self._context.pipeline
        for owner, record in batch.rejected:
            self._rejected.add(self._objects[owner], record)
            self._counts.rejected[owner] += record.records
        ends = [*batch.starts[1:].tolist(), len(batch.data)]
        for owner, start, end in zip(batch.objects.tolist(), batch.starts.tolist(), ends, strict=True):
            address = self._objects[owner]
            parsed = pipeline.parse(pipeline.document_id(address), batch.data[start:end])
            for table, rows in parsed.rows.items():
                self._rows[table] += rows
                self._owners[table] += [owner] * len(rows)
                self._counts.rows[owner] += len(rows)
            for record in parsed.rejected:
                self._rejected.add(address, record)
            self._counts.rejected[owner] += len(parsed.rejected)

    def result(self, unreadable: dict[str, UnreadableObjectError]) -> DocumentResult:
        """Write all rows."""
        pipeline = self._context.pipeline
        read = [number for number, address in enumerate(self._objects) if address not in unreadable]
        counts = zip(self._counts.rows[read].tolist(), self._counts.rejected[read].tolist(), strict=True)
        ids = (pipeline.document_id(self._objects[number]) for number in read)
        register = [(each.kind, each.run_id, *numbers) for each, numbers in zip(ids, counts, strict=True)]
        files = {pipeline.table.name: self._write(pipeline.table, register, read)}
        for table, rows in self._rows.items():
            files[table.name] = self._write(table, rows, self._owners[table])
        self._rejected.flush()
        files[REJECTED_RECORD.name] = self._rejected.files
        return DocumentResult(files, self._counts, unreadable)

    def _write(self, table: Table, rows: Sequence[tuple[object, ...]], owners: list[int]) -> list[NewFile]:
        if not rows:
            return []
        schema = table.arrow_schema
        values = zip(*rows, strict=True)
        arrays = [pa.array(each, schema.field(name).type) for name, each in zip(table.record, values, strict=True)]
        columns = {
            name: array.dictionary_encode() if pa.types.is_string(array.type) else array
            for name, array in zip(table.record, arrays, strict=True)
        }
        sources = pa.DictionaryArray.from_arrays(pa.array(owners, pa.int32()), pa.array(self._objects))
        run_id = pa.DictionaryArray.from_arrays(
            pa.array(np.zeros(len(rows), np.int32)), pa.array([self._context.folder.run_id])
        )
        columns |= {"source_object": sources, "ingest_run_id": run_id}
        return write_partitions(self._context, table, pa.table(columns))
