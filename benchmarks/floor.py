"""The floor: raw files decoded with minimal effort, then the finished table written from memory by the jobs' writer."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from multiprocessing import get_context
from multiprocessing.pool import Pool
from pathlib import Path

import pyarrow as pa

from glue_jobs.ingest.staging.data_files import read_file, write_file
from glue_jobs.sources.pipelines import BY_NAME

_tables: list[pa.Table] = []


@dataclass(frozen=True)
class Reading:
    """The work on each raw file before the table is written; none without files."""

    read: Callable[[Path], object] = str
    files: Sequence[Path] = ()


def write(pipeline: str, lake: Path, reading: Reading, target: Path) -> None:
    """Read the raw files and write every row of the lake's table below ``target``, by as many processes as cores."""
    pools = _pools(pipeline, lake)
    shares = [Reading(reading.read, reading.files[number :: len(pools)]) for number in range(len(pools))]
    writing = [
        pool.apply_async(_write, (pipeline, share, str(target / str(number))))
        for number, (pool, share) in enumerate(zip(pools, shares, strict=True))
    ]
    for each in writing:
        each.get()


@cache
def _pools(pipeline: str, lake: Path) -> list[Pool]:
    """Processes that each hold their share of the lake's rows in memory."""
    paths = sorted(str(path) for path in lake.glob(f"**/{pipeline}/data/**/*.parquet"))
    count = os.cpu_count() or 1
    pools = [get_context("spawn").Pool(1) for _ in range(count)]
    for number, pool in enumerate(pools):
        pool.apply(_load, (pipeline, paths[number::count]))
    return pools


def _load(pipeline: str, paths: list[str]) -> None:
    _tables.extend(read_file(BY_NAME[pipeline].table, path).combine_chunks() for path in paths)


def _write(pipeline: str, reading: Reading, target: str) -> None:
    for path in reading.files:
        reading.read(path)
    for number, rows in enumerate(_tables):
        partition = {"event_date": rows["event_date"][0].as_py()}
        write_file(BY_NAME[pipeline].table, rows, f"{target}/{number}.parquet", partition)
