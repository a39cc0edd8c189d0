"""Merge the small files of a day: with each run, late records add a file to it, and many files are slow to read.

A run compacts the days that it adds rows to in the commit that adds them; `old_days` compacts the others. Compaction
replaces files and never changes rows. Its rules and bounds: docs/decisions/0032-compaction-and-orphans.md.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import accumulate
from typing import TYPE_CHECKING, Any, TypeVar

from glue_jobs.columns.arrays import concat_rows
from glue_jobs.ingest.staging.change import Change
from glue_jobs.ingest.staging.data_files import NewFile, read_file
from glue_jobs.ingest.staging.task_context import TaskContext, write_partitions
from glue_jobs.progress import Reporter
from glue_jobs.sources.pipeline import EventPipeline, Pipeline
from glue_jobs.tables.model import Table, leaf_ids
from glue_jobs.workers import engine

if TYPE_CHECKING:
    from glue_jobs.lake import LoadedTable, StoredFile

Result = TypeVar("Result")

# A partition is compacted when it has this many small files.
MIN_FILES = 8
MAX_SMALL_FILE_BYTES = 8 * 2**20

# Rows take about ten times as many bytes in memory as in a compressed data file.
MAX_BYTES_PER_FILE = 32 * 2**20
MAX_BYTES_PER_RUN = 256 * 2**20

# On S3, reading a small file takes as long as some hundred kilobytes of a large one.
MAX_FILES_PER_RUN = 1_000

# Merging this many bytes of data files takes about as long as ingesting as many raw ones.
RAW_BYTES_PER_BYTE = 4


@dataclass
class Budget:
    """The number of files and bytes that may still be merged; ``is_exhausted`` if some have to wait for another run."""

    files: int = field(default_factory=lambda: MAX_FILES_PER_RUN)
    bytes: int = field(default_factory=lambda: MAX_BYTES_PER_RUN)
    is_exhausted: bool = False


def compact_days(
    context: TaskContext[EventPipeline], rows: LoadedTable, new: Iterable[NewFile], reporter: Reporter
) -> Change:
    """Merge the stored small files of each day of the ``new`` files, if stored and new ones are at least MIN_FILES.

    Raises:
        UsageLakeError: a file cannot be read or written.
    """
    table = context.pipeline.table
    column, *_ = table.partitions
    added: Counter[tuple[Any, ...]] = Counter()
    for file in new:
        added[file.partition[column],] += is_small(file.descriptor.file_size_in_bytes)
    days = [day for (day,) in added]
    stored = rows.files(**{column: days}) if days and can_merge(rows) else []
    groups = [*small_files(own_files(rows, stored), added, Budget())]
    if not groups:
        return Change([])
    results = run_merges(partial(merge_files, context, table), groups, "compacting small files", reporter)
    return Change([file for result in results for file in result], [file for group in groups for file in group])


def can_merge(stored: LoadedTable) -> bool:
    """Whether the table has exactly the declared columns. Merging would lose the values of others, e.g. newer ones."""
    declared = {number for column in stored.table.columns for number in leaf_ids(column)}
    return stored.has_declared_columns and stored.last_field_id <= max(declared)


def own_files(rows: LoadedTable, stored: Iterable[StoredFile]) -> Iterator[StoredFile]:
    """The files in the table's folder. Other programs may write elsewhere, where a run neither reads nor deletes."""
    return (file for file in stored if file.address.startswith(f"{rows.location}/"))


def run_merges(
    merge: Callable[[list[str]], Result], groups: Sequence[list[StoredFile]], title: str, reporter: Reporter
) -> list[Result]:
    """Call ``merge`` in workers with the addresses of each group's files; results come in the order of groups."""
    size = sum(file.size for group in groups for file in group)
    addresses = [[file.address for file in group] for group in groups]
    with reporter.progress(title) as progress:
        return engine.workers_for(size * RAW_BYTES_PER_BYTE).run(merge, addresses, progress)


def merge_files(context: TaskContext[Pipeline], table: Table, addresses: Sequence[str]) -> list[NewFile]:
    """Write the rows of the files to one new file for each partition."""
    return write_partitions(context, table, concat_rows([read_file(table, address) for address in addresses]))


def small_files(
    stored: Iterable[StoredFile], new: Mapping[tuple[Any, ...], int], budget: Budget
) -> Iterator[list[StoredFile]]:
    """Groups of files to merge: the small files of partitions with enough of them, the worst partitions first.

    ``new`` has the number of small files that each partition is about to get; these count towards the minimum. Each
    group becomes one file, so a partition is merged again only after it has got as many more.
    """
    by_partition: defaultdict[tuple[Any, ...], list[StoredFile]] = defaultdict(list)
    for file in stored:
        # A file with a delete file still contains the deleted rows; merging would bring them back.
        if not file.has_deletes and is_small(file.size):
            by_partition[file.partition].append(file)
    for partition in sorted(by_partition, key=lambda each: (-len(by_partition[each]), *map(str, each))):
        left = sorted(by_partition[partition], key=lambda file: (file.size, file.address))
        enough = max(MIN_FILES - new.get(partition, 0), 2)
        while len(group := left[: _fitting(left, MAX_BYTES_PER_FILE)]) >= enough:
            affordable = group[: min(_fitting(group, budget.bytes), budget.files)]
            if len(affordable) < len(group):
                budget.is_exhausted = True
            if len(affordable) < enough:
                return
            budget.files -= len(affordable)
            budget.bytes -= sum(file.size for file in affordable)
            yield affordable
            left, enough = left[len(affordable) :], MIN_FILES


def is_small(size: int) -> bool:
    """Whether a data file of this many bytes is small enough to be merged with others."""
    return size <= MAX_SMALL_FILE_BYTES


def _fitting(files: Iterable[StoredFile], size: int) -> int:
    """The number of files, counted from the first, that together have at most ``size`` bytes."""
    return sum(total <= size for total in accumulate(file.size for file in files))
