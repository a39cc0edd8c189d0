"""Rewrite new data files without duplicates, and write the late rows; small files of a day are merged with these."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from glue_jobs.columns.arrays import concat_rows, drop_rows
from glue_jobs.ingest.duplicates.across_files import Day, DuplicateRows, find_duplicates
from glue_jobs.ingest.duplicates.within_table import duplicates_within
from glue_jobs.ingest.staging.data_files import (
    ROW_GROUP_ROWS,
    NewFile,
    compact,
    partition_path,
    partitions,
    read_file,
    with_schema,
)
from glue_jobs.ingest.staging.late_rows import LateRows, PartitionRows, read_late_rows
from glue_jobs.ingest.staging.task_context import TaskContext, write_partitions, write_parts
from glue_jobs.progress import Reporter
from glue_jobs.read.plan import batch_by_size, group_evenly
from glue_jobs.sources.pipeline import Pipeline
from glue_jobs.tables.model import Table
from glue_jobs.workers import engine

if TYPE_CHECKING:
    from glue_jobs.lake import LoadedTable

# Searching for duplicates of one row, stored or new, takes about as long as ingesting this many raw bytes.
RAW_BYTES_PER_ROW = 16


@dataclass(frozen=True)
class Rewritten:
    """The ``addresses`` of replaced files, and the new ``files``, which have their rows or late rows.

    ``counts`` has the number of dropped duplicates by raw object.
    """

    addresses: list[str]
    files: list[NewFile]
    counts: Counter[str]


@dataclass(frozen=True)
class Remaining:
    """The rows of a new file without its duplicates; ``in_memory`` if the file is not written yet."""

    duplicates: DuplicateRows
    in_memory: pa.Table | None

    def __len__(self) -> int:
        return self.duplicates.file.rows - len(self.duplicates.rows)

    def rows(self, table: Table) -> pa.Table:
        """The remaining rows."""
        if self.in_memory is not None:
            return self.in_memory
        return drop_rows(read_file(table, self.duplicates.file.address), self.duplicates.rows)


def without_duplicates(
    context: TaskContext[Pipeline],
    rows: LoadedTable,
    files: list[NewFile],
    late_rows: Iterable[LateRows],
    reporter: Reporter,
) -> tuple[list[NewFile], Counter[str]]:
    """The run's new files, without duplicates and with the late rows, and the number of duplicates by raw object.

    Raises:
        UsageLakeError: a file cannot be read or written.
    """
    counts: Counter[str] = Counter()
    if not context.pipeline.table.identity or not (days := _days(rows, files, late_rows)):
        return files, counts
    with reporter.progress("looking for duplicates") as progress:
        workers = engine.workers_for(sum(map(len, days)) * RAW_BYTES_PER_ROW)
        # Starting a task takes as long as a day, a fraction of a second, so each task processes several days.
        groups = group_evenly(days, workers.count)
        results = [each for some in workers.run(partial(drop_duplicates, context), groups, progress) for each in some]
    replaced = {address for result in results for address in result.addresses}
    for result in results:
        counts.update(result.counts)
        files = [*files, *result.files]
    return [file for file in files if file.address not in replaced], counts


def _days(rows: LoadedTable, files: Iterable[NewFile], late_rows: Iterable[LateRows]) -> list[Day]:
    column = rows.table.partitions[0]
    days: defaultdict[date, Day] = defaultdict(lambda: Day([], [], []))
    for file in files:
        # Only the commit needs the descriptor, which would take longer to send to a worker than the rest.
        days[file.partition[column]].new.append(replace(file, descriptor=None))
    for each in late_rows:
        days[each.partition[column]].late_rows.append(each)
    for old in rows.files(**{column: list(days)}) if days else ():
        days[old.partition[0]].stored.append((old.address, old.rows))
        if old.has_deletes:
            days[old.partition[0]].deleted[old.address] = rows.deleted_rows(old)
    for day in days.values():
        day.stored.sort()
    return [days[day] for day in sorted(days)]


def drop_duplicates(context: TaskContext[Pipeline], days: list[Day]) -> list[Rewritten]:
    """Rewrite the days' new files that have duplicates, and write the late rows. Files without duplicates stay.

    A day's small files and late rows become one file; more than ROW_GROUP_ROWS late rows become several.
    """
    written: list[Rewritten] = []
    batches = batch_by_size(remaining_of(context, days, written), ROW_GROUP_ROWS, len)
    rewritten = [_rewritten(context, batch) for batch in batches]
    return [*written, *rewritten]


def remaining_of(context: TaskContext[Pipeline], days: list[Day], written: list[Rewritten]) -> Iterator[Remaining]:
    """The rows to write for each day. Late rows that exceed the memory limit are written to files in ``written``."""
    table = context.pipeline.table
    for batch in batch_by_size(days, ROW_GROUP_ROWS, lambda day: sum(map(len, day.late_rows))):
        files, in_memory = _late_files(context, [each for day in batch for each in day.late_rows], written)
        for of_batch in batch:
            new = [*of_batch.new, *files[partition_path(table, of_batch.partition)]]
            day = Day(of_batch.stored, new, deleted=of_batch.deleted)
            found = {duplicates.file.address: duplicates for duplicates in find_duplicates(table, day, in_memory)}
            for file in day.new:
                if file.address in in_memory:
                    duplicates = found.get(file.address) or DuplicateRows(file, np.array([], np.int64), Counter())
                    # Copied, because these rows wait in memory for more, and a slice would keep the duplicates too.
                    rows = compact(drop_rows(in_memory.pop(file.address), duplicates.rows).combine_chunks())
                    yield Remaining(duplicates, rows)
                elif file.address in found:
                    yield Remaining(found[file.address], None)


def _late_files(
    context: TaskContext[Pipeline], late_rows: list[LateRows], written: list[Rewritten]
) -> tuple[Mapping[str, list[NewFile]], dict[str, pa.Table]]:
    """Late rows without duplicates as new files by day, and the rows of the last files, which are not written yet."""
    table = context.pipeline.table
    files: defaultdict[str, list[NewFile]] = defaultdict(list)
    in_memory: dict[str, pa.Table] = {}
    *full, last = [*batch_by_size(late_rows, ROW_GROUP_ROWS, len)] or [[]]
    for batch in full:
        parts, counts = _once(table, batch)
        written.append(Rewritten([], write_parts(context, table, parts), counts))
        for file in written[-1].files:
            files[partition_path(table, file.partition)].append(file)
    if last:
        parts, counts = _once(table, last)
        if counts:
            written.append(Rewritten([], [], counts))
        for value, part in parts:
            file = NewFile(context.address(table, value), value, part.num_rows, None)
            in_memory[file.address] = part
            files[partition_path(table, value)].append(file)
    return files, in_memory


def _once(table: Table, late_rows: list[LateRows]) -> tuple[list[PartitionRows], Counter[str]]:
    """The late rows by day, without duplicates, and the number of duplicates by raw object."""
    rows = read_late_rows(late_rows)
    duplicates = duplicates_within(table, rows)
    counts = Counter(rows["source_object"].take(pa.array(duplicates)).to_pylist())
    return [*partitions(table, with_schema(table, rows), duplicates)], counts


def _rewritten(context: TaskContext[Pipeline], batch: list[Remaining]) -> Rewritten:
    table = context.pipeline.table
    parts = [each.rows(table) for each in batch if len(each)]
    files = write_partitions(context, table, concat_rows(parts)) if parts else []
    counts = sum((each.duplicates.counts for each in batch), Counter[str]())
    return Rewritten([each.duplicates.file.address for each in batch if each.in_memory is None], files, counts)
