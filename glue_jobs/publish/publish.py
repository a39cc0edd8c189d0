"""Run the reports and write their files: each completely or not at all, the manifest last."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from typing import Any

import pyarrow as pa

from glue_jobs.config import Prices
from glue_jobs.errors import StorageError, UsageLakeError
from glue_jobs.progress import Reporter, counted, printable
from glue_jobs.publish.digest import digest_text
from glue_jobs.publish.engine import Engine, results
from glue_jobs.publish.page.answers import Answer, Answers
from glue_jobs.publish.page.pages import SUMMARY, pages, summary_text
from glue_jobs.publish.published_file import HTML, JSON, TEXT, PublishedFile, write_file
from glue_jobs.publish.report_set import Form, Report
from glue_jobs.publish.stale import StaleSource
from glue_jobs.storage import storage_for

DIGEST = "digest.txt"

# Names of queries and views that failed, with the reason.
Failures = tuple[tuple[str, str], ...]


class ReportError(UsageLakeError):
    """Some reports failed; the others are written."""


@dataclass(frozen=True)
class Published:
    """The files written to ``folder``, the queries that failed (name, reason), and the sources that are stale.

    ``digest`` is the last week in about ten lines. ``remark`` is what else to know of the files, without a full stop.
    ``public`` is the public tier, if it was published with the owner's.
    """

    folder: str
    files: tuple[PublishedFile, ...]
    failed: Failures
    stale: tuple[StaleSource, ...] = ()
    digest: str = ""
    remark: str = ""
    public: Published | None = None


@dataclass(frozen=True)
class Edition:
    """What reports depend on besides the lake, the ``day`` and the ``prices``, and what readers should know of them.

    ``failed`` has earlier failures, such as those of views. ``place_sources`` told where readers are.
    ``reader_changes`` has a sentence for each day on which readers got other ids. ``query_notes`` name buckets that may
    be gone or whose objects are no longer kept, and logs that ended. ``section_notes`` has what sections of the page
    say besides, by the query whose answer they show.
    """

    day: date
    prices: Prices = field(default_factory=Prices)
    failed: Failures = ()
    stale: tuple[StaleSource, ...] = ()
    place_sources: tuple[str, ...] = ()
    reader_changes: tuple[str, ...] = ()
    query_notes: tuple[str, ...] = ()
    section_notes: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @property
    def stale_sentences(self) -> list[str]:
        """A sentence on each source that is stale."""
        return [each.sentence for each in self.stale]

    @property
    def notices(self) -> list[str]:
        """What a page says first."""
        return [*self.stale_sentences, *self.reader_changes, *self.query_notes]


def publish(reports: Sequence[Report], engine: Engine, folder: str, edition: Edition, reporter: Reporter) -> Published:
    """Run the query of every report and write its files below ``folder``, then the pages and the manifest.

    If a query fails, the other reports are still written.

    Raises:
        StorageError: the folder cannot be written to.
    """
    files: list[PublishedFile] = []
    failures, day = [*edition.failed], edition.day
    answers: list[Answer] = []
    # The manifest of an earlier run has other checksums. A role that may not delete it replaces it at the end.
    with suppress(StorageError):
        storage_for(folder).delete([f"{folder}/{_manifest(day)}"])
    with reporter.progress("reports") as progress:
        statements = [report.query.as_of(day, edition.prices) for report in reports]
        for done, (report, result) in enumerate(zip(reports, results(engine, statements), strict=True), 1):
            rows = result.rows
            if rows is None:
                failures.append((report.query.name, result.failure))
            else:
                answers.append(Answer(report, rows, tuple(report.name(form, day) for form in report.forms)))
                files += [_report(report, form, rows, folder, day) for form in report.forms]
            progress(done, len(reports))
    names = [name for name, _ in failures]
    content = Answers(day, answers, names, edition.notices, edition.place_sources, edition.section_notes)
    # Every day replaces these files, so no manifest of a day can list their checksums.
    latest = [write_file(folder, name, text, HTML) for name, text in pages(content)]
    latest.append(write_file(folder, SUMMARY, summary_text(content), JSON))
    digest = digest_text(content)
    latest.append(write_file(folder, DIGEST, digest, TEXT))
    # Without the time or the run id, the same lake always gives the same manifest.
    write_manifest(
        folder,
        day,
        files=[asdict(file) for file in files],
        failed=names,
        stale=edition.stale_sentences,
        place_sources=edition.place_sources,
    )
    return Published(folder, (*files, *latest), tuple(failures), edition.stale, digest)


def sentence(published: Published) -> str:
    """A sentence about what was published.

    Raises:
        ReportError: some reports failed; the sentence names them.
    """
    editions = [published, *([published.public] if published.public else [])]
    text = "; ".join(map(_summary, editions))
    failed = {name: reason for edition in editions for name, reason in edition.failed}
    if not failed:
        return text
    reasons = "; ".join(f"{name}: {printable(reason)}" for name, reason in failed.items())
    raise ReportError(f"{text}, but {len(failed)} failed: {reasons}")


def _summary(published: Published) -> str:
    queries = len({file.query for file in published.files if file.query})
    reports = f"{counted(queries, 'report')} in " if queries else ""
    files = len(published.files)
    text = f"{reports}{counted(files, 'file')} {'is' if files == 1 else 'are'} in {published.folder}"
    remark = [published.remark] if published.remark else []
    return "; ".join([text, *remark, *(each.sentence.rstrip(".") for each in published.stale)])


def _report(report: Report, form: Form, rows: pa.Table, folder: str, day: date) -> PublishedFile:
    written = write_file(folder, report.name(form, day), form.write(rows), form.content_type)
    return replace(written, query=report.query.name, rows=rows.num_rows)


def write_manifest(folder: str, day: date, **content: Any) -> None:
    """Write what the files of the day are.

    Raises:
        StorageError: the folder cannot be written to.
    """
    write_file(folder, _manifest(day), json.dumps(content, indent=2) + "\n", JSON)


def _manifest(day: date) -> str:
    return f"manifest-{day:%Y%m%d}.json"
