"""The rejected records of a task, written in portions. Many records of one object and reason are only counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

import pyarrow as pa

from glue_jobs.enrich.readers.columns import without_addresses
from glue_jobs.ingest.staging.data_files import NewFile
from glue_jobs.ingest.staging.task_context import TaskContext, write_partitions
from glue_jobs.read.parsed import MAX_RECORD_BYTES, Rejected
from glue_jobs.sources.pipeline import Pipeline
from glue_jobs.tables.rejected_record import REJECTED_RECORD

# Records of one object and reason that are stored one by one. Further ones become a single row with their number.
RECORDS_PER_REASON = 1_000

# A task writes its rejected records when this many, or this many bytes of them, are pending.
ROWS_PER_FLUSH = 100_000
BYTES_PER_FLUSH = 64 * 2**20

# A reason may quote its record, so there may be as many reasons as records. At this many, the counts restart at zero.
MAX_REASONS = 100_000


class RejectedRecords:
    """Collects the rejected records of a task and writes them to data files, listed in ``files``."""

    def __init__(self, context: TaskContext[Pipeline]) -> None:
        self.files: list[NewFile] = []
        self._context = context
        self._pending: list[tuple[str, Rejected]] = []
        self._pending_bytes = 0
        self._counts: Counter[tuple[str, str]] = Counter()
        self._further: dict[tuple[str, str], Rejected] = {}

    def add(self, address: str, rejected: Rejected) -> None:
        """Add a record of the object at the address."""
        place = (address, rejected.reason)
        self._counts[place] += rejected.records
        if self._counts[place] - rejected.records >= RECORDS_PER_REASON:
            first = self._further.get(place)
            self._further[place] = replace(first, records=first.records + rejected.records) if first else rejected
            return
        self._pending.append((address, rejected))
        self._pending_bytes += min(len(rejected.record), MAX_RECORD_BYTES)
        if len(self._pending) >= ROWS_PER_FLUSH or self._pending_bytes >= BYTES_PER_FLUSH:
            self._write()

    def flush(self) -> None:
        """Write everything that is pending."""
        self._pending += [(address, rejected) for (address, _), rejected in self._further.items()]
        self._further, self._counts = {}, Counter()
        self._write()

    def _write(self) -> None:
        if self._pending:
            rows = rejected_rows(self._context, self._pending)
            self.files += write_partitions(self._context, REJECTED_RECORD, rows)
        self._pending, self._pending_bytes = [], 0
        if len(self._counts) > MAX_REASONS:
            self.flush()


def rejected_rows(context: TaskContext[Pipeline], rejected: Iterable[tuple[str, Rejected]]) -> pa.Table:
    """Rows of ``rejected_record`` for pairs of an object's address and a record."""
    refused = list(rejected)
    records = [each.record[:MAX_RECORD_BYTES] for _, each in refused]
    reasons = [each.reason for _, each in refused]
    if context.pipeline.table.address:
        # A reason may quote the record.
        texts = [*records, *(reason.encode() for reason in reasons)]
        hidden = [*without_addresses(texts, context.ingest_date, context.config, context.reference)]
        records, reasons = hidden[: len(refused)], [each.decode() for each in hidden[len(refused) :]]
    columns = {
        "ingest_date": pa.repeat(pa.scalar(context.ingest_date, pa.date32()), len(refused)),
        "source": pa.repeat(context.pipeline.name, len(refused)),
        "object": [address for address, _ in refused],
        "position": [each.position for _, each in refused],
        "reason": reasons,
        "record": records,
        "run_id": pa.repeat(context.folder.run_id, len(refused)),
        "records": [each.records if each.records > 1 else None for _, each in refused],
    }
    return pa.table(columns, schema=REJECTED_RECORD.arrow_schema)
