"""New data files written again without the rows that are there twice; the rest of a day's small ones is one file."""

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
from glue_jobs.ingest.data_files import (
    ROW_GROUP_ROWS,
    NewFile,
    compact,
    partition_path,
    partitions,
    read_file,
    with_schema,
)
from glue_jobs.ingest.duplicates.in_files import Day, DuplicateRows, find_duplicates
from glue_jobs.ingest.duplicates.in_memory import duplicates_within
from glue_jobs.ingest.late_rows import LateRows, Part, read_late_rows
from glue_jobs.ingest.task_context import TaskContext, write_partitions, write_parts
from glue_jobs.progress import Reporter
from glue_jobs.read.plan import batch_by_size, group_evenly
from glue_jobs.sources.pipeline import Pipeline
from glue_jobs.tables.model import Table
from glue_jobs.workers import engine

if TYPE_CHECKING:
    from glue_jobs.lake import LoadedTable

# Looking for duplicates of a row is as much work as reading so many raw bytes.
LIKE_BYTES = 16


@dataclass(frozen=True)
class Rewritten:
    """What takes the place of new files that held doubled rows, and how many such rows each raw object had.

    Rows that were set aside are in ``files``, too.
    """

    addresses: list[str]
    files: list[NewFile]
    counts: Counter[str]


@dataclass(frozen=True)
class _Left:
    """A new file without rows that are there twice; what stays of its rows when it is not written yet."""

    duplicates: DuplicateRows
    held: pa.Table | None

    def __len__(self) -> int:
        return self.duplicates.file.rows - len(self.duplicates.rows)

    def rows(self, table: Table) -> pa.Table:
        """What stays of it."""
        if self.held is not None:
            return self.held
        return drop_rows(read_file(table, self.duplicates.file.address), self.duplicates.rows)


def without_duplicates(
    context: TaskContext[Pipeline],
    rows: LoadedTable,
    files: list[NewFile],
    late_rows: Iterable[LateRows],
    reporter: Reporter,
) -> tuple[list[NewFile], Counter[str]]:
    """The run's new files without rows that are stored already or twice among them; how many each raw object had.

    What tasks have set aside is in files, too.

    Raises:
        UsageLakeError: a file cannot be read or written.
    """
    counts: Counter[str] = Counter()
    if not context.pipeline.table.identity or not (days := _days(rows, files, late_rows)):
        return files, counts
    with reporter.progress("looking for duplicates") as progress:
        workers = engine.workers_for(sum(map(len, days)) * LIKE_BYTES)
        # A day takes a fraction of a second, and so does starting a task.
        bundles = group_evenly(days, workers.count)
        found = [each for some in workers.run(partial(drop_duplicates, context), bundles, progress) for each in some]
    gone = {address for each in found for address in each.addresses}
    for each in found:
        counts.update(each.counts)
        files = [*files, *each.files]
    return [file for file in files if file.address not in gone], counts


def _days(rows: LoadedTable, files: Iterable[NewFile], late_rows: Iterable[LateRows]) -> list[Day]:
    column = rows.table.partitions[0]
    days: defaultdict[date, Day] = defaultdict(lambda: Day([], [], []))
    for file in files:
        # The descriptor is needed by the commit only, and takes longer to send than the rest.
        days[file.partition[column]].new.append(replace(file, descriptor=None))
    for few in late_rows:
        days[few.partition[column]].late_rows.append(few)
    for old in rows.files(**{column: list(days)}) if days else ():
        days[old.partition[0]].stored.append((old.address, old.rows))
    for day in days.values():
        day.stored.sort()
    return [days[day] for day in sorted(days)]


def drop_duplicates(context: TaskContext[Pipeline], days: list[Day]) -> list[Rewritten]:
    """Write the days' new files again without the rows that are there twice; files without such rows stay.

    What was set aside of a day becomes part of it: as one file, or a few of them when it is much.
    """
    beyond: list[Rewritten] = []
    batches = batch_by_size(_left_of(context, days, beyond), ROW_GROUP_ROWS, len)
    rewritten = [_rewritten(context, batch) for batch in batches]
    return [*beyond, *rewritten]


def _left_of(context: TaskContext[Pipeline], days: list[Day], beyond: list[Rewritten]) -> Iterator[_Left]:
    """What has to be written of each day; what was set aside ``beyond`` what memory holds is written on the way."""
    table = context.pipeline.table
    for some in batch_by_size(days, ROW_GROUP_ROWS, lambda day: sum(map(len, day.late_rows))):
        files, held = _put_together(context, [few for day in some for few in day.late_rows], beyond)
        for each in some:
            day = Day(each.stored, [*each.new, *files[partition_path(table, each.partition)]])
            found = {duplicates.file.address: duplicates for duplicates in find_duplicates(table, day, held)}
            for file in day.new:
                if file.address in held:
                    duplicates = found.get(file.address) or DuplicateRows(file, np.array([], np.int64), Counter())
                    # Held until enough is: what is there twice must not wait, too.
                    stays = compact(drop_rows(held.pop(file.address), duplicates.rows).combine_chunks())
                    yield _Left(duplicates, stays)
                elif file.address in found:
                    yield _Left(found[file.address], None)


def _put_together(
    context: TaskContext[Pipeline], late_rows: list[LateRows], beyond: list[Rewritten]
) -> tuple[Mapping[str, list[NewFile]], dict[str, pa.Table]]:
    """New files, by day, of what tasks have set aside, each row once; and the rows of those that are only held."""
    table = context.pipeline.table
    files: defaultdict[str, list[NewFile]] = defaultdict(list)
    held: dict[str, pa.Table] = {}
    *much, last = [*batch_by_size(late_rows, ROW_GROUP_ROWS, len)] or [[]]
    for some in much:
        parts, twice = _each_once(table, some)
        beyond.append(Rewritten([], write_parts(context, table, parts), twice))
        for file in beyond[-1].files:
            files[partition_path(table, file.partition)].append(file)
    if last:
        parts, twice = _each_once(table, last)
        if twice:
            beyond.append(Rewritten([], [], twice))
        for value, part in parts:
            file = NewFile(context.address(table, value), value, part.num_rows, None)
            held[file.address] = part
            files[partition_path(table, value)].append(file)
    return files, held


def _each_once(table: Table, some: list[LateRows]) -> tuple[list[Part], Counter[str]]:
    """Rows that tasks have set aside, by day, and how many of each raw object were there twice."""
    rows = read_late_rows(some)
    twice = duplicates_within(table, rows)
    counts = Counter(rows["source_object"].take(pa.array(twice)).to_pylist())
    return [*partitions(table, with_schema(table, rows), twice)], counts


def _rewritten(context: TaskContext[Pipeline], batch: list[_Left]) -> Rewritten:
    table = context.pipeline.table
    parts = [each.rows(table) for each in batch if len(each)]
    files = write_partitions(context, table, concat_rows(parts)) if parts else []
    counts = sum((each.duplicates.counts for each in batch), Counter[str]())
    return Rewritten([each.duplicates.file.address for each in batch if each.held is None], files, counts)
