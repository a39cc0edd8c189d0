"""Small files of a day become one: late records add a file to a day with each run, and many files are slow to read.

A run compacts only days that it adds rows to, and not more than MAX_BYTES_PER_RUN of them. The rows stay the same, and
the commit that adds the run's rows replaces the files.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from typing import TYPE_CHECKING, Any

from glue_jobs.columns.arrays import concat_rows
from glue_jobs.ingest.data_files import NewFile, read_file
from glue_jobs.ingest.task_context import TaskContext, write_partitions
from glue_jobs.progress import Reporter
from glue_jobs.sources.pipeline import EventPipeline
from glue_jobs.workers import engine

if TYPE_CHECKING:
    from glue_jobs.lake import LoadedTable, StoredFile

# A day is compacted when it has this many small files.
MIN_FILES = 8
MAX_SMALL_FILE_BYTES = 8 * 2**20

# What is compressed in a data file takes about ten times as many bytes in memory.
MAX_BYTES_PER_DAY = 32 * 2**20
MAX_BYTES_PER_RUN = 256 * 2**20

# Merging this many bytes of data files takes about as long as ingesting as many raw ones.
RAW_BYTES_PER_BYTE = 4


@dataclass(frozen=True)
class Compaction:
    """New files, and the stored ones whose rows they have."""

    files: list[NewFile] = field(default_factory=list)
    removed: list[StoredFile] = field(default_factory=list)

    @property
    def rows(self) -> int:
        """The number of rows that only move from file to file."""
        return sum(file.rows for file in self.removed)


def compact_days(
    context: TaskContext[EventPipeline], rows: LoadedTable, days: set[date], reporter: Reporter
) -> Compaction:
    """Merge the small files of those of the days that have many.

    Raises:
        UsageLakeError: a file cannot be read or written.
    """
    table = context.pipeline.table
    stored = rows.files(**{table.partitions[0]: days}) if days and rows.has_declared_columns else []
    # Other programs may write elsewhere, where a run neither reads nor deletes.
    groups = [*small_files(file for file in stored if file.address.startswith(f"{rows.location}/"))]
    if not groups:
        return Compaction()
    total = sum(_size(file) for group in groups for file in group)
    with reporter.progress("compacting small files") as progress:
        workers = engine.workers_for(total * RAW_BYTES_PER_BYTE)
        addresses = [[file.address for file in group] for group in groups]
        results = workers.run(partial(merge_files, context), addresses, progress)
    return Compaction([file for result in results for file in result], [file for group in groups for file in group])


def merge_files(context: TaskContext[EventPipeline], addresses: list[str]) -> list[NewFile]:
    """Write the rows of the files to one new file for each partition."""
    table = context.pipeline.table
    return write_partitions(context, table, concat_rows([read_file(table, address) for address in addresses]))


def small_files(stored: Iterable[StoredFile]) -> Iterator[list[StoredFile]]:
    """Files to merge: the small ones of each day that has enough of them, in the order of days."""
    by_day: defaultdict[Any, list[StoredFile]] = defaultdict(list)
    for file in stored:
        # The file still contains the rows that its delete file removes; merging would bring them back.
        if not file.has_deletes and _size(file) <= MAX_SMALL_FILE_BYTES:
            by_day[file.partition].append(file)
    left = MAX_BYTES_PER_RUN
    for day in sorted(by_day):
        group: list[StoredFile] = []
        room = min(MAX_BYTES_PER_DAY, left)
        for file in sorted(by_day[day], key=lambda file: (_size(file), file.address)):
            if _size(file) <= room:
                group.append(file)
                room -= _size(file)
        if len(group) >= MIN_FILES:
            left -= sum(map(_size, group))
            yield group


def _size(file: StoredFile) -> int:
    return int(file.descriptor.file_size_in_bytes)
