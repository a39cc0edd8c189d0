"""The content of a lake in a form that tests can compare between lakes, and runs that fill a lake."""

from __future__ import annotations

import io
import os
import pickle
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

import glue_jobs.ingest.create_tables
import glue_jobs.workers.engine
from glue_jobs.config import Config
from glue_jobs.ingest.create_tables import create_tables
from glue_jobs.ingest.ingest import ingest
from glue_jobs.ingest.request import IngestRequest, IngestSummary
from glue_jobs.lake import Lake
from glue_jobs.progress import PlainReporter, Reporter, SilentReporter
from glue_jobs.sources.lake_tables import lake_tables, uploaded_tables
from glue_jobs.sources.pipeline import ListedPipeline, Pipeline
from glue_jobs.sources.pipelines import PIPELINES
from glue_jobs.sources.tables import QUERIED_TABLES
from glue_jobs.tables.ingested_object import INGESTED_OBJECT
from glue_jobs.tables.model import Table
from glue_jobs.tables.rejected_record import REJECTED_RECORD
from glue_jobs.workers.spark import session
from tests.end_to_end.sources import Raw

# Columns that may differ between two runs over the same objects.
OF_THE_RUN = {"run_id", "ingested_at", "ingest_date", "ingest_run_id"}

# Addresses are stored as they are.
KEEP = Config.model_validate({"privacy": {"addresses": "keep"}})

Rows = Counter[tuple[tuple[str, Any], ...]]


@dataclass(frozen=True)
class Contents:
    """All that a reader can see in a lake, independent of the runs that wrote it."""

    rows: Rows
    ledger: Rows
    rejected: Rows
    totals: Rows
    changes: Rows

    @property
    def sums(self) -> dict[str, int]:
        """Sums over the ledger."""
        names = ("records", "rows", "rejected", "duplicates", "filtered")
        return {name: sum(dict(row)[name] * count for row, count in self.ledger.items()) for name in names}


def request(raw: Raw, lake: Lake | str, **more: Any) -> IngestRequest:
    """A request to ingest everything below the raw path."""
    return IngestRequest(
        raw.source.pipeline, raw.address, Lake(lake, "usage_lake") if isinstance(lake, str) else lake, **more
    )


def run(raw: Raw, lake: Lake | str, **more: Any) -> IngestSummary:
    """Ingest in this process; nothing is printed."""
    return ingest(request(raw, lake, **more), SilentReporter())


def said(raw: Raw, lake: Lake | str, **more: Any) -> str:
    """Ingest in this process; returns the messages of the run."""
    stream = io.StringIO()
    ingest(request(raw, lake, **more), PlainReporter(stream))
    return stream.getvalue()


def contents(lake: Lake | str, pipeline: Pipeline) -> Contents:
    """The content that a new reader sees now."""
    lake = Lake(lake, "usage_lake") if isinstance(lake, str) else lake
    rows, ledger, rejected = (_rows(lake, table) for table in (pipeline.table, INGESTED_OBJECT, REJECTED_RECORD))
    if isinstance(pipeline, ListedPipeline):
        of_tables = [_rows(lake, table) for table in pipeline.record_tables or uploaded_tables(lake)]
        return Contents(sum(of_tables, Counter()), ledger, rejected, Counter(), rows)
    changes, totals = [_rows(lake, table) for table in pipeline.tables[1:]] or [Counter(), Counter()]
    return Contents(rows, ledger, rejected, totals, changes)


def _rows(lake: Lake, table: Table) -> Rows:
    rows = lake.load(table).rows(tuple(name for name in table.arrow_schema.names if name not in OF_THE_RUN))
    columns = ([(name, _hashable(value)) for value in rows[name].to_pylist()] for name in rows.column_names)
    return Counter(zip(*columns, strict=True))


def _hashable(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def event_numbers(raw: Raw, lake: Lake | str) -> Counter[int]:
    """The numbers of the events that are rows, and how many rows each has."""
    lake = Lake(lake, "usage_lake") if isinstance(lake, str) else lake
    numbers: Counter[int] = Counter()
    (table,) = (each for each in lake_tables(lake) if each.name == raw.source.table.name)
    for row, count in _rows(lake, table).items():
        numbers[raw.source.event_number(dict(row))] += count
    return numbers


def left_over(lake: str) -> list[str]:
    """Files that runs have left in their own folders."""
    return sorted(str(path) for path in Path(lake, "_runs").rglob("*") if path.is_file())


def let_a_day_pass(lake: str, hours: float = 25) -> None:
    """Age the files that runs have left by this time."""
    for path in left_over(lake):
        then = Path(path).stat().st_mtime - hours * 3600
        os.utime(path, (then, then))


def orphans(lake: str) -> set[str]:
    """Data files of a folder lake that no kept snapshot of a table lists."""
    opened = Lake(lake, "usage_lake")
    listed: set[str] = set()
    for folder in Path(lake, "usage_lake").iterdir():
        table = next(table for table in lake_tables(opened) if table.name == folder.name)
        if not opened.has(table):
            # A run was killed while it created the table, and later runs did not need it.
            continue
        loaded = opened.load(table)
        listed |= {file.address for file in loaded.files()}
        # pyiceberg 0.12 cannot show the files of a table that has no manifest.
        with suppress(pa.ArrowInvalid):
            listed |= set(loaded._iceberg.inspect.all_data_files()["file_path"].to_pylist())
    return {str(path) for path in Path(lake, "usage_lake").glob("*/data/**/*.parquet")} - listed


class AsIfOnSpark:
    """Run tasks here, one after another, but planned for two workers and with pickled arguments and results."""

    count = 2

    def run(self, function: Any, items: Any, progress: Any, meanwhile: Any = lambda: None) -> list[Any]:
        meanwhile()
        results = []
        for number, item in enumerate(items, 1):
            results.append(pickle.loads(pickle.dumps(function(pickle.loads(pickle.dumps(item))))))
            progress(number, len(items))
        return results


def create_tables_of_the_source(lake: Lake, pipeline: Pipeline, reporter: Reporter) -> None:
    """Create the tables as the product does, except those that only other sources have."""
    others = {table for each in PIPELINES for table in each.tables} - {*pipeline.tables}
    with pytest.MonkeyPatch.context() as patch:
        tables = [table for table in QUERIED_TABLES if table not in others]
        patch.setattr(glue_jobs.ingest.create_tables, "QUERIED_TABLES", tables)
        create_tables(lake, pipeline, reporter)


def without_spark(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(glue_jobs.workers.engine, "workers_for", lambda _: AsIfOnSpark())


def with_spark(patch: pytest.MonkeyPatch) -> None:
    """Use Spark, however little work a run has."""
    engine = glue_jobs.workers.engine
    patch.setattr(engine, "workers_for", lambda _: engine.OnSpark(session()))
