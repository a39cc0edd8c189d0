"""The arguments of the jobs: declared once, for Glue (``--raw_path``) and for the command line (``--from``)."""

from __future__ import annotations

import argparse
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import PurePosixPath

from glue_jobs.config import Config, load_config
from glue_jobs.errors import ArgumentError
from glue_jobs.ingest import KEEP_SNAPSHOTS, Order
from glue_jobs.lake import Lake
from glue_jobs.pipelines import BY_NAME, EventPipeline, Pipeline, SnapshotPipeline
from glue_jobs.reports.order import ReportOrder
from glue_jobs.reports.report_set import Report, report_set
from glue_jobs.storage import address, storage_for

MANAGEMENT_EVENTS = ("keep", "drop")

# More days of looking back than AWS has written logs.
MOST_DAYS = 36_500

FEWEST_SNAPSHOTS, MOST_SNAPSHOTS = 2, 10_000

# What a pipeline argument may say besides the name of a pipeline: publish the reports.
REPORT = "report"

# The jobs an argument is for.
INGEST_JOB, REPORT_JOB = "ingest", "report"


@dataclass(frozen=True)
class Argument:
    """One argument of the ``jobs`` named. ``option`` is its name on the command line; a ``flag`` is true or false."""

    name: str
    option: str
    description: str
    default: str | None = None
    required: bool = False
    flag: bool = False
    metavar: str | None = None
    jobs: tuple[str, ...] = (INGEST_JOB,)


BOTH_JOBS = (INGEST_JOB, REPORT_JOB)

ARGUMENTS = (
    Argument("pipeline", "pipeline", f"What to ingest: {', '.join(BY_NAME)}.", required=True, jobs=BOTH_JOBS),
    Argument(
        "raw_path", "--from", "Raw objects: a folder, or s3://bucket/prefix.", required=True, metavar="DIR_OR_S3_URI"
    ),
    Argument(
        "lake_path",
        "--lake",
        "The lake: a folder, or s3://bucket/prefix.",
        required=True,
        metavar="DIR_OR_S3_URI",
        jobs=BOTH_JOBS,
    ),
    Argument(
        "database", "--database", "Database the tables are in.", default="usage_lake", metavar="NAME", jobs=BOTH_JOBS
    ),
    Argument(
        "catalog",
        "--catalog",
        "sqlite (in the lake's folder) or glue; by default glue when the lake is on S3.",
        jobs=BOTH_JOBS,
    ),
    Argument(
        "report_path",
        "--to",
        "Where the reports are written: a folder, or s3://bucket/prefix.",
        required=True,
        metavar="DIR_OR_S3_URI",
        jobs=(REPORT_JOB,),
    ),
    Argument(
        "date",
        "--date",
        "Day the reports are named after and told as of, UTC; by default today.",
        metavar="YYYYMMDD",
        jobs=(REPORT_JOB,),
    ),
    Argument(
        "subjects",
        "--subjects",
        "Which reports, by the folders of queries/, e.g. storage,together; by default all.",
        metavar="NAMES",
        jobs=(REPORT_JOB,),
    ),
    Argument(
        "workgroup",
        "--workgroup",
        "Athena workgroup that runs the queries when the catalog is glue.",
        default="primary",
        metavar="NAME",
        jobs=(REPORT_JOB,),
    ),
    Argument(
        "config", "--config", "Configuration file: data sets, subscribers, own traffic.", metavar="FILE_OR_S3_URI"
    ),
    Argument(
        "since", "--since", "First day of raw objects to look at; by default the look-back decides.", metavar="DAY"
    ),
    Argument("until", "--until", "Last day of raw objects to look at.", metavar="DAY"),
    Argument(
        "look_back_days",
        "--look-back-days",
        "Days before the newest ingested one that are looked at again for late objects; by default 3, and 14 for"
        " inventories, which may be weekly and take days to write.",
        metavar="DAYS",
    ),
    Argument(
        "any_name", "--any-name", "Take objects of any name, gzipped ones too, not only those AWS names.", flag=True
    ),
    Argument(
        "keep_snapshots",
        "--keep-snapshots",
        "Inventory snapshots of each bucket and configuration that keep their rows; totals are kept of all.",
        default=str(KEEP_SNAPSHOTS),
        metavar="NUMBER",
    ),
    Argument(
        "management_events",
        "--management-events",
        "What to do with CloudTrail's events on buckets and settings, keep or drop them; dropped ones are counted as"
        " filtered, and objects that were ingested are not read again.",
        default="keep",
        metavar="|".join(MANAGEMENT_EVENTS),
    ),
)


def parse(arguments: Sequence[str]) -> dict[str, str]:
    """Values of a Glue job's command line, ``--name value``; what Glue adds for itself is ignored.

    Raises:
        ArgumentError: an argument the job requires is missing.
    """
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    for argument in ARGUMENTS:
        # An empty text may get lost on the way through Glue, so that a name comes without a value.
        parser.add_argument(f"--{argument.name}", default=argument.default, nargs="?")
    values = vars(parser.parse_known_args(arguments)[0])
    job = REPORT_JOB if values["pipeline"] == REPORT else INGEST_JOB
    wanted = [argument for argument in ARGUMENTS if job in argument.jobs]
    # The stack passes an empty text for what its owner left empty.
    given = {argument.name: values[argument.name] for argument in wanted if values[argument.name]}
    missing = [f"--{argument.name}" for argument in wanted if argument.required and argument.name not in given]
    if missing:
        raise ArgumentError(f"the job needs {', '.join(missing)}")
    return given


