"""The results that the page is drawn from: each is also a published file."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from hashlib import sha256
from typing import Any

import pyarrow as pa

from glue_jobs.publish.report_set import Report
from glue_jobs.query.answer import records

Row = dict[str, Any]

ALL, NONE, NOTHING = "(all)", "(none)", "(nothing there)"

# Columns derived from address databases, whose licences require attribution.
PLACE_COLUMNS = frozenset({"country", "place", "network"})

# Every query on events states its period in the comment at its top.
_PERIOD = re.compile(r"^-- Period: (.+)$", re.MULTILINE)

# Names of at most 60 characters without two separators in a row, so that each pair of names has a page of its own.
_PLAIN = re.compile(r"(?=.{1,60}$)[a-z0-9]+(?:[._-][a-z0-9]+)*")


@dataclass(frozen=True, order=True)
class DataSet:
    """One data set, or all of them."""

    account: str
    repository: str

    @classmethod
    def of(cls, row: Row) -> DataSet:
        """The data set that a row of an answer is about."""
        return cls(row["account"], row["repository"])

    @property
    def label(self) -> str:
        """The name people read."""
        if self.account == ALL:
            return "All data sets"
        if self.account == NOTHING:
            return "(keys that are not there)"
        account = "" if self.account == NONE else f"{self.account} / "
        return f"{account}{'(no data set)' if self.repository == NONE else self.repository}"

    @property
    def page(self) -> str:
        """The page of the data set, relative to the main page. Names unsuitable for a file get a checksum."""
        parts = [self.account, self.repository]
        if not all(map(_PLAIN.fullmatch, parts)):
            slugs = [re.sub(r"[^a-z0-9]+", "-", part.lower()).strip("-")[:40] or "x" for part in parts]
            parts = [*slugs, sha256("\0".join(parts).encode()).hexdigest()[:8]]
        return f"datasets/{'--'.join(parts)}.html"


EVERYTHING = DataSet(ALL, ALL)


@dataclass(frozen=True)
class Answer:
    """The result of one report, and the names of its files relative to the page."""

    report: Report
    table: pa.Table
    files: tuple[str, ...]

    @cached_property
    def rows(self) -> list[Row]:
        """The rows in the order of the query; the keys are its columns."""
        names = self.table.column_names
        return [dict(zip(names, record, strict=True)) for record in records(self.table)]

    @cached_property
    def by_data_set(self) -> dict[DataSet, list[Row]]:
        """The rows by account and repository, for queries with both columns."""
        groups: dict[DataSet, list[Row]] = {}
        for row in self.rows:
            groups.setdefault(DataSet.of(row), []).append(row)
        return groups

    def sums(self, key: str, columns: tuple[str, ...]) -> dict[DataSet, list[Row]]:
        """Sums of ``columns`` over the rows that have the same account, repository and ``key``, such as months."""
        groups = self._sums.setdefault((key, columns), {})
        if not groups:
            keys = ["account", "repository", key]
            sums = self.table.group_by(keys).aggregate([(column, "sum") for column in columns])
            for row in sums.rename_columns([*keys, *columns]).to_pylist():
                groups.setdefault(DataSet.of(row), []).append(row)
        return groups

    @cached_property
    def _sums(self) -> dict[tuple[str, tuple[str, ...]], dict[DataSet, list[Row]]]:
        return {}


@dataclass(frozen=True)
class Answers:
    """All results of one day; ``failed`` names the queries without a result, ``notices`` are at the top of the page.

    ``place_sources`` are the databases and files from which the places of readers were determined. ``section_notes``
    has sentences for the sections of the main page, by the query whose answer they show.
    """

    day: date
    answers: Sequence[Answer]
    failed: Sequence[str] = ()
    notices: Sequence[str] = ()
    place_sources: Sequence[str] = ()
    section_notes: Mapping[str, Sequence[str]] = field(default_factory=dict)
    # From the page to the folder of the files: "" or "../".
    root: str = ""

    @cached_property
    def _by_name(self) -> dict[str, Answer]:
        return {answer.report.query.name: answer for answer in self.answers}

    def rows(self, name: str) -> list[Row]:
        """The rows of a query; empty if it did not run or failed."""
        answer = self._by_name.get(name)
        return answer.rows if answer else []

    def rows_of(self, name: str, scope: DataSet) -> list[Row]:
        """The rows of one data set; `EVERYTHING` selects those of all data sets together."""
        answer = self._by_name.get(name)
        return answer.by_data_set.get(scope, []) if answer else []

    def sums(self, name: str, key: str, columns: tuple[str, ...], scope: DataSet) -> list[Row]:
        """Sums of ``columns`` by ``key`` over the rows of a data set, or of `EVERYTHING`."""
        answer = self._by_name.get(name)
        return answer.sums(key, columns).get(scope, []) if answer else []

    def get(self, name: str) -> Answer | None:
        """The result of a query; None if it did not run or failed."""
        return self._by_name.get(name)

    def credits(self, names: Sequence[str]) -> Sequence[str]:
        """The place sources to credit for the results of these queries."""
        found = [answer.table.column_names for name in names if (answer := self._by_name.get(name))]
        return self.place_sources if any(PLACE_COLUMNS.intersection(columns) for columns in found) else ()

    def period(self, name: str, what: str) -> str:
        """A sentence on the period that a query covers: "Downloads in the last 30 complete days and today."."""
        answer = self._by_name.get(name)
        period = _PERIOD.search(answer.report.query.sql) if answer else None
        return f"{what} in {period[1]}" if period else f"{what}."
