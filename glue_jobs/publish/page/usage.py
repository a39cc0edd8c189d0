"""Downloads, bytes and readers of all data sets, from the query access/usage_over_time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

from glue_jobs.publish.page import words
from glue_jobs.publish.page.answers import EVERYTHING, Answers, DataSet, Row
from glue_jobs.publish.page.charts.time_chart import Period

USAGE = "access/usage_over_time"
# How many days the query goes back from today, and from the first day of this week.
DAYS_BACK, WEEK_DAYS_BACK = 91, 728
GRAINS = ("day", "week", "month")
DOWNLOADS, BYTES, READERS = "logical_downloads", "bytes_sent", "unique_requesters"
MEASURES = (DOWNLOADS, BYTES, READERS)
AUDIENCE = "audience_"
"""Prefix of the columns without robots and the publisher's own traffic."""
WINDOW = timedelta(days=28)


@dataclass(frozen=True)
class Window:
    """The last 28 complete days and the 28 before; ``before`` is None where logs do not reach back so far."""

    first: date
    last: date
    now: Row
    before: Row | None

    def value(self, column: str) -> int:
        """A number of the last 28 days, without robots and own traffic."""
        return int(self.now.get(AUDIENCE + column, 0))

    def value_before(self, column: str) -> int | None:
        """The same number of the 28 days before."""
        return None if self.before is None else int(self.before.get(AUDIENCE + column, 0))


class Usage:
    """The rows of the query by data set and period. Periods without a row have zeros."""

    def __init__(self, answers: Answers) -> None:
        self._yesterday = answers.day - timedelta(days=1)
        self._rows: dict[DataSet, dict[tuple[str, date], Row]] = {}
        for row in answers.rows(USAGE):
            self._rows.setdefault(DataSet.of(row), {})[row["grain"], row["first_day"]] = row

    def __bool__(self) -> bool:
        return bool(self._rows)

    @cached_property
    def first_day(self) -> date | None:
        """The first day on which data was served; if that is over 91 days ago, the first day of its month."""
        days, months = self._first_days("day"), self._first_days("month")
        if days and months and min(months) >= min(days).replace(day=1):
            return min(days)
        return min(months, default=None)

    @cached_property
    def newest(self) -> str:
        """The last day on which data was served, in words; if that is over 91 days ago, its month."""
        days, months = self._first_days("day"), self._first_days("month")
        return words.day(max(days)) if days else words.month(max(months)) if months else ""

    def _first_days(self, grain: str) -> list[date]:
        """The first day of each period of one length in which data was served."""
        return [day for kind, day in self._rows.get(EVERYTHING, {}) if kind == grain]

    @cached_property
    def data_sets(self) -> list[DataSet]:
        """All data sets, those with most downloads in the last 28 days first."""
        return sorted(self._rows.keys() - {EVERYTHING}, key=lambda one: (-self.window(one).value(DOWNLOADS), one))

    def window(self, scope: DataSet) -> Window:
        """Usage in the last 28 days and in the 28 days before."""
        rows, first = self._rows.get(scope, {}), self._yesterday - WINDOW + timedelta(days=1)
        reaches_back = self.first_day is not None and self.first_day <= first - WINDOW
        before = rows.get(("28 days", first - WINDOW), {}) if reaches_back else None
        return Window(first, self._yesterday, rows.get(("28 days", first), {}), before)

    @cached_property
    def starts(self) -> dict[str, list[date]]:
        """The first days of all periods, without gaps, for each grain."""
        found: dict[str, list[date]] = {}
        today = self._yesterday + timedelta(days=1)
        # If the logs reach back further than the query, its periods before the first read are known to be empty.
        week = today - timedelta(days=today.weekday())
        looked_at = {"day": today - timedelta(days=DAYS_BACK), "week": week - timedelta(days=WEEK_DAYS_BACK)}
        for grain in GRAINS:
            days = self._first_days(grain)
            if days and self.first_day and self.first_day < looked_at.get(grain, self.first_day):
                days.append(looked_at[grain])
            found[grain] = starts(grain, min(days), self._yesterday) if days else []
        return found

    @cached_property
    def periods(self) -> dict[str, list[Period]]:
        """The periods of :attr:`starts` with their names."""
        return {
            grain: [period_from(grain, start, self._yesterday) for start in starts]
            for grain, starts in self.starts.items()
        }

    def values(self, scope: DataSet, grain: str, column: str) -> list[int]:
        """One number for each of the periods."""
        rows = self._rows.get(scope, {})
        return [int(row[column]) if (row := rows.get((grain, start))) else 0 for start in self.starts[grain]]

    @property
    def best_grain(self) -> str:
        """The grain that shows the whole time with a legible number of bars."""
        counts = {grain: len(starts) for grain, starts in self.starts.items()}
        # Reads of long ago have no rows by day, or none by week either.
        if counts["day"] and counts["week"] <= 14:
            return "day"
        return "week" if counts["week"] and counts["month"] <= 25 else "month"


def period_from(grain: str, start: date, yesterday: date) -> Period:
    """The named period that begins on ``start``; it is complete if it ended by ``yesterday``."""
    end = next_start(grain, start) - timedelta(days=1)
    is_complete, last = end <= yesterday, min(end, yesterday)
    if grain == "month":
        name, label = f"{start:%B %Y}", words.short_month(start)
    else:
        name, label = words.days(start, last), words.short_day(start)
    return Period(name if is_complete else f"{name} (under way)", label, is_complete)


def starts(grain: str, first: date, last: date) -> list[date]:
    """The first days of all periods from the one that begins on ``first`` to the one that contains ``last``."""
    found = []
    while first <= last:
        found.append(first)
        first = next_start(grain, first)
    return found


def next_start(grain: str, start: date) -> date:
    """The first day of the period after the one that begins on ``start``."""
    if grain == "month":
        return (start.replace(day=1) + timedelta(days=31)).replace(day=1)
    return start + timedelta(days=1 if grain == "day" else 7)
