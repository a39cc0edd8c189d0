"""Editions of reports with given rows, for tests of the page without a lake."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import pyarrow as pa

from glue_jobs.config import Privacy
from glue_jobs.publish.page.answers import Answer, Answers
from glue_jobs.publish.page.usage import DAYS_BACK, WEEK_DAYS_BACK
from glue_jobs.publish.public.months import PublicMonth
from glue_jobs.publish.public.suppression import shown_month
from glue_jobs.publish.public.usage import PublicUsage
from glue_jobs.publish.report_set import public_report, report_set
from glue_jobs.tables.model import arrow_type

DAY = date(2026, 3, 15)
HOSTILE = ("<script>alert('1')</script>", "\"quoted\" & 'single'", "بيانات المناخ", "🐋 whales \u202e\x1b", "a" * 300)
"""Names that strangers could choose."""

ZERO = {"bigint": 0, "int": 0, "double": 0.0}

REPORTS = {report.query.name: report for report in report_set()}


def edition(rows: Mapping[str, Sequence[Mapping[str, Any]]], failed: Sequence[str] = (), day: date = DAY) -> Answers:
    """An edition in which each query returned the given rows. Missing numbers are 0, other missing values null."""
    return Answers(day, [_answer(name, given, day) for name, given in sorted(rows.items())], failed)


def _answer(name: str, rows: Sequence[Mapping[str, Any]], day: date) -> Answer:
    report = REPORTS[name]
    columns = {
        column.name: pa.array([row.get(column.name, ZERO.get(column.type)) for row in rows], arrow_type(column.type))
        for column in report.query.metadata.returns
    }
    return Answer(report, pa.table(columns), tuple(report.name(form, day) for form in report.forms))


def public_usage(data_sets: Sequence[str]) -> PublicUsage:
    """Three public months with countries, networks, kinds of file and data sets; one of each has a single reader."""
    report = public_report()
    declared = report.query.metadata.public
    assert declared
    kinds = {
        "country": ("country", ["US", "FR", "SG", "IS"]),
        "data set": ("repository", [*data_sets, "nobody's"]),
        "file type": ("extension", ["nc", "csv", "zip"]),
        "network": ("network", ["aws", "other", "gcp"]),
    }
    months = []
    for first_day in (date(2025, 11, 1), date(2026, 1, 1), date(2026, 2, 1)):
        rows = []
        for kind, (column, names) in kinds.items():
            readers = [*(400 - 90 * place for place in range(len(names) - 1)), 1]
            rows += [_public_row(kind, column, name, each) for name, each in zip(names, readers, strict=True)]
        whole = sum(row["readers"] for row in rows if row["breakdown"] == "country")
        # The first row of each breakdown has the rest.
        for kind, (column, names) in kinds.items():
            rest = whole - sum(row["readers"] for row in rows if row["breakdown"] == kind)
            rows = [
                _public_row(kind, column, names[0], row["readers"] + rest) if row[column] == names[0] else row
                for row in rows
            ]
        rows.append(_public_row("total", "account", "(all)", whole))
        shown = shown_month(rows, declared, Privacy())
        months.append(PublicMonth.of(first_day, shown, Privacy(), ["places.mmdb 2026-01"]))
    return PublicUsage(report, months)


def _public_row(kind: str, column: str, name: str, readers: int) -> dict[str, Any]:
    names = dict.fromkeys(("account", "repository", "country", "network", "extension"), "(all)")
    account = {"account": "earth"} if column == "repository" else {}
    numbers = {"downloads": 2 * readers, "downloaders": readers, "bytes_sent": 10**6 * readers, "readers": readers}
    return {"breakdown": kind, **names, **account, column: name, **numbers}


def usage(names: Iterable[tuple[str, str]], days: int, day: date = DAY) -> list[dict[str, Any]]:
    """Rows of access/usage_over_time: ``days`` days up to yesterday; on each, data set number n has 10 * (n + 1)."""
    downloads = {("(all)", "(all)"): 0, **{one: 10 * (place + 1) for place, one in enumerate(names)}}
    downloads["(all)", "(all)"] = sum(downloads.values())
    return [
        row
        for (account, repository), each in downloads.items()
        for grain, first, last, covered in periods(days, day)
        for row in [_row(grain, first, last, account, repository, each * covered)]
    ]


def periods(days: int, day: date) -> list[tuple[str, date, date, int]]:
    """Grain, first and last day, and how many of the days are in it."""
    counted: dict[tuple[str, date], list[date]] = {}
    for back in range(days, 0, -1):
        event_day = day - timedelta(days=back)
        starts = {"month": event_day.replace(day=1)}
        if back <= DAYS_BACK:
            starts["day"] = event_day
        if event_day >= day - timedelta(days=day.weekday() + WEEK_DAYS_BACK):
            starts["week"] = event_day - timedelta(days=event_day.weekday())
        if back <= 56:
            starts["28 days"] = day - timedelta(days=28 if back <= 28 else 56)
        for grain, start in starts.items():
            counted.setdefault((grain, start), []).append(event_day)
    return [(grain, start, found[-1], len(found)) for (grain, start), found in sorted(counted.items())]


def _row(grain: str, first: date, last: date, account: str, repository: str, downloads: int) -> dict[str, Any]:
    numbers = {
        "complete_gets": downloads,
        "served_gets": 2 * downloads,
        "logical_downloads": downloads,
        "bytes_sent": 1_000_000 * downloads,
        "unique_requesters": downloads,
    }
    return {
        "level": "total" if account == "(all)" else "repository",
        "grain": grain,
        "first_day": first,
        "last_day": last,
        "account": account,
        "repository": repository,
        # A tenth more with robots.
        **{name: number + number // 10 for name, number in numbers.items()},
        **{f"audience_{name}": number for name, number in numbers.items()},
    }
