"""Publish the public tier: months that were closed since the last run, then the page and the manifest."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from typing import Any

from glue_jobs.config import Privacy
from glue_jobs.progress import Reporter
from glue_jobs.publish.engine import Engine, results
from glue_jobs.publish.page.pages import SUMMARY
from glue_jobs.publish.public.months import PublicMonth, month_files, read_months, write_month
from glue_jobs.publish.public.page import public_pages, public_summary
from glue_jobs.publish.public.suppression import shown_month
from glue_jobs.publish.public.usage import PublicUsage
from glue_jobs.publish.publish import Edition, Failures, Published, write_manifest
from glue_jobs.publish.published_file import HTML, JSON, write_file
from glue_jobs.publish.report_set import Report
from glue_jobs.publish.stale import StaleSource
from glue_jobs.query.saved.view import base_tables


def publish_public(
    report: Report, engine: Engine, folder: str, edition: Edition, privacy: Privacy, reporter: Reporter
) -> Published:
    """Publish the months that were closed since the last run, then write pages, summary and manifest.

    Published months do not change. The page is drawn from their files and nothing else. A month waits if one of its
    sources has been stale since before the month closed, because missing data could not be added later.

    Raises:
        StorageError: the folder cannot be read or written to.
    """
    months = {month.first_day: month for month in read_months(folder, report)}
    day = _known_until(report, edition.day, edition.stale)
    failed: Failures = edition.failed
    result = next(iter(results(engine, [report.query.as_of(day, edition.prices)])))
    if result.rows is None:
        failed = (*failed, (report.query.name, result.failure))
    else:
        for month in _closed(report, result.rows.to_pylist(), privacy, edition.place_sources):
            if month.first_day not in months:
                write_month(folder, report, month)
                months[month.first_day] = month
    ordered = [months[first_day] for first_day in sorted(months)]
    reporter.say(f"public months: {len(ordered)}")
    files = [file for month in ordered for file in month_files(folder, report, month)]
    usage = PublicUsage(report, ordered)
    pages = public_pages(usage, edition.day, edition.notices)
    latest = [write_file(folder, name, text, HTML) for name, text in pages]
    latest.append(write_file(folder, SUMMARY, public_summary(usage, edition.day), JSON))
    write_manifest(
        folder,
        edition.day,
        tier="public",
        files=[asdict(file) for file in files],
        failed=[name for name, _ in failed],
        stale=edition.stale_sentences,
        hidden={
            f"{month.first_day:%Y-%m}": {"numbers": month.shown.cells, "share_of_bytes": month.shown.shares}
            for month in usage.months
        },
        place_sources=usage.place_sources,
    )
    return Published(folder, (*files, *latest), failed, edition.stale, remark=usage.summary)


def _known_until(report: Report, day: date, stale: Sequence[StaleSource]) -> date:
    """The day, or the earlier day on which a stale source of the report was last ingested."""
    tables = base_tables(report.query.metadata.reads)
    behind = [each.since.date() if each.since else date.min for each in stale if each.source in tables]
    # This day is before any log, so no month is closed by it.
    return max(min([day, *behind]), date(1971, 1, 1))


def _closed(
    report: Report, rows: Sequence[dict[str, Any]], privacy: Privacy, place_sources: Sequence[str]
) -> list[PublicMonth]:
    declared = report.query.metadata.public
    assert declared is not None
    by_month: defaultdict[date, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        by_month[row[declared.period]].append(row)
    return [
        PublicMonth.of(first_day, shown_month(of_month, declared, privacy), privacy, place_sources)
        for first_day, of_month in sorted(by_month.items())
    ]
