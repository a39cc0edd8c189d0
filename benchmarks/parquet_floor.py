"""The floor: the finished table, parsed and sorted in memory, only written as Parquet by the writer of the jobs."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Self

import pyarrow as pa
import pyarrow.parquet as pq

from glue_jobs.data_files import with_schema, write_file
from glue_jobs.sources.access_log_parser.values import DISTINCT
from glue_jobs.tables.s3_access_log import S3_ACCESS_LOG

_tables: list[pa.Table] = []


class Writers:
    """As many processes as the jobs use, each with its share of the lake's rows in memory."""

    def __init__(self, data_files: Sequence[Path]) -> None:
        count = os.cpu_count() or 1
        self._pools = [ProcessPoolExecutor(1, get_context("spawn")) for _ in range(count)]
        for number, pool in enumerate(self._pools):
            pool.submit(_load, [str(path) for path in data_files[number::count]]).result()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for pool in self._pools:
            pool.shutdown()

    def write(self, target: Path) -> None:
        """Write every row below ``target``."""
        for written in [pool.submit(_write, str(target / str(number))) for number, pool in enumerate(self._pools)]:
            written.result()


def _load(paths: list[str]) -> None:
    texts = [field.name for field in S3_ACCESS_LOG.arrow_schema if field.type == pa.string()]
    repeated = [name for name in texts if name not in DISTINCT]
    for path in paths:
        rows = pq.ParquetFile(path, read_dictionary=repeated).read()
        _tables.append(with_schema(S3_ACCESS_LOG, rows.unify_dictionaries().combine_chunks()))


def _write(target: str) -> None:
    for number, rows in enumerate(_tables):
        write_file(S3_ACCESS_LOG, rows, f"{target}/{number}.parquet", {"event_date": rows["event_date"][0].as_py()})
