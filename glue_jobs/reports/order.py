"""One run of the reports, from what was asked for to what is told."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date

from glue_jobs.athena import Athena, AthenaError
from glue_jobs.errors import LakeError
from glue_jobs.lake import Lake
from glue_jobs.pipelines import TABLES
from glue_jobs.progress import Reporter
from glue_jobs.reports.publish import Engine, Published, publish
from glue_jobs.reports.report_set import Report
from glue_jobs.saved_query import VIEWS
from glue_jobs.saved_view import SavedView


@dataclass(frozen=True)
class ReportOrder:
    """Which lake to ask, where to write (a folder or ``s3://bucket/prefix``), as of which day (UTC), and what."""

    lake: Lake
    folder: str
    day: date
    reports: tuple[Report, ...]
    workgroup: str


def report(order: ReportOrder, reporter: Reporter) -> Published:
    """Make the reports; a query that fails costs only its own.

    Raises:
        LakeError: the lake has no table at all, or cannot be read.
        StorageError: the folder cannot be written to.
    """
    lake = order.lake
    # A mistyped address must not publish that nothing is kept.
    if not any(lake.has(table) for table in TABLES):
        raise LakeError(f"there are no tables in database {lake.database} of {lake.location}; ingest something first")
    with _engine(order, reporter) as engine:
        failed = tuple(_make_views(engine)) if isinstance(engine, Athena) else ()
        published = publish(order.reports, engine, order.folder, order.day, reporter)
    return replace(published, failed=(*failed, *published.failed))


@contextmanager
def _engine(order: ReportOrder, reporter: Reporter) -> Iterator[Engine]:
    """Athena for a lake in the Glue Data Catalog, DuckDB for one in a folder."""
    if order.lake.catalog_type == "glue":
        yield Athena(order.lake.database, order.workgroup, reporter)
        return
    # Only a laptop has DuckDB.
    from glue_jobs.local.lake_tables import sources
    from glue_jobs.local.query_engine import QueryEngine

    with QueryEngine(sources(order.lake)) as engine:
        yield engine


def _make_views(athena: Athena) -> Iterator[tuple[str, str]]:
    """Make the saved views, so that there is something to query after the first run; those that fail, and why."""
    for view in SavedView.all():
        try:
            # Without the comment above it, by which Athena's parser of DDL may stumble.
            athena.execute(f"CREATE OR REPLACE VIEW {view.name} AS\n{view.select}")
        except AthenaError as error:
            yield f"{VIEWS}/{view.name}", str(error)
