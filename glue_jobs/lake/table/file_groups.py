"""Read data files of a table in groups: small files concurrently, large files one after the other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pyarrow as pa
from pyiceberg.table import DataScan, FileScanTask, _to_arrow_batch_reader_via_file_scan_tasks

# In memory, rows take several times the bytes of their files.
MAX_BYTES_TOGETHER = 64 * 2**20


def batches_of(scan: DataScan, tasks: Iterable[FileScanTask]) -> Iterator[pa.Table]:
    """The rows that a scan finds in files, in batches. pyiceberg alone would read all files at once."""
    for some in _groups(tasks):
        for batch in _to_arrow_batch_reader_via_file_scan_tasks(scan, scan.projection(), some):
            yield pa.Table.from_batches([batch])


def _groups(tasks: Iterable[FileScanTask]) -> Iterator[list[FileScanTask]]:
    some: list[FileScanTask] = []
    size = 0
    for task in tasks:
        if some and size + task.file.file_size_in_bytes > MAX_BYTES_TOGETHER:
            yield some
            some, size = [], 0
        some.append(task)
        size += task.file.file_size_in_bytes
    if some:
        yield some
