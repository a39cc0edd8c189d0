"""Data files are read in groups, so that what is in memory does not grow with the number of files."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from glue_jobs.lake.table.file_groups import MAX_BYTES_TOGETHER, _groups


def test_small_files_are_read_together_and_large_ones_alone() -> None:
    half, whole = MAX_BYTES_TOGETHER // 2, MAX_BYTES_TOGETHER
    sizes = [half, half, 1, 2 * whole, 1, 1]
    tasks: Any = [SimpleNamespace(file=SimpleNamespace(file_size_in_bytes=size)) for size in sizes]
    groups = [[task.file.file_size_in_bytes for task in group] for group in _groups(tasks)]
    assert groups == [[half, half], [1], [2 * whole], [1, 1]]
