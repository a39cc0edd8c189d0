"""The public months: each is one file, written once. Later runs leave it unchanged, even if they know more."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from typing import Any

import pyarrow as pa

from glue_jobs.config import Privacy
from glue_jobs.errors import StorageError
from glue_jobs.publish.public.suppression import ShownMonth
from glue_jobs.publish.published_file import PublishedFile, described, write_file
from glue_jobs.publish.report_set import AS_CSV, AS_JSON, Form, Report
from glue_jobs.publish.text import csv_text
from glue_jobs.storage import storage_for

# The owner's reports have a day in their names.
_MONTH = re.compile(r"-\d{6}[.]json$")


@dataclass(frozen=True)
class PublicMonth:
    """A published month; ``text`` is the content of its file."""

    first_day: date
    text: str

    @classmethod
    def of(cls, first_day: date, shown: ShownMonth, privacy: Privacy, place_sources: Sequence[str]) -> PublicMonth:
        """A month to publish with these settings; the places of its readers come from ``place_sources``."""
        content = {
            "month": f"{first_day:%Y-%m}",
            "minimum_readers": privacy.minimum_readers,
            "rounding": privacy.rounding.model_dump(),
            "hidden": {"numbers": shown.cells, "share_of_bytes": shown.shares},
            "place_sources": place_sources,
            "rows": shown.rows,
        }
        return cls(first_day, json.dumps(content, ensure_ascii=False, indent=1) + "\n")

    @cached_property
    def _content(self) -> dict[str, Any]:
        content: dict[str, Any] = json.loads(self.text)
        return content

    @property
    def shown(self) -> ShownMonth:
        """The rows, and how much is hidden."""
        hidden = self._content["hidden"]
        return ShownMonth(self._content["rows"], hidden["numbers"], hidden["share_of_bytes"])

    @property
    def minimum_readers(self) -> int:
        """Numbers of fewer readers are hidden."""
        least: int = self._content["minimum_readers"]
        return least

    @property
    def place_sources(self) -> tuple[str, ...]:
        """The databases and files from which the places of the readers were determined."""
        return tuple(self._content["place_sources"])

    @property
    def table(self) -> pa.Table:
        """The rows as text, because columns mix numbers with placeholders of hidden ones."""
        rows = [{"month": self._content["month"], **row} for row in self._content["rows"]]
        texts = [{name: None if value is None else str(value) for name, value in row.items()} for row in rows]
        return pa.table({name: pa.array([row[name] for row in texts], pa.string()) for name in rows[0]})


def read_months(folder: str, report: Report) -> Iterator[PublicMonth]:
    """The months that are public already, the oldest first.

    Raises:
        StorageError: the folder cannot be read, or has a month's file that is not one of the public tier.
    """
    prefix = f"{folder}/{report.stem}-"
    storage = storage_for(prefix)
    for entry in storage.list(prefix):
        if entry.address.endswith(f".{AS_JSON.ending}"):
            yield _month(entry.address, storage.read(entry))


def _month(address: str, data: bytes) -> PublicMonth:
    try:
        text = data.decode()
        month = PublicMonth(date.fromisoformat(f"{json.loads(text)['month']}-01"), text)
        # Truncated and edited files must be found before the page is drawn.
        if not month.table.num_rows or month.minimum_readers < 1 or month.shown.cells < 0:
            raise ValueError("it says nothing")
    except (ValueError, TypeError, LookupError) as error:
        raise StorageError(
            f"{address} is no month of the public tier ({error}): restore the file, or delete it to publish the month"
            " again; the owner's reports need a folder of their own"
        ) from None
    return month


def has_months(folder: str, report: Report) -> bool:
    """Whether the public tier is in the folder; False if nobody may list it."""
    prefix = f"{folder}/{report.stem}-"
    with suppress(StorageError):
        return any(_MONTH.search(entry.address) for entry in storage_for(prefix).list(prefix))
    return False


def write_month(folder: str, report: Report, month: PublicMonth) -> None:
    """Publish a month.

    Raises:
        StorageError: the folder cannot be written to.
    """
    write_file(folder, file_name(report, month, AS_JSON), month.text, AS_JSON.content_type)


def month_files(folder: str, report: Report, month: PublicMonth) -> list[PublishedFile]:
    """The files of a public month; each call writes the CSV file again.

    Raises:
        StorageError: the folder cannot be written to.
    """
    csv = write_file(folder, file_name(report, month, AS_CSV), csv_text(month.table, guarded=True), AS_CSV.content_type)
    files = (csv, described(file_name(report, month, AS_JSON), month.text.encode()))
    return [replace(file, query=report.query.name, rows=len(month.shown.rows)) for file in files]


def file_name(report: Report, month: PublicMonth, form: Form) -> str:
    """The file of a month, relative to the folder of the public tier."""
    return f"{report.stem}-{month.first_day:%Y%m}.{form.ending}"
