"""One run of the reports, from what was asked for to what is told."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date

from glue_jobs.errors import LakeError
from glue_jobs.lake import Lake
from glue_jobs.pipelines import TABLES
from glue_jobs.progress import Reporter
from glue_jobs.reports.publish import Engine, Published, publish
from glue_jobs.reports.report_set import report_set


@dataclass(frozen=True)
class ReportOrder:
    """Which lake to ask, where to write (a folder or ``s3://bucket/prefix``), as of which day (UTC), how in Athena."""

    lake: Lake
    folder: str
    day: date
    workgroup: str


def report(order: ReportOrder, reporter: Reporter) -> Published:
    """Make all reports; a query that fails costs only its own.

    Raises:
        LakeError: the lake has no table at all, or cannot be read.
        StorageError: the folder cannot be written to.
    """
    lake = order.lake
    # A mistyped address must not publish that nothing is kept.
    if not any(lake.has(table) for table in TABLES):
        raise LakeError(f"there are no tables in database {lake.database} of {lake.location}; ingest something first")
    with _engine(order) as engine:
        return publish(report_set(), engine, order.folder, order.day, reporter)


@contextmanager
def _engine(order: ReportOrder) -> Iterator[Engine]:
    # Only a laptop has DuckDB.
    from glue_jobs.local.lake_tables import sources
    from glue_jobs.local.query_engine import QueryEngine

    with QueryEngine(sources(order.lake)) as engine:
        yield engine
