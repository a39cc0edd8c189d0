"""The lake as a Python object: for notebooks and scripts.

Examples that a test runs: docs/python.md.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from glue_jobs.errors import ArgumentError, known_names
from glue_jobs.ingest.request import IngestSummary
from glue_jobs.jobs.arguments.declared import ARGUMENTS, INGEST_JOB, OWNER, REPORT, REPORT_JOB
from glue_jobs.jobs.arguments.lake import lake_argument
from glue_jobs.jobs.arguments.values import as_of_argument, day_argument, names_of, one_text, parameter_values, text_of
from glue_jobs.jobs.check.result import CheckResult
from glue_jobs.jobs.library.query_days import QueryDays
from glue_jobs.jobs.library.table_scan import TableScan
from glue_jobs.jobs.run_job import run_job
from glue_jobs.progress import Reporter, SilentReporter
from glue_jobs.publish.publish import Published
from glue_jobs.publish.run_json.export import Exported, export_run_json
from glue_jobs.query.saved.query import SavedQuery
from glue_jobs.query.saved.view import SavedView
from glue_jobs.sources.lake_tables import lake_tables
from glue_jobs.sources.tables import TABLES
from glue_jobs.storage import address

if TYPE_CHECKING:
    from glue_jobs.ingest.forget.forget import Forgotten
    from glue_jobs.query.saved.metadata import ParameterValue

# Arguments of the jobs that a lake has itself.
_OF_THE_LAKE = {"pipeline", "lake_path", "database", "catalog"}


class Lake:
    """A lake: its tables, its saved queries, and the jobs that fill and publish it.

    ``location`` is a folder or ``s3://bucket/prefix``. ``catalog`` is ``sqlite`` (a file in the lake's folder) or
    ``glue`` (the default on S3). Nothing is read before a method needs it. Answers are Arrow tables, which
    ``answer.to_pandas()`` converts to a DataFrame. ``reporter`` receives messages and progress; the default is silent.

    Raises:
        ArgumentError: the location, the database or the catalog cannot be used.
        LakeError: a lake at that location cannot have that catalog.
    """

    def __init__(
        self,
        location: str | Path,
        database: str = "usage_lake",
        catalog: str | None = None,
        reporter: Reporter | None = None,
    ) -> None:
        self._values = {"lake_path": _place("lake", location), "database": str(database)}
        if catalog is not None:
            self._values["catalog"] = catalog
        self._lake = lake_argument(self._values)
        self._reporter = reporter or SilentReporter()

    def __repr__(self) -> str:
        return f"Lake({self._lake.location!r}, database={self._lake.database!r}, catalog={self._lake.catalog_type!r})"

    def tables(self) -> list[str]:
        """The names of all tables and views that `sql` can query, including tables without rows."""
        return [*(table.name for table in lake_tables(self._lake)), *(view.name for view in SavedView.all())]

    def table(self, name: str) -> TableScan:
        """A lazy scan of a table: choose columns and days, then read.

        Raises:
            ArgumentError: there is no table of that name; views are for `sql`.
        """
        known = {table.name: table for table in lake_tables(self._lake)}
        if name in (view.name for view in SavedView.all()):
            raise ArgumentError(f"{name} is a view, and only tables are scanned; lake.sql reads it")
        if name not in known:
            raise ArgumentError(f"there is no table {name!r}; {known_names(name, known)}")
        return TableScan(self._lake, known[name])

    def sql(
        self, statement: str, parameters: Sequence[ParameterValue] = (), as_of: date | str | None = None
    ) -> pa.Table:
        """The answer of one SELECT in Athena's SQL over `tables`, run by DuckDB on this machine.

        SHOW TABLES, DESCRIBE and information_schema work too. Qualified names reach other databases of the lake.

        ``parameters`` are the values of the statement's ``?``, in order. ``as_of`` replaces ``current_date``.

        Raises:
            ArgumentError: the statement is not a text, the parameters are no list, or ``as_of`` is not a day.
            QueryError: the statement is not a SELECT or cannot be answered.
            LakeError: the lake has no table at all, or cannot be read.
        """
        # DuckDB is installed only with the extra `local`.
        from glue_jobs.query.duckdb.lake_engine import open_engine

        if not isinstance(statement, str):
            raise ArgumentError(f"a statement is a text, not {statement!r}")
        day, values = as_of_argument("as_of", as_of), parameter_values(parameters)
        self._lake.check_any(TABLES)
        with open_engine(self._lake) as engine:
            return engine.run(statement, values, day)

    def queries(self) -> dict[str, str]:
        """The titles of the saved queries by name, such as ``access/downloads_by_month``."""
        return {query.name: query.metadata.title for query in SavedQuery.all()}

    def query(
        self,
        name: str,
        as_of: date | str | None = None,
        since: date | str | None = None,
        until: date | str | None = None,
        **parameters: object,
    ) -> pa.Table:
        """The answer of a saved query as of the day ``as_of``, by default today (UTC).

        ``since`` and ``until`` are the first and last day of the period. The default is the query's own period, which
        ends on or before ``as_of``; ``until`` alone moves this period so that it ends on that day. A day may be a text
        such as 2024-05-07 or 20240507. A parameter that is None counts as absent.

        Raises:
            ArgumentError: a text is not a day, or the period ends before it begins.
            SavedQueryError: there is no query of that name, or a parameter is missing, unknown or wrong.
            LakeError: the lake has no table at all, or cannot be read.
        """
        query = SavedQuery.load(name)
        days = QueryDays.read(as_of, since, until, query.metadata.period)
        bound = query.bind({key: one_text(key, value) for key, value in parameters.items() if value is not None})
        return self.sql(query.of_period(days.since, days.until), bound, days.as_of)

    def ingest(self, pipeline: str, raw: str | Path, **arguments: object) -> IngestSummary:
        """Ingest the raw objects below ``raw`` that the lake does not have yet, each exactly once.

        ``pipeline`` names the source, such as ``s3_access_log``: one of `glue_jobs.sources.SOURCES`.
        ``arguments`` are those of the command, e.g. ``since=date(2024, 5, 7)``, ``config="config.yaml"``,
        ``any_name=True``, ``engine="spark"``.

        Raises:
            ArgumentError: an argument cannot be used.
            UsageLakeError: the run cannot continue; earlier steps stay, and readers see nothing of the current one.
        """
        if pipeline == REPORT:
            raise ArgumentError("report ingests nothing; lake.publish writes reports")
        summary = run_job(self._job(pipeline, {"raw_path": _place("raw", raw)}, arguments), self._reporter).ingested
        assert summary is not None
        return summary

    def publish(
        self, to: str | Path, tier: str = OWNER, public_to: str | Path | None = None, **arguments: object
    ) -> Published:
        """Write the answers of the saved queries as dated CSV and JSON files and a page below ``to``.

        ``tier`` is owner or public. The public tier has whole months only, and no numbers of few readers. With
        ``public_to``, a folder or address, it is also written there. ``arguments`` are those of the command, e.g.
        ``date="20240507"``, ``subjects="access,storage"``.

        Raises:
            ArgumentError: an argument cannot be used.
            LakeError: the lake has no table at all, or cannot be read.
            StorageError, ReportError: ``to`` cannot be written to, or some reports failed.
        """
        values: dict[str, object] = {"report_path": _place("to", to), "tier": tier, "public_path": public_to}
        published = run_job(self._job(REPORT, values, arguments), self._reporter).published
        assert published is not None
        return published

    def export_run_json(self, to: str | Path) -> Exported:
        """Write the run summaries as JSON documents below ``to``, as ``usage-lake export run-json`` does.

        Raises:
            LakeError: the lake has no run summaries, or cannot be read.
            StorageError: ``to`` cannot be written to; another call continues the export.
        """
        return export_run_json(self._lake, address(_place("to", to)), self._reporter)

    def forget(
        self,
        addresses: Sequence[str] = (),
        reader_ids: Sequence[str] = (),
        accounts: Sequence[str] = (),
        reader_keys: str | Path | None = None,
        dry_run: bool = False,
    ) -> Forgotten:
        """Remove a person from all tables and old snapshots, as ``usage-lake forget`` does; it cannot be undone.

        ``reader_keys`` is the file or secret with the keys of reader ids, by default the user's file. With ``dry_run``
        nothing is removed. The answer has the ``rows`` by table and the ``raw_objects`` that still have records.

        Raises:
            ArgumentError: nobody is named, or a text is not an address, a reader id or an account.
            StorageError: a key of reader ids is missing, so that not all rows of an address can be found.
            LakeError, LostRaceError: the lake cannot be searched or written, or another program committed first.
        """
        # Importing it imports pyiceberg, which takes half a second.
        from glue_jobs.jobs.forget_job import forget_person

        return forget_person(
            self._lake,
            dry_run,
            self._reporter,
            addresses=names_of(addresses),
            reader_ids=names_of(reader_ids),
            accounts=names_of(accounts),
            reader_keys=None if reader_keys is None else str(reader_keys),
        )

    def check(self, raw: str | Path | None = None) -> list[CheckResult]:
        """Check that the lake is whole and that its numbers add up, as ``usage-lake check`` does.

        With ``raw``, the location of raw objects, some of these are parsed again and compared with stored rows. A
        result ``holds``, or its ``wrong`` names what is wrong.

        Raises:
            ArgumentError: the ledger has no access logs, CloudTrail files or run summaries below ``raw``.
            LakeError: the lake has no table at all.
        """
        # As in `sql`.
        from glue_jobs.jobs.check.check_lake import check_lake

        return [*check_lake(self._lake, None if raw is None else address(_place("raw", raw)))]

    def _job(self, pipeline: str, own: dict[str, object], arguments: dict[str, object]) -> dict[str, str]:
        """The arguments of a job: the caller's may not replace those that the lake and its method have set."""
        job = REPORT_JOB if pipeline == REPORT else INGEST_JOB
        known = [each.name for each in ARGUMENTS if job in each.jobs and each.name not in _OF_THE_LAKE | own.keys()]
        for name, value in arguments.items():
            if name not in known:
                raise ArgumentError(f"there is no argument {name!r}; {known_names(name, known)}")
            if value in ([], ()):
                raise ArgumentError(f"{name} is an empty list; leave it out for the default")
        days = {name: day_argument(name, value) for name, value in arguments.items() if isinstance(value, datetime)}
        given = {name: text_of(value) for name, value in (own | arguments | days).items() if value is not None}
        return {"pipeline": pipeline, **self._values, **given}


def _place(what: str, given: object) -> str:
    """The folder or address as a text; raises ArgumentError for other types, such as None from an unset variable."""
    if not isinstance(given, str | os.PathLike):
        raise ArgumentError(f"{what} is a folder or an s3:// address, not {given!r}")
    return os.fspath(given)
