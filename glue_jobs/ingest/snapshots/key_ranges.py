"""Two snapshots cut into ranges of keys, each read by one task: from the bounds that data files have of their keys."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import groupby

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from glue_jobs.columns.arrays import with_dictionaries
from glue_jobs.ingest.data_files import columns_of
from glue_jobs.storage import storage_for
from glue_jobs.tables.model import Table

# Ends of files read at a time.
READS = 16

KEY = "key"


@dataclass(frozen=True)
class RowGroup:
    """A row group of a data file: its number, bytes in memory, and the first and last of its keys, None if unknown."""

    address: str
    number: int
    size: int
    first: str | None
    last: str | None

    def touches(self, low: str, high: str | None) -> bool:
        """Whether keys from ``low`` on and below ``high`` may be in it."""
        return (self.last is None or self.last >= low) and (high is None or self.first is None or self.first < high)

    def is_within(self, low: str, high: str | None) -> bool:
        """Whether it has no others."""
        if self.first is None or self.last is None:
            return False
        return self.first >= low and (high is None or self.last < high)


@dataclass(frozen=True)
class KeyRange:
    """The row groups of both snapshots with keys from ``low`` on and below ``high`` (None: to the end)."""

    low: str
    high: str | None
    before: tuple[RowGroup, ...]
    after: tuple[RowGroup, ...]

    def __len__(self) -> int:
        return sum(group.size for group in (*self.before, *self.after))


def row_groups(addresses: Sequence[str], columns: Sequence[str]) -> list[RowGroup]:
    """Those of the data files; what counts as their size are these columns.

    Raises:
        StorageError, OSError, pa.ArrowException: a file cannot be read.
    """
    with ThreadPoolExecutor(READS) as pool:
        return [group for some in pool.map(partial(_of_file, columns), addresses) for group in some]


def _of_file(columns: Sequence[str], address: str) -> list[RowGroup]:
    with storage_for(address).open(address) as source:
        metadata = pq.read_metadata(source)
    found = []
    for number in range(metadata.num_row_groups):
        group = metadata.row_group(number)
        chunks = {chunk.path_in_schema: chunk for chunk in map(group.column, range(group.num_columns))}
        size = sum(chunks[name].total_uncompressed_size for name in columns if name in chunks)
        bounds = chunks[KEY].statistics
        first, last = (bounds.min, bounds.max) if bounds is not None and bounds.has_min_max else (None, None)
        found.append(RowGroup(address, number, size, first, last))
    return found


def key_ranges(before: Sequence[RowGroup], after: Sequence[RowGroup], most: int) -> Iterator[KeyRange]:
    """Ranges of about ``most`` bytes, both snapshots together, that are all of them."""
    cuts = [*_cuts((*before, *after), most), None]
    low = ""
    for high in cuts:
        some = [tuple(group for group in side if group.touches(low, high)) for side in (before, after)]
        yield KeyRange(low, high, *some)
        low = high or ""


def _cuts(groups: Iterable[RowGroup], most: int) -> Iterator[str]:
    low, size = "", 0
    for first, more in sorted((group.first or "", group.size) for group in groups):
        if size and size + more > most and first > low:
            yield first
            low, size = first, 0
        size += more


def read_range(
    table: Table, groups: Iterable[RowGroup], low: str, high: str | None, columns: Sequence[str], encoded: Sequence[str]
) -> pa.Table:
    """These columns of the rows whose key is in the range, those that are ``encoded`` with a dictionary."""
    # Files that follow each other are read in the order of their keys.
    ordered = sorted(groups, key=lambda group: group.first or "")
    parts = [table.arrow_schema.empty_table().select(columns)]
    for (address, whole), some in groupby(ordered, lambda group: (group.address, group.is_within(low, high))):
        numbers = [group.number for group in some]
        with storage_for(address).open(address) as source:
            metadata = pq.read_metadata(source)
            # A file has only columns with values.
            names = set(metadata.schema.to_arrow_schema().names)
            present = [name for name in columns if name in names]
            dictionaries = [name for name in encoded if name in present]
            file = pq.ParquetFile(source, metadata=metadata, read_dictionary=dictionaries)
            rows = columns_of(table, file.read_row_groups(numbers, columns=present, use_threads=False), columns)
        parts.append(rows if whole else rows.filter(_within(rows[KEY], low, high)))
    return pa.concat_tables(with_dictionaries(part, encoded) for part in parts)


def _within(keys: pa.ChunkedArray, low: str, high: str | None) -> pa.ChunkedArray:
    found = pc.greater_equal(keys, low)
    return found if high is None else pc.and_(found, pc.less(keys, high))
