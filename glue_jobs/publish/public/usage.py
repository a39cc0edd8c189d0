"""The rows of the public files, from which the page of the public tier is drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

from glue_jobs.publish.page import words
from glue_jobs.publish.page.answers import Answer, Answers
from glue_jobs.publish.page.usage import starts
from glue_jobs.publish.public.months import PublicMonth, file_name
from glue_jobs.publish.public.suppression import BYTES, OTHER, WHOLE
from glue_jobs.publish.report_set import AS_CSV, AS_JSON, Report

DOWNLOADS, READERS = "downloads", "readers"
COUNTS = (DOWNLOADS, BYTES, READERS)
NAMES = {
    WHOLE: (),
    "data set": ("account", "repository"),
    "country": ("country",),
    "network": ("network",),
    "file type": ("extension",),
}
"""The columns that name the rows of each breakdown."""

WHEN = "a month in which somebody read is published from the 8th day after its end"

Name = tuple[str, ...]


def known(value: Any) -> int:
    """The number if it is public, or 0 if it is hidden."""
    return value if isinstance(value, int) else 0


@dataclass(frozen=True)
class PublicUsage:
    """The months that are public, the oldest first."""

    report: Report
    months: Sequence[PublicMonth]

    @cached_property
    def rows(self) -> dict[str, dict[Name, dict[date, dict[str, Any]]]]:
        """The rows by breakdown, name and month."""
        found: dict[str, dict[Name, dict[date, dict[str, Any]]]] = {breakdown: {} for breakdown in NAMES}
        for month in self.months:
            for row in month.shown.rows:
                columns = NAMES.get(row["breakdown"])
                if columns is not None:
                    name = tuple(row[column] for column in columns)
                    found[row["breakdown"]].setdefault(name, {})[month.first_day] = row
        return found

    @cached_property
    def starts(self) -> list[date]:
        """The first days of the months from the first to the last, without gaps."""
        return starts("month", self.months[0].first_day, self.months[-1].first_day) if self.months else []

    def values(self, breakdown: str, name: Name, count: str) -> list[int]:
        """One number for each month of `starts`: 0 if it is hidden or missing."""
        rows = self.rows[breakdown].get(name, {})
        return [known(rows[start][count]) if start in rows else 0 for start in self.starts]

    def ranked(self, breakdown: str) -> list[tuple[Name, int]]:
        """The names with downloads in any month, and their sums: the largest first, hidden rows last."""
        sums = {name: sum(self.values(breakdown, name, DOWNLOADS)) for name in self.rows[breakdown]}
        return sorted(
            ((name, total) for name, total in sums.items() if total),
            key=lambda pair: (OTHER in pair[0], -pair[1], pair[0]),
        )

    @property
    def period(self) -> str:
        """The months in words: October 2025 – March 2026."""
        first, last = map(words.month, (self.starts[0], self.starts[-1]))
        return first if first == last else f"{first} \N{EN DASH}{words.NO_BREAK}{last}"

    @cached_property
    def place_sources(self) -> tuple[str, ...]:
        """The databases and files from which the places of readers were determined, over all months."""
        return tuple(sorted({source for month in self.months for source in month.place_sources}))

    @cached_property
    def summary(self) -> str:
        """A sentence on how much is hidden."""
        if not self.months:
            return f"no month is public yet: {WHEN}"
        numbers = sum(month.shown.cells for month in self.months)
        most = max((share for month in self.months for share in month.shown.shares.values()), default=0.0)
        count = f"{words.plural(len(self.months), 'month')} {'is' if len(self.months) == 1 else 'are'} public"
        hidden = f"{words.plural(numbers, 'number')} of few readers hidden"
        return f"{count}, {hidden}, at most {words.share(most, 1)} of the bytes of a month"

    def files(self, month: PublicMonth) -> tuple[str, ...]:
        """The names of the files of a month."""
        return tuple(file_name(self.report, month, form) for form in (AS_CSV, AS_JSON))

    def answers(self, day: date, notices: Sequence[str], root: str = "") -> Answers:
        """The newest month for the parts of the page that name files and sources."""
        if not self.months:
            return Answers(day, (), notices=notices)
        answer = Answer(self.report, self.months[-1].table, self.files(self.months[-1]))
        return Answers(day, (answer,), notices=notices, place_sources=self.place_sources, root=root)