def order(values: Mapping[str, str]) -> Order:
    """What to ingest, from the arguments by name; absent ones have their defaults.

    Raises:
        ArgumentError: a value cannot be used; the sentence names the argument.
        ConfigError: the configuration file has a mistake.
    """
    pipeline = BY_NAME.get(values["pipeline"])
    if pipeline is None:
        known = ", ".join((*BY_NAME, REPORT))
        raise ArgumentError(f"there is no pipeline {values['pipeline']!r}; there are {known}")
    since, until = _day(values, "since"), _day(values, "until")
    if since and until and since > until:
        raise ArgumentError(f"since {since} is after until {until}")
    raw, any_name, store = address(values["raw_path"]), _flag(values, "any_name"), lake(values)
    if any_name and f"{store.location}/".startswith(f"{raw.rstrip('/')}/"):
        raise ArgumentError(f"the lake {store.location} is among the raw objects of {raw}, all of which would be read")
    if any_name and isinstance(pipeline, SnapshotPipeline):
        raise ArgumentError(f"{pipeline.title} is found by the names of its folders; leave any_name out")
    return Order(
        pipeline=_with_wanted_events(pipeline, values.get("management_events", "keep")),
        raw=raw,
        lake=store,
        config=_config(values.get("config")),
        since=since,
        until=until,
        look_back_days=_whole_number(values, "look_back_days", str(pipeline.look_back_days)),
        any_name=any_name,
        keep_snapshots=_snapshots(values),
    )


def report_order(values: Mapping[str, str]) -> ReportOrder:
    """Which reports to make, from the arguments by name; absent ones have their defaults.

    Raises:
        ArgumentError: a value cannot be used; the sentence names the argument.
        LakeError: the catalog cannot be where the lake is.
    """
    folder = address(values["report_path"]).rstrip("/")
    day, reports = _report_day(values.get("date")), _reports(values.get("subjects"))
    return ReportOrder(lake(values), folder, day, reports, values.get("workgroup", "primary"))


def _with_wanted_events(pipeline: Pipeline, management: str) -> Pipeline:
    if management not in MANAGEMENT_EVENTS:
        raise ArgumentError(f"management_events is {' or '.join(MANAGEMENT_EVENTS)}, not {management!r}")
    if management == "keep":
        return pipeline
    if not isinstance(pipeline, EventPipeline) or pipeline.parse_data_events is None:
        raise ArgumentError(f"management_events is for CloudTrail: leave it out for {pipeline.title}")
    return replace(pipeline, parse=pipeline.parse_data_events)


def lake(values: Mapping[str, str]) -> Lake:
    """The lake that the arguments name.

    Raises:
        ArgumentError: the catalog is neither sqlite nor glue, or the database has a name that Athena refuses.
        LakeError: the catalog cannot be where the lake is.
    """
    catalog = values.get("catalog")
    if catalog not in (None, "sqlite", "glue"):
        raise ArgumentError(f"there is no catalog {catalog!r}; there are sqlite and glue")
    database = values.get("database", "usage_lake")
    if not re.fullmatch("[a-z0-9_-]+", database):
        raise ArgumentError(f"a database is named with small letters, digits, _ and -, not {database!r}")
    return Lake(address(values["lake_path"]), database, catalog)


def _config(text: str | None) -> Config:
    if not text:
        return Config()
    location = address(text)
    folder = location.rpartition("/")[0]

    def read(name: str) -> bytes:
        whole = name if name.startswith("s3://") or PurePosixPath(name).is_absolute() else f"{folder}/{name}"
        return storage_for(whole).get(whole)

    try:
        content = read(location).decode()
    except UnicodeDecodeError as error:
        raise ArgumentError(f"{text} is not UTF-8 text (byte {error.start}), so it is no configuration file") from error
    return load_config(content, text, read)


def _day(values: Mapping[str, str], name: str) -> date | None:
    text = values.get(name)
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ArgumentError(f"{name} is a day such as 2024-05-07, not {text!r}") from None


def _report_day(text: str | None) -> date:
    if text is None:
        return datetime.now(UTC).date()
    try:
        # strptime alone would take 2024057 for the 7th of May.
        if len(text) != len("YYYYMMDD"):
            raise ValueError
        return datetime.strptime(text, "%Y%m%d").date()
    except ValueError:
        raise ArgumentError(f"date is a day such as 20240507, not {text!r}") from None


def _reports(subjects: str | None) -> tuple[Report, ...]:
    reports = report_set()
    known = dict.fromkeys(report.subject for report in reports)
    wanted = subjects.split(",") if subjects else known
    unknown = [subject for subject in wanted if subject not in known]
    if unknown:
        raise ArgumentError(f"there are no reports on {unknown[0]!r}; there are {', '.join(known)}")
    return tuple(report for report in reports if report.subject in wanted)


def _flag(values: Mapping[str, str], name: str) -> bool:
    text = values.get(name, "false")
    if text.lower() not in ("true", "false"):
        raise ArgumentError(f"{name} is true or false, not {text!r}")
    return text.lower() == "true"


def _snapshots(values: Mapping[str, str]) -> int:
    text = values.get("keep_snapshots", str(KEEP_SNAPSHOTS))
    # Of two, one stays readable while the other is replaced, and what changed between them can be asked.
    if not text.isdecimal() or not FEWEST_SNAPSHOTS <= int(text) <= MOST_SNAPSHOTS:
        raise ArgumentError(f"keep_snapshots is a number from {FEWEST_SNAPSHOTS} such as 8, not {text!r}")
    return int(text)


def _whole_number(values: Mapping[str, str], name: str, default: str) -> int:
    text = values.get(name, default)
    if not text.isdecimal() or int(text) > MOST_DAYS:
        raise ArgumentError(f"{name} is a number of days such as 3, not {text!r}")
    return int(text)
