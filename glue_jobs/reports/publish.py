"""Runs the reports and writes their files, each whole or not at all, and the manifest last."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Protocol

import pyarrow as pa

from glue_jobs.errors import UsageLakeError
from glue_jobs.progress import Reporter, printable
from glue_jobs.reports.report_set import JSON, Form, Report
from glue_jobs.storage import storage_for


class Engine(Protocol):
    """What answers the queries."""

    def run(self, sql: str) -> pa.Table:
        """The answer of one SELECT in Athena's SQL; raises UsageLakeError."""


class ReportError(UsageLakeError):
    """Some reports could not be made; those that could are written."""


@dataclass(frozen=True)
class Written:
    """One file as the manifest tells of it; ``rows`` are those of the answer, without the header."""

    name: str
    query: str
    rows: int
    bytes: int
    sha256: str


@dataclass(frozen=True)
class Published:
    """What was written to ``folder``, and why some queries could not be answered (name, sentence)."""

    folder: str
    files: tuple[Written, ...]
    failed: tuple[tuple[str, str], ...]


def publish(reports: Sequence[Report], engine: Engine, folder: str, day: date, reporter: Reporter) -> Published:
    """Answer every report as of ``day`` and write its files below ``folder``, then ``manifest-YYYYMMDD.json``.

    A query that fails costs only its own report.

    Raises:
        StorageError: the folder cannot be written to.
    """
    files: list[Written] = []
    failed: list[tuple[str, str]] = []
    with reporter.progress("reports") as progress:
        for done, report in enumerate(reports, 1):
            try:
                rows = engine.run(report.query.as_of(day))
            except UsageLakeError as error:
                failed.append((report.query.name, str(error)))
            else:
                files += [_write(report, form, rows, folder, day) for form in report.forms]
            progress(done, len(reports))
    _put(f"{folder}/manifest-{day:%Y%m%d}.json", _manifest(files, failed), JSON)
    return Published(folder, tuple(files), tuple(failed))


def sentence(published: Published) -> str:
    """What was published, for people.

    Raises:
        ReportError: some reports could not be made; the sentence names them.
    """
    queries = len({file.query for file in published.files})
    told = f"{queries} reports in {len(published.files)} files are in {published.folder}"
    if not published.failed:
        return told
    reasons = "; ".join(f"{name}: {printable(reason)}" for name, reason in published.failed)
    raise ReportError(f"{told}, but {len(published.failed)} could not be made: {reasons}")


def _write(report: Report, form: Form, rows: pa.Table, folder: str, day: date) -> Written:
    name = report.name(form, day)
    data = form.write(rows).encode()
    _put(f"{folder}/{name}", data, form.content_type)
    return Written(name, report.query.name, rows.num_rows, len(data), hashlib.sha256(data).hexdigest())


def _manifest(files: Sequence[Written], failed: Sequence[tuple[str, str]]) -> bytes:
    # Nothing of the clock or of this run is told, so that the same lake has the same manifest.
    content = {"files": [asdict(file) for file in files], "failed": [name for name, _ in failed]}
    return (json.dumps(content, indent=2) + "\n").encode()


def _put(address: str, data: bytes, content_type: str) -> None:
    storage_for(address).put(address, data, content_type)
