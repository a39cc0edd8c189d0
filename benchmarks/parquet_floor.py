"""The floor: the finished table, parsed and sorted in memory, only written as Parquet by the writer of the jobs."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Self

import pyarrow as pa

from glue_jobs.ingest.data_files import read_file, write_file
from glue_jobs.tables.model import Table

_tables: list[pa.Table] = []


@dataclass(frozen=True)
class Reading:
    """What is done with each raw file before the table is written."""

    read: Callable[[Path], object]
    files: Sequence[Path]


class Writers:
    """As many processes as the jobs use, each with its share of the lake's rows in memory."""

    def __init__(self, table: Table, data_files: Sequence[Path], reading: Reading | None = None) -> None:
        count = os.cpu_count() or 1
        self._table = table
        self._pools = [ProcessPoolExecutor(1, get_context("spawn")) for _ in range(count)]
        self._readings = [reading and Reading(reading.read, reading.files[number::count]) for number in range(count)]
        for number, pool in enumerate(self._pools):
            pool.submit(_load, table, [str(path) for path in data_files[number::count]]).result()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for pool in self._pools:
            pool.shutdown()

    def write(self, target: Path) -> None:
        """Read every raw file if that is asked for, and write every row below ``target``."""
        shares = enumerate(zip(self._pools, self._readings, strict=True))
        written = [
            pool.submit(_write, self._table, str(target / str(number)), reading) for number, (pool, reading) in shares
        ]
        for each in written:
            each.result()


def _load(table: Table, paths: list[str]) -> None:
    _tables.extend(read_file(table, path).combine_chunks() for path in paths)


def _write(table: Table, target: str, reading: Reading | None) -> None:
    if reading:
        for path in reading.files:
            reading.read(path)
    for number, rows in enumerate(_tables):
        write_file(table, rows, f"{target}/{number}.parquet", {"event_date": rows["event_date"][0].as_py()})
