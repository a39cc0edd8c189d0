"""Rows of log files in Parquet. Many files are small, so files with the same columns are converted together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from glue_jobs.columns.numpy_types import Ints
from glue_jobs.read.framing.log_file import PARQUET
from glue_jobs.read.parsed import MAX_RECORD_BYTES, Rejected

# A few kilobytes of Parquet can hold billions of rows. Deliveries of AWS have some hundred thousand.
MAX_ROWS = 10_000_000
MAX_BYTES = 2**31

# Bytes of unpacked rows that are collected from small files: a file may unpack to a hundred times its size.
MAX_HELD_BYTES = 16 * 2**20


Found = TypeVar("Found")


# Some writers do not mark texts as such, or request string views, which few functions of Arrow support.
_TEXTS = (pa.binary(), pa.large_binary(), pa.binary_view(), pa.string_view())


class UnreadableParquetError(ValueError):
    """A Parquet file that is damaged, or too large for a log; the message says which."""


def read_parquet(data: bytes) -> pa.Table:
    """The rows of the Parquet file in ``data``; line ends may follow the file.

    Raises:
        UnreadableParquetError: it cannot be read.
    """
    return _checked(_unchecked(data))


def _unchecked(data: bytes) -> pa.Table:
    data = data[: data.rfind(PARQUET) + len(PARQUET)]
    try:
        file = pq.ParquetFile(pa.BufferReader(data))
        size = sum(file.metadata.row_group(number).total_byte_size for number in range(file.metadata.num_row_groups))
        if file.metadata.num_rows > MAX_ROWS or size > MAX_BYTES:
            raise ValueError(f"it has {file.metadata.num_rows:,} rows of {size:,} bytes, which is too much for a log")
        return file.read(use_threads=False)
    except (pa.ArrowException, OSError, ValueError) as problem:
        raise UnreadableParquetError(f"the Parquet file cannot be read: {problem}") from problem


def _checked(rows: pa.Table) -> pa.Table:
    """The rows, after checks that ``pyarrow`` omits: unique column names, and texts in UTF-8."""
    if len(set(rows.column_names)) < rows.num_columns:
        raise UnreadableParquetError("the Parquet file cannot be read: it has two columns of one name")
    texts = [field.with_type(pa.string()) if field.type in _TEXTS else field for field in rows.schema]
    try:
        rows = rows.cast(pa.schema(texts))
        # Raises an error for texts that are not UTF-8.
        rows.validate(full=True)
    except pa.ArrowException as problem:
        raise UnreadableParquetError(f"the Parquet file cannot be read: {problem}") from problem
    return rows


class ParquetRows(NamedTuple):
    """Rows of files that have the same columns, the position of each row's file, and each row's number in its file."""

    rows: pa.Table
    positions: Ints
    numbers: Ints


def read_parquet_files(
    data: bytes, places: Iterable[tuple[int, int]], read: Callable[[ParquetRows], Found]
) -> tuple[list[Found], list[Rejected]]:
    """The results of ``read`` for the rows of Parquet files, and one rejected record per file that cannot be read.

    ``places`` are the start and end of each file in ``data``. If ``read`` raises UnreadableParquetError for rows of
    several files, it is called again for each file alone.
    """
    groups: defaultdict[pa.Schema, list[tuple[int, ParquetRows]]] = defaultdict(list)
    found: list[Found] = []
    rejected: list[Rejected] = []
    held = 0

    def reject(start: int, problem: UnreadableParquetError) -> None:
        rejected.append(Rejected(start, str(problem), data[start : min(ends[start], start + MAX_RECORD_BYTES)]))

    def read_group(group: Sequence[tuple[int, ParquetRows]]) -> None:
        try:
            found.append(read(_joined([rows for _, rows in group])))
        except UnreadableParquetError as problem:
            if len(group) == 1:
                reject(group[0][0], problem)
            else:
                for each in group:
                    read_group([each])

    def read_groups() -> None:
        for group in groups.values():
            read_group(group)
        groups.clear()

    ends = dict(places)
    for start, end in ends.items():
        try:
            rows = _unchecked(data[start:end])
        except UnreadableParquetError as problem:
            reject(start, problem)
            continue
        of_file = ParquetRows(rows, np.full(rows.num_rows, start), np.arange(rows.num_rows))
        groups[rows.schema.remove_metadata()].append((start, of_file))
        held += rows.get_total_buffer_size()
        if held > MAX_HELD_BYTES:
            read_groups()
            held = 0
    read_groups()
    return found, rejected


def _joined(files: Sequence[ParquetRows]) -> ParquetRows:
    rows, positions, numbers = zip(*files, strict=True)
    return ParquetRows(_checked(pa.concat_tables(rows)), np.concatenate(positions), np.concatenate(numbers))
