"""Commits of a row or two, for tests of tables with many of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path

import pyarrow as pa
import pytest
from pyiceberg.table import Table as IcebergTable

from glue_jobs.errors import StorageError
from glue_jobs.ingest.staging.data_files import NewFile, write_file
from glue_jobs.lake import Lake, LoadedTable
from glue_jobs.storage import storage_for
from glue_jobs.tables.rejected_record import REJECTED_RECORD
from tests.disturbed import appends_to, failing

DAY = date(2024, 5, 7)


def new_lake(folder: Path) -> Lake:
    lake = Lake(str(folder / "lake"), "usage_lake")
    lake.create(REJECTED_RECORD)
    return lake


def iceberg(lake: Lake) -> IcebergTable:
    return lake._catalog.load_table(f"usage_lake.{REJECTED_RECORD.name}")


def commit(lake: Lake, number: int, files: int = 1) -> list[str]:
    """Add this many files of one row each, as a run does; returns their addresses."""
    loaded = lake.load(REJECTED_RECORD)
    written = [new_file(loaded, number, place) for place in range(files)]
    loaded.append([file.descriptor for file in written], {"number": str(number)})
    storage_for(lake.location).delete(loaded.expired_files)
    return [file.address for file in written]


def new_file(loaded: LoadedTable, number: int, place: int = 0) -> NewFile:
    """An uncommitted file of one row."""
    partition = {"ingest_date": DAY + timedelta(days=number), "source": "s3_access_log"}
    row = {**partition, "object": "a", "position": place, "reason": "why", "record": b"", "run_id": str(number)}
    row["records"] = 1
    rows = pa.Table.from_pylist([row], schema=REJECTED_RECORD.arrow_schema)
    return write_file(REJECTED_RECORD, rows, f"{loaded.location}/data/{number}-{place}.parquet", partition)


@contextmanager
def commits_fail(name: str, after: bool = False) -> Iterator[None]:
    """In the block, a commit to this table fails, or with ``after`` the code after the commit; so does the block."""
    failed = failing(LoadedTable, "append", StorageError("the network is gone"), when=appends_to(name), after=after)
    with failed, pytest.raises(StorageError, match="the network is gone"):
        yield
