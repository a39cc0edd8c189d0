"""Publish the public tier: months that were closed since the last run, then the page and the manifest."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from typing import Any

from glue_jobs.config import Privacy
from glue_jobs.progress import Reporter
from glue_jobs.publish.asking import Engine, results
from glue_jobs.publish.page.pages import SUMMARY
from glue_jobs.publish.public.months import PublicMonth, month_files, read_months, write_month
from glue_jobs.publish.public.page import public_pages, public_summary
from glue_jobs.publish.public.suppression import shown_month
from glue_jobs.publish.public.usage import PublicUsage
from glue_jobs.publish.publish import HTML, AsOf, Failures, Published
from glue_jobs.publish.report_set import JSON, Report
from glue_jobs.publish.stale import StaleSource
from glue_jobs.publish.written import Written, write_file
from glue_jobs.query.saved.view import base_tables


def publish_public(
    report: Report,
    engine: Engine,
    folder: str,
    as_of: AsOf,
    privacy: Privacy,
    failed: Failures,
    reporter: Reporter,
    stale: tuple[StaleSource, ...] = (),
    place_sources: tuple[str, ...] = (),
    reader_changes: tuple[str, ...] = (),
) -> Published:
    """Make the months public that were closed since the last run, then write pages, summary and manifest.

    Months that are public stay as they are. The page is drawn from their files and nothing else. A month whose sources
    are stale since before it was closed has to wait: what is missing in it could not be added later.

    Raises:
        StorageError: the folder cannot be read or written to.
    """
    months = {month.first_day: month for month in read_months(folder, report)}
    day = _known_until(report, as_of.day, stale)
    result = next(iter(results(engine, [report.query.as_of(day, as_of.prices)])))
    if result.rows is None:
        failed = (*failed, (report.query.name, result.failure))
    else:
        for month in _closed(report, result.rows.to_pylist(), privacy, place_sources):
            if month.first_day not in months:
                write_month(folder, report, month)
                months[month.first_day] = month
    ordered = [months[first_day] for first_day in sorted(months)]
    reporter.say(f"public months: {len(ordered)}")
    files = [file for month in ordered for file in month_files(folder, report, month)]
    usage = PublicUsage(report, ordered)
    notices = [*(each.sentence for each in stale), *reader_changes]
    latest = [write_file(folder, name, text, HTML) for name, text in public_pages(usage, as_of.day, notices)]
    latest.append(write_file(folder, SUMMARY, public_summary(usage, as_of.day), JSON))
    manifest = _manifest(files, [name for name, _ in failed], [each.sentence for each in stale], usage)
    write_file(folder, f"manifest-{as_of.day:%Y%m%d}.json", manifest, JSON)
    return Published(folder, (*files, *latest), failed, stale, said=usage.said)


def _known_until(report: Report, day: date, stale: Sequence[StaleSource]) -> date:
    """The day, or the earlier one that a stale source of the report was last ingested on."""
    tables = base_tables(report.query.metadata.reads)
    behind = [each.since.date() if each.since else date.min for each in stale if each.source in tables]
    # No month is closed on the first days there are.
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


def _manifest(files: Sequence[Written], failed: Sequence[str], stale: Sequence[str], usage: PublicUsage) -> str:
    hidden = {
        f"{month.first_day:%Y-%m}": {"numbers": month.shown.cells, "share_of_bytes": month.shown.shares}
        for month in usage.months
    }
    content = {"tier": "public", "files": [asdict(file) for file in files], "failed": failed, "stale": stale}
    return json.dumps({**content, "hidden": hidden, "place_sources": usage.place_sources}, indent=2) + "\n"
