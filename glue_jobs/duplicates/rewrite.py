"""New data files written again without the rows that are there twice; the rest of a day's small ones is one file."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from typing import TYPE_CHECKING

import pyarrow as pa

from glue_jobs.arrays import without
from glue_jobs.data_files import ROW_GROUP_ROWS, NewFile, read_file
from glue_jobs.duplicates.in_files import Day, Doubled, find_doubled
from glue_jobs.job import Job, write_partitions
from glue_jobs.plan import bundled
from glue_jobs.progress import Reporter
from glue_jobs.workers import workers_for

if TYPE_CHECKING:
    from glue_jobs.lake import LoadedTable

# Looking for duplicates of a row is as much work as reading so many raw bytes.
LIKE_BYTES = 16


@dataclass(frozen=True)
class Rewritten:
    """New files that held doubled rows: what takes their place, and how many such rows each raw object had."""

    addresses: list[str]
    files: list[NewFile]
    counts: Counter[str]


def without_doubled(
    job: Job, rows: LoadedTable, files: list[NewFile], reporter: Reporter
) -> tuple[list[NewFile], Counter[str]]:
    """The run's new files without rows that are stored already or twice among them; how many each raw object had.

    Raises:
        UsageLakeError: a file cannot be read or written.
    """
    counts: Counter[str] = Counter()
    if not job.pipeline.table.identity or not files:
        return files, counts
    with reporter.progress("looking for duplicates") as progress:
        days = _days(rows, files)
        workers = workers_for(sum(map(len, days)) * LIKE_BYTES)
        # A day takes a fraction of a second, and so does starting a task.
        bundles = bundled(days, workers.count)
        found = [each for some in workers.run(partial(drop_doubled, job), bundles, progress) for each in some]
    gone = {address for each in found for address in each.addresses}
    for each in found:
        counts.update(each.counts)
        files = [*files, *each.files]
    return [file for file in files if file.address not in gone], counts


def _days(rows: LoadedTable, files: Iterable[NewFile]) -> list[Day]:
    column = rows.table.partitions[0]
    new: defaultdict[date, list[NewFile]] = defaultdict(list)
    for file in files:
        # The descriptor is needed by the commit only, and takes longer to send than the rest.
        new[file.partition[column]].append(replace(file, descriptor=None))
    stored: defaultdict[date, list[tuple[str, int]]] = defaultdict(list)
    for old in rows.files(**{column: new.keys()}):
        stored[old.partition[0]].append((old.address, old.rows))
    return [Day(sorted(stored[day]), new[day]) for day in sorted(new)]


def drop_doubled(job: Job, days: list[Day]) -> list[Rewritten]:
    """Write the days' new files again without the rows that are there twice; files without such rows stay."""
    found = [each for day in days for each in find_doubled(job.pipeline.table, day)]
    return [_rewritten(job, some) for some in _batches(found)]


def _batches(found: Iterable[Doubled]) -> Iterator[list[Doubled]]:
    """Files that are rewritten together: no more rows of them stay than memory holds, but a large file is alone."""
    batch: list[Doubled] = []
    rows = 0
    for each in found:
        kept = each.file.rows - len(each.rows)
        if batch and rows + kept > ROW_GROUP_ROWS:
            yield batch
            batch, rows = [], 0
        batch.append(each)
        rows += kept
    if batch:
        yield batch


def _rewritten(job: Job, batch: list[Doubled]) -> Rewritten:
    table = job.pipeline.table
    parts = [
        without(read_file(table, each.file.address), each.rows) for each in batch if len(each.rows) < each.file.rows
    ]
    files = write_partitions(job, table, _joined(parts)) if parts else []
    counts = sum((each.counts for each in batch), Counter[str]())
    return Rewritten([each.file.address for each in batch], files, counts)


def _joined(parts: list[pa.Table]) -> pa.Table:
    """The rows of all parts; text has a dictionary where it has one in any of them."""
    encoded = {
        name for part in parts for name in part.column_names if pa.types.is_dictionary(part.schema.field(name).type)
    }
    return pa.concat_tables(_encoded(part, encoded) for part in parts).unify_dictionaries().combine_chunks()


def _encoded(rows: pa.Table, names: set[str]) -> pa.Table:
    columns = [
        column.dictionary_encode() if name in names and not pa.types.is_dictionary(column.type) else column
        for name, column in zip(rows.column_names, rows.columns, strict=True)
    ]
    return pa.table(columns, names=rows.column_names)
