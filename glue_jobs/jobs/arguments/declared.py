"""The arguments of the jobs, declared once for Glue (``--raw_path``) and for the command line (``--from``)."""

from __future__ import annotations

from dataclasses import dataclass

from glue_jobs.sources import SOURCES

CATALOGS = ("sqlite", "glue")
MANAGEMENT_EVENTS = ("keep", "drop")

# The value of the argument ``pipeline`` that selects the report job.
REPORT = "report"

ENGINES = ("processes", "spark")

# What the report job writes.
PROFILES = ("reports", "dandi")

# The audiences of a report; the first is the default.
OWNER, PUBLIC = "owner", "public"
TIERS = (OWNER, PUBLIC)

# The jobs that an argument may apply to.
INGEST_JOB, REPORT_JOB = "ingest", "report"


@dataclass(frozen=True)
class Argument:
    """One argument of ``jobs``: its name on Glue, its ``option`` on the command line, and what it means.

    A ``flag`` is true or false. ``choices`` are its possible values, if they are limited. With ``on_glue``, the stack
    passes the argument to its jobs. On the command line, the environment ``variable`` can replace the option.
    """

    name: str
    option: str
    description: str
    default: str | None = None
    required: bool = False
    flag: bool = False
    metavar: str | None = None
    choices: tuple[str, ...] = ()
    on_glue: bool = True
    jobs: tuple[str, ...] = (INGEST_JOB,)
    variable: str | None = None


BOTH_JOBS = (INGEST_JOB, REPORT_JOB)

ARGUMENTS = (
    Argument("pipeline", "pipeline", f"What to ingest: {', '.join(SOURCES)}.", required=True, jobs=BOTH_JOBS),
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
        variable="USAGE_LAKE",
    ),
    Argument(
        "database", "--database", "Database the tables are in.", default="usage_lake", metavar="NAME", jobs=BOTH_JOBS
    ),
    Argument(
        "catalog",
        "--catalog",
        "Where the tables are listed: sqlite is in the lake's folder; by default glue when the lake is on S3.",
        choices=CATALOGS,
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
        "tier",
        "--tier",
        "Whom the reports are for: owner (the default) has everything, public only numbers of whole months and of at"
        " least 10 readers.",
        choices=TIERS,
        on_glue=False,
        jobs=(REPORT_JOB,),
    ),
    Argument(
        "public_path",
        "--public-to",
        "Where the public tier is written as well; by default it is not.",
        metavar="DIR_OR_S3_URI",
        jobs=(REPORT_JOB,),
    ),
    Argument(
        "date",
        "--date",
        "Day (UTC) that the reports are about and named after; by default today.",
        metavar="DAY",
        jobs=(REPORT_JOB,),
    ),
    Argument(
        "subjects",
        "--subjects",
        "Which reports, by subject, e.g. storage,together; by default all.",
        metavar="NAMES",
        jobs=(REPORT_JOB,),
    ),
    Argument(
        "profile",
        "--profile",
        "Which files: the saved queries' reports and their page (the default), or the summaries that DANDI publishes.",
        choices=PROFILES,
        on_glue=False,
        jobs=(REPORT_JOB,),
    ),
    Argument(
        "compat",
        "--compat",
        "Of the profile dandi: add up rounded numbers, as DANDI's own programs do, instead of exact ones.",
        flag=True,
        on_glue=False,
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
        "sources",
        "--sources",
        "Sources that should be up to date, separated by commas; the reports name those that are not. By default all"
        " that were ingested before.",
        metavar="NAMES",
        jobs=(REPORT_JOB,),
    ),
    Argument(
        "run_started_at",
        "--run-started-at",
        "Time such as 2024-05-07T02:00:00Z since when each source should have been ingested; by default the day before"
        " the reports'.",
        metavar="TIME",
        jobs=(REPORT_JOB,),
    ),
    Argument(
        "digest_topic",
        "--digest-topic",
        "SNS topic that receives the digest of the week on Mondays; by default nothing is sent.",
        metavar="ARN",
        jobs=(REPORT_JOB,),
    ),
    Argument(
        "stack",
        "--stack",
        "Stack that the CloudWatch metrics of the run belong to; by default none are sent.",
        metavar="NAME",
        jobs=BOTH_JOBS,
    ),
    Argument(
        "config",
        "--config",
        "Configuration file: data sets, subscribers, own traffic, prices.",
        metavar="FILE_OR_S3_URI",
        jobs=BOTH_JOBS,
    ),
    Argument(
        "since", "--since", "First day of raw objects to look at; by default --look-back-days decides.", metavar="DAY"
    ),
    Argument("until", "--until", "Last day of raw objects to look at.", metavar="DAY"),
    Argument(
        "look_back_days",
        "--look-back-days",
        "Days before the newest ingested one to look at again for late objects; by default 3, and 14 for inventories,"
        " which may be weekly and take days to be written.",
        metavar="DAYS",
    ),
    Argument(
        "any_name", "--any-name", "Take objects of any name, gzipped ones too, not only those AWS names.", flag=True
    ),
    Argument("force", "--force", "Of run_summary: replace what is ingested already.", flag=True, on_glue=False),
    Argument(
        "keep_snapshots",
        "--keep-snapshots",
        "Of s3_inventory_object: how many snapshots of each bucket and configuration keep their rows; all keep their"
        " totals.",
        default="8",
        metavar="NUMBER",
    ),
    Argument(
        "management_events",
        "--management-events",
        "Of cloudtrail_s3_event: keep or drop management events, which are about buckets and settings; dropped ones"
        " are counted as filtered. Objects that are ingested already are not read again.",
        default="keep",
        choices=MANAGEMENT_EVENTS,
    ),
    Argument(
        "reader_keys",
        "--reader-keys",
        "The secret keys of reader ids: a file that only you can use, by default ~/.config/usage-lake/reader-keys.json,"
        " which the first run makes; or the ARN of a secret of AWS Secrets Manager.",
        metavar="FILE_OR_ARN",
        variable="USAGE_LAKE_READER_KEYS",
    ),
    Argument(
        "engine",
        "--engine",
        "Who runs the tasks: processes of this machine, or Spark, which needs the extra spark.",
        default="processes",
        choices=ENGINES,
        on_glue=False,
    ),
)
