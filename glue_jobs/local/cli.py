"""``usage-lake``: ingest, query, look, and a demonstration, on a laptop or against AWS."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from glue_jobs.args import ARGUMENTS, INGEST_JOB, REPORT_JOB, Argument, lake, order, report_order
from glue_jobs.errors import ArgumentError, UsageLakeError
from glue_jobs.ingest import ingest
from glue_jobs.local import show
from glue_jobs.local.connect import Connection, connect
from glue_jobs.local.lake_tables import sources
from glue_jobs.local.query_engine import QueryEngine
from glue_jobs.outcome import sentence
from glue_jobs.pipelines import PIPELINES
from glue_jobs.progress import reporter
from glue_jobs.reports.order import report
from glue_jobs.reports.publish import sentence as reports_sentence
from glue_jobs.saved_query import SavedQuery

Command = Callable[..., None]


class _Group(click.Group):
    """Errors of the program are one sentence and exit code 1; --verbose shows where they come from."""

    def invoke(self, context: click.Context) -> Any:
        try:
            return super().invoke(context)
        except UsageLakeError as error:
            if context.params.get("verbose"):
                traceback.print_exc()
            click.echo(f"error: {error}", err=True)
            sys.exit(1)


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--verbose", is_flag=True, help="Show the whole stack trace of an error.")
@click.version_option(package_name="s3-usage-lake")
def main(verbose: bool) -> None:
    """Usage and storage analytics for data published from Amazon S3."""


def _options(*names: str) -> Callable[[Command], Command]:
    """The declared job arguments of those names, as click options."""

    def decorate(command: Command) -> Command:
        for argument in reversed([each for each in ARGUMENTS if each.name in names]):
            command = _option(argument)(command)
        return command

    return decorate


def _option(argument: Argument) -> Callable[[Command], Command]:
    if not argument.option.startswith("--"):
        return click.argument(argument.option, type=click.Choice([pipeline.name for pipeline in PIPELINES]))
    if argument.flag:
        return click.option(argument.option, argument.name, is_flag=True, help=argument.description)
    return click.option(
        argument.option,
        argument.name,
        required=argument.required,
        default=argument.default,
        show_default=argument.default is not None,
        metavar=argument.metavar,
        help=argument.description,
    )


_FORMAT = click.option(
    "--format",
    "form",
    type=click.Choice(show.FORMATS),
    default="table",
    show_default=True,
    help="How to print the answer.",
)


@main.command("ingest")
@_options(*(argument.name for argument in ARGUMENTS if INGEST_JOB in argument.jobs))
def ingest_command(**values: Any) -> None:
    """Turn new raw objects into rows of the lake, each exactly once."""
    outcome = ingest(order(_given(values)), reporter())
    click.echo(sentence(outcome))
    if outcome.failed:
        sys.exit(1)


@main.command("report")
@_options(*(argument.name for argument in ARGUMENTS if REPORT_JOB in argument.jobs and argument.name != "pipeline"))
def report_command(**values: Any) -> None:
    """Publish the answers of the saved queries as dated CSV and JSON files."""
    click.echo(reports_sentence(report(report_order(_given(values)), reporter())))


def _given(values: dict[str, Any]) -> dict[str, str]:
    return {name: str(value) for name, value in values.items() if value is not None}


@main.command("query")
@click.argument("name")
@click.option("--param", "parameters", multiple=True, metavar="NAME=VALUE", help="A parameter of the query.")
@_options("lake_path", "database", "catalog")
@_FORMAT
def query_command(name: str, parameters: tuple[str, ...], form: str, **values: Any) -> None:
    """Answer a saved query, e.g. access/downloads_by_month."""
    query = SavedQuery.load(name)
    bound = query.bind(dict(_parameter(text) for text in parameters))
    with QueryEngine(sources(_lake(values))) as engine:
        show.answer(engine.run(query.sql, bound), form)


@main.command("sql")
@click.argument("statement")
@_options("lake_path", "database", "catalog")
@_FORMAT
def sql_command(statement: str, form: str, **values: Any) -> None:
    """Answer a SELECT in Athena's SQL."""
    with QueryEngine(sources(_lake(values))) as engine:
        show.answer(engine.run(statement), form)


@main.command("queries")
def queries_command() -> None:
    """List the saved queries."""
    show.queries(SavedQuery.all())


@main.command("status")
@_options("lake_path", "database", "catalog")
@_FORMAT
def status_command(form: str, **values: Any) -> None:
    """What was ingested, per pipeline."""
    with QueryEngine(sources(_lake(values))) as engine:
        show.answer(engine.run(show.STATUS), form)


@main.command("rejected")
@_options("lake_path", "database", "catalog")
@click.option("--limit", default=50, show_default=True, help="Records to show, the latest first.")
@_FORMAT
def rejected_command(limit: int, form: str, **values: Any) -> None:
    """Which raw records were refused, and why."""
    with QueryEngine(sources(_lake(values))) as engine:
        show.answer(show.readable(engine.run(show.REJECTED, [limit])), form)


def _lake(values: dict[str, Any]) -> Any:
    return lake({name: value for name, value in values.items() if value is not None})


def _parameter(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise ArgumentError(f"a parameter is given as name=value, not {text!r}")
    return name, value


@main.command("connect")
@click.argument("bucket")
@click.option("--to", "log_bucket", required=True, metavar="BUCKET", help="The stack's log bucket: output LogBucket.")
@click.option("--log-prefix", default="s3-access-log/", show_default=True, help="As the stack's AccessLogPrefix.")
@click.option("--inventory-prefix", default="s3-inventory/", show_default=True, help="As the stack's InventoryPrefix.")
@click.option(
    "--frequency", type=click.Choice(["Daily", "Weekly"]), default="Daily", show_default=True, help="Of the inventory."
)
@click.option("--apply", is_flag=True, help="Make the settings; without it they are only printed.")
def connect_command(**values: Any) -> None:
    """Make a bucket deliver access logs and inventories; what it delivers elsewhere is left alone."""
    for told in connect(Connection(**values)):
        click.echo(told)


@main.command("demo")
@click.option(
    "--dir", "folder", type=click.Path(path_type=Path), default=Path("demo"), show_default=True, help="Where."
)
@click.option("--scale", default=1.0, show_default=True, help="How much traffic; 1 is about 60,000 requests.")
def demo_command(folder: Path, scale: float) -> None:
    """Make a publisher's raw files, ingest them, ask, publish reports, compare with the truth."""
    from glue_jobs.local.demo import demonstrate

    if not demonstrate(folder.resolve(), scale, reporter()):
        sys.exit(1)
