"""``usage-lake``: the command line, for lakes on a laptop and on AWS.

Each command imports what it needs when it starts. Importing the whole program takes seconds, which would delay
``--help`` and the message about a mistyped argument.
"""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from glue_jobs.cli.group import CommandGroup
from glue_jobs.cli.options import FORMAT, options
from glue_jobs.errors import ArgumentError
from glue_jobs.jobs.arguments import ARGUMENTS, INGEST_JOB, REPORT, REPORT_JOB
from glue_jobs.progress import reporter
from glue_jobs.workers.without_pandas import without_pandas

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa

    from glue_jobs.query.duckdb.query_engine import QueryEngine
    from glue_jobs.query.saved.metadata import ParameterValue


@click.group(cls=CommandGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--verbose", is_flag=True, help="Show the stack trace of an error.")
@click.version_option(package_name="s3-usage-lake")
def main(verbose: bool) -> None:
    """Usage and storage analytics for data published from Amazon S3."""
    without_pandas()
    if not verbose:
        # Libraries log errors that are printed as a sentence anyway, and stack traces after Ctrl-C.
        logging.basicConfig(level=logging.CRITICAL)


@main.command("ingest")
@options(*(argument.name for argument in ARGUMENTS if INGEST_JOB in argument.jobs))
def ingest_command(**values: Any) -> None:
    """Ingest new raw objects into the lake, each exactly once."""
    _run_job(values)


@main.command("report")
@options(*(argument.name for argument in ARGUMENTS if REPORT_JOB in argument.jobs and argument.name != "pipeline"))
def report_command(**values: Any) -> None:
    """Publish the results of the saved queries as dated CSV and JSON files."""
    _run_job({"pipeline": REPORT, **values})


def _run_job(values: dict[str, Any]) -> None:
    from glue_jobs.jobs.run_job import run_job

    result = run_job(_given(values), reporter())
    click.echo(result.sentence)
    if result.failed:
        sys.exit(1)


def _given(values: dict[str, Any]) -> dict[str, str]:
    return {name: str(value) for name, value in values.items() if value is not None}


@main.command("query")
@click.argument("name")
@click.option("--param", "parameters", multiple=True, metavar="NAME=VALUE", help="A parameter of the query.")
@click.option(
    "--as-of",
    "--date",
    "day",
    metavar="DAY",
    help="Day (UTC) that the query is about, such as 2024-05-07 or 20240507; by default today.",
)
@options("lake_path", "database", "catalog")
@FORMAT
def query_command(name: str, parameters: tuple[str, ...], day: str | None, form: str, **values: Any) -> None:
    """Run a saved query, such as access/downloads_by_month.

    Tables on S3 are downloaded completely; use Athena if they are large.
    """
    from datetime import UTC, datetime

    from glue_jobs.jobs.day_argument import day_argument
    from glue_jobs.query.saved.query import SavedQuery

    query = SavedQuery.load(name)
    bound = query.bind(dict(_parameter(text) for text in parameters))
    as_of = datetime.now(UTC).date() if day is None else day_argument("as-of", day)
    with _engine(values) as engine:
        rows = engine.run(query.sql, bound, as_of)
        _print(rows, form)
        if not rows.num_rows:
            from glue_jobs.cli.empty_answer import explain_empty_answer

            for sentence in explain_empty_answer(engine, query, as_of):
                click.echo(sentence, err=True)


@main.command("sql")
@click.argument("statement")
@options("lake_path", "database", "catalog")
@FORMAT
def sql_command(statement: str, form: str, **values: Any) -> None:
    """Run a SELECT in Athena's SQL.

    DuckDB runs it, which lacks some functions of Athena. Tables on S3 are downloaded completely; use Athena if they are
    large.
    """
    _print(_answer(values, statement), form)


@main.command("queries")
def queries_command() -> None:
    """List the saved queries."""
    from glue_jobs.cli.terminal import print_queries
    from glue_jobs.query.saved.query import SavedQuery

    print_queries(SavedQuery.all())


@main.command("status")
@options("lake_path", "database", "catalog")
@FORMAT
def status_command(form: str, **values: Any) -> None:
    """Show what each pipeline has ingested, including rows of replaced inventory snapshots."""
    from glue_jobs.cli.show import STATUS

    _print(_answer(values, STATUS), form)


@main.command("rejected")
@options("lake_path", "database", "catalog")
@click.option(
    "--limit", default=50, show_default=True, type=click.IntRange(min=0), help="Number of records, newest first."
)
@FORMAT
def rejected_command(limit: int, form: str, **values: Any) -> None:
    """Show rejected raw records and the reason for each."""
    from glue_jobs.cli.show import REJECTED, readable

    _print(readable(_answer(values, REJECTED, [limit])), form)


def _answer(values: dict[str, Any], sql: str, parameters: Sequence[ParameterValue] = ()) -> pa.Table:
    """The result of a SELECT on the lake that ``values`` name."""
    with _engine(values) as engine:
        return engine.run(sql, parameters)


def _engine(values: dict[str, Any]) -> QueryEngine:
    """DuckDB over the lake that ``values`` name; raises LakeError if it has no table."""
    from glue_jobs.jobs.lake_argument import lake_argument
    from glue_jobs.query.duckdb.lake_tables import sources
    from glue_jobs.query.duckdb.query_engine import QueryEngine
    from glue_jobs.sources.pipelines import TABLES

    lake = lake_argument(_given(values))
    lake.check_any(TABLES)
    return QueryEngine(sources(lake))


def _print(rows: pa.Table, form: str) -> None:
    from glue_jobs.cli.show import print_rows

    print_rows(rows, form)


def _parameter(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise ArgumentError(f"a parameter is given as name=value, not {text!r}")
    return name, value


@main.command("connect")
@click.argument("bucket")
@click.option(
    "--to", "log_bucket", required=True, metavar="BUCKET", help="The log bucket of the stack: its output LogBucket."
)
@click.option("--log-prefix", default="s3-access-log/", show_default=True, help="The stack's AccessLogPrefix.")
@click.option("--inventory-prefix", default="s3-inventory/", show_default=True, help="The stack's InventoryPrefix.")
@click.option(
    "--frequency",
    type=click.Choice(["Daily", "Weekly"]),
    default="Daily",
    show_default=True,
    help="How often S3 writes the inventory.",
)
@click.option("--apply", is_flag=True, help="Change the settings; without it they are only printed.")
def connect_command(**values: Any) -> None:
    """Make a bucket deliver access logs and inventories; deliveries to other places are left alone."""
    from glue_jobs.cli.connect import Connection, connect

    for sentence in connect(Connection(**values)):
        click.echo(sentence)


@main.command("demo")
@click.option(
    "--dir",
    "folder",
    type=click.Path(path_type=Path),
    default=Path("demo"),
    show_default=True,
    help="Folder of the demo.",
)
@click.option(
    "--scale",
    type=click.FloatRange(min=0, min_open=True),
    default=1.0,
    show_default=True,
    help="Amount of traffic; 1 is about 60,000 requests.",
)
def demo_command(folder: Path, scale: float) -> None:
    """Write a publisher's raw files, ingest them, run queries and reports, and compare with the truth."""
    from glue_jobs.cli.demo import demonstrate

    if not demonstrate(folder.resolve(), scale, reporter()):
        sys.exit(1)
