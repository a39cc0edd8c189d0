"""The reports: which saved queries are published, and in which files."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import pyarrow as pa

from glue_jobs.publish.published_file import CSV, JSON
from glue_jobs.publish.text import csv_text, json_text
from glue_jobs.query.saved.query import SavedQuery

# Readers of Source Stats, an earlier tool, rely on these file names; it wrote no JSON files.
SOURCE_STATS = {
    "storage/accounts": "accounts/source-stats-accounts",
    "storage/repositories": "repositories/source-stats-repositories",
    "storage/source_summary": "source/source-stats-summary",
}


@dataclass(frozen=True)
class Form:
    """One file format of a report."""

    ending: str
    content_type: str
    write: Callable[[pa.Table], str]


# Spreadsheets open CSV files, so texts that look like formulas are guarded; JSON has them unchanged.
AS_CSV = Form("csv", CSV, lambda rows: csv_text(rows, guarded=True))
AS_JSON = Form("json", JSON, json_text)


@dataclass(frozen=True)
class Report:
    """One saved query and the files of its result."""

    query: SavedQuery
    stem: str
    forms: tuple[Form, ...]

    @property
    def subject(self) -> str:
        """The folder of the query, such as ``storage``."""
        return self.query.name.partition("/")[0]

    def name(self, form: Form, day: date) -> str:
        """The name of a file, relative to the folder of the reports."""
        return f"{self.stem}-{day:%Y%m%d}.{form.ending}"


def report_set() -> tuple[Report, ...]:
    """A report for every saved query whose parameters all have defaults, sorted by name."""
    return tuple(
        _report(query)
        for query in SavedQuery.all()
        if all(parameter.default is not None for parameter in query.metadata.parameters)
    )


def public_report() -> Report:
    """The report of the saved query behind the public tier."""
    (report,) = (report for report in report_set() if report.query.metadata.public)
    return report


def _report(query: SavedQuery) -> Report:
    stem = SOURCE_STATS.get(query.name)
    return Report(query, stem or query.name, (AS_CSV,) if stem else (AS_CSV, AS_JSON))
