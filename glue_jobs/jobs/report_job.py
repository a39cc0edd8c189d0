"""The report job: answers of the saved queries, published as files."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from glue_jobs.config import Privacy
from glue_jobs.enrich.places.credit import place_sources
from glue_jobs.enrich.readers.key_changes import key_changes
from glue_jobs.errors import ArgumentError, UsageLakeError, known_names
from glue_jobs.jobs.arguments.config import config_argument
from glue_jobs.jobs.arguments.declared import ARGUMENTS, OWNER, PROFILES, PUBLIC, TIERS
from glue_jobs.jobs.arguments.lake import lake_argument
from glue_jobs.jobs.arguments.values import as_of_argument, choice_argument, flag_argument
from glue_jobs.jobs.outcome.last_success import expected_sources, fresh_since, stale_sources
from glue_jobs.lake import Lake
from glue_jobs.progress import Reporter
from glue_jobs.publish.dandi.publish import publish_summaries
from glue_jobs.publish.engine import Engine
from glue_jobs.publish.page.sections.storage import UNREAD
from glue_jobs.publish.page.sections.subscribers import SUBSCRIBERS
from glue_jobs.publish.page.usage import USAGE, WINDOW
from glue_jobs.publish.public.months import has_months
from glue_jobs.publish.public.publish import publish_public
from glue_jobs.publish.publish import Edition, Failures, Published, publish
from glue_jobs.publish.report_set import Report, public_report, report_set
from glue_jobs.query.answer import records
from glue_jobs.query.athena import Athena
from glue_jobs.query.glue_views import keep_views
from glue_jobs.query.saved.dropped_objects import dropped_objects
from glue_jobs.query.saved.ended_inventories import ended_inventories
from glue_jobs.query.saved.ended_logs import ended_logs
from glue_jobs.query.saved.missing_logs import buckets_without_logs
from glue_jobs.query.saved.own_callers import own_callers
from glue_jobs.query.saved.uncounted_requests import uncounted_requests
from glue_jobs.query.saved.uncounted_versions import uncounted_versions
from glue_jobs.sources.cloudfront_log.table import CLOUDFRONT_LOG
from glue_jobs.sources.cloudtrail_s3_event.table import CLOUDTRAIL_S3_EVENT
from glue_jobs.sources.s3_access_log.table import S3_ACCESS_LOG
from glue_jobs.sources.tables import QUERIED_TABLES, TABLES
from glue_jobs.storage import address, region

_UNUSED = {
    "reports": ("compat",),
    "dandi": ("tier", "public_path", "subjects", "date", "sources", "run_started_at", "digest_topic"),
    PUBLIC: ("public_path", "subjects", "digest_topic"),
}
"""Arguments that change nothing in the files of a profile or tier."""

WITH_PLACES = (S3_ACCESS_LOG, CLOUDTRAIL_S3_EVENT, CLOUDFRONT_LOG)


@dataclass(frozen=True)
class ReportRequest:
    """Which reports of which lake to publish, as of which day, and where: ``folder`` is a folder or ``s3://…``.

    The reports say which of the ``expected_sources``, by default all that were ingested, have had no run that succeeded
    since ``fresh_since``. With ``public_folder`` the public tier is written there as well.
    """

    lake: Lake
    folder: str
    edition: Edition
    reports: tuple[Report, ...]
    workgroup: str
    fresh_since: datetime
    expected_sources: Collection[str] | None
    profile: str
    privacy: Privacy
    as_dandi_does: bool
    tier: str
    public_folder: str | None


def report_request(values: Mapping[str, str]) -> ReportRequest:
    """The request that the values of the arguments, by name, describe; absent ones have their defaults.

    Raises:
        ArgumentError: a value cannot be used; the sentence names the argument.
        ConfigError: the configuration file has a mistake.
        LakeError: a lake at that address cannot have that catalog.
    """
    folder = address(values["report_path"]).rstrip("/")
    config = config_argument(values)
    day = as_of_argument("date", values.get("date")) or datetime.now(UTC).date()
    profile = choice_argument(values, "profile", PROFILES)
    _check_used(values, profile)
    tier, public_folder = _tiers(values, folder)
    lake = lake_argument(values)
    lake.refuse_own(folder, public_folder or "")
    return ReportRequest(
        lake=lake,
        folder=folder,
        edition=Edition(day, config.prices),
        reports=_reports(values.get("subjects")),
        workgroup=values.get("workgroup", "primary"),
        fresh_since=fresh_since(values.get("run_started_at"), day),
        expected_sources=expected_sources(values.get("sources")),
        profile=profile,
        privacy=config.privacy,
        as_dandi_does=flag_argument(values, "compat"),
        tier=tier,
        public_folder=public_folder,
    )


def _check_used(values: Mapping[str, str], profile: str) -> None:
    """Raise ArgumentError for an argument that changes nothing in the files asked for."""
    unused = {f"the profile {profile}": _UNUSED[profile]}
    if values.get("tier") == PUBLIC:
        unused["the public tier"] = _UNUSED[PUBLIC]
    options = {argument.name: argument.option.strip("-") for argument in ARGUMENTS}
    for files, names in unused.items():
        for option in (options[name] for name in names if values.get(name, "").lower() not in ("", OWNER, "false")):
            raise ArgumentError(f"{files} has no {option}; leave out {option}")


def _tiers(values: Mapping[str, str], folder: str) -> tuple[str, str | None]:
    """The tier of the reports, and the folder of the public tier if that is written as well."""
    tier, also = choice_argument(values, "tier", TIERS), values.get("public_path")
    public_folder = address(also).rstrip("/") if also else None
    if public_folder == folder:
        raise ArgumentError("the two tiers need folders of their own; name another one with public-to")
    if public_folder and folder.startswith(f"{public_folder}/"):
        raise ArgumentError(
            f"in {folder}, below the public tier, the owner's reports would be public too; write each beside the other"
        )
    return tier, public_folder


def _reports(subjects: str | None) -> tuple[Report, ...]:
    reports = report_set()
    known = dict.fromkeys(report.subject for report in reports)
    wanted = [subject.strip() for subject in subjects.split(",")] if subjects else known
    unknown = [subject for subject in wanted if subject not in known]
    if unknown:
        raise ArgumentError(f"there are no reports on {unknown[0]!r}; {known_names(unknown[0], known)}")
    return tuple(report for report in reports if report.subject in wanted)


def report(request: ReportRequest, reporter: Reporter) -> Published:
    """Publish the reports; a query that fails costs only its own report.

    Raises:
        ArgumentError: the reports are for the owner, and the folder has the public tier.
        LakeError: the lake has no table at all, or cannot be read.
        StorageError: the folder cannot be written to.
    """
    request.lake.check_any(TABLES)
    if request.tier == OWNER and has_months(request.folder, public_report()):
        raise ArgumentError(
            f"{request.folder} has the public tier, and what is written beside it is public too; name another folder,"
            " or give tier public"
        )
    if request.profile == "dandi":
        with query_engine(request, reporter) as engine:
            return publish_summaries(engine, request.folder, request.privacy.rounding, request.as_dandi_does, reporter)
    stale = stale_sources(request.lake, request.expected_sources, request.fresh_since)
    with query_engine(request, reporter) as engine:
        failed: Failures = ()
        if isinstance(engine, Athena):
            # The jobs of the sources bring up to date only their own tables and views, and some sources may be off.
            for table in QUERIED_TABLES:
                request.lake.create(table)
            failed = tuple(keep_views(request.lake, TABLES))
        edition = replace(
            request.edition,
            failed=failed,
            stale=stale,
            place_sources=place_sources(request.lake, WITH_PLACES),
            reader_changes=key_changes(request.lake, WITH_PLACES, request.edition.day),
        )

        def make_public(folder: str) -> Published:
            return publish_public(public_report(), engine, folder, edition, request.privacy, reporter)

        if request.tier == PUBLIC:
            return make_public(request.folder)
        owners = replace(
            edition, query_notes=_query_notes(engine, request), section_notes=_section_notes(engine, request)
        )
        published = publish(request.reports, engine, request.folder, owners, reporter)
        if request.public_folder is None:
            return published
        # The sentence on the owner's reports names the stale sources already.
        public = replace(make_public(request.public_folder), stale=())
        return replace(published, public=public)


def _query_notes(engine: Engine, request: ReportRequest) -> tuple[str, ...]:
    """Logs that ended, distributions without a bucket, and buckets that are gone or whose objects are not kept."""
    queries, day = [report.query for report in request.reports], request.edition.day
    notes: list[str] = []
    for usage in (query for query in queries if query.name == USAGE):
        notes += _found(ended_logs, engine.run, day)
        notes += _found(uncounted_requests, lambda sql: records(engine.run(sql)), usage, day, since=day - WINDOW)
    if any(query.tells_what_is_stored for query in queries):
        for find in (ended_inventories, uncounted_versions, dropped_objects):
            notes += _found(find, engine.run, day)
    return tuple(notes)


def _section_notes(engine: Engine, request: ReportRequest) -> dict[str, tuple[str, ...]]:
    """Buckets without logs for the section on what nobody reads, and the publisher's own accounts for subscribers."""
    finders = {UNREAD: buckets_without_logs, SUBSCRIBERS: own_callers}
    return {
        query.name: _found(finders[query.name], engine.run, query, request.edition.day)
        for query in (report.query for report in request.reports)
        if query.name in finders
    }


def _found(finder: Callable[..., tuple[str, ...]], *arguments: Any, **more: Any) -> tuple[str, ...]:
    """The sentences, none if their query fails: the reports, and other sentences, can be published without them."""
    with suppress(UsageLakeError):
        return finder(*arguments, **more)
    return ()


@contextmanager
def query_engine(request: ReportRequest, reporter: Reporter) -> Iterator[Engine]:
    """Athena for a lake in the Glue Data Catalog, DuckDB for one in a folder."""
    if request.lake.catalog_type == "glue":
        # The Data Catalog of the lake's own Region, which may not be the default one.
        yield Athena(request.lake.database, request.workgroup, reporter, region(request.lake.location))
        return
    # Only a laptop has DuckDB.
    from glue_jobs.query.duckdb.lake_engine import open_engine

    with open_engine(request.lake) as engine:
        yield engine
