"""``usage-lake``: the command line, for lakes on a laptop and on AWS.

Each command imports what it needs when it starts. Importing the whole program takes seconds, which would delay
``--help`` and the message about a mistyped argument.
"""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path
from typing import Any

import click

from glue_jobs.cli.ask import COMMANDS
from glue_jobs.cli.check import check_command
from glue_jobs.cli.export import export_command
from glue_jobs.cli.forget import forget_command
from glue_jobs.cli.group import CommandGroup
from glue_jobs.cli.options import Range, given, options
from glue_jobs.jobs.arguments import ARGUMENTS, INGEST_JOB, REPORT, REPORT_JOB
from glue_jobs.progress import reporter
from glue_jobs.sources import SOURCES
from glue_jobs.workers.without_pandas import without_pandas


@click.group(cls=CommandGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--verbose", is_flag=True, help="Show the stack trace of an error.")
@click.version_option(package_name="s3-usage-lake")
def main(verbose: bool) -> None:
    """Usage and storage analytics for data published from Amazon S3."""
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        # https://no-color.org; a dumb terminal, such as an editor's, does not interpret escape sequences.
        click.get_current_context().color = False
    without_pandas()
    if not verbose:
        # Libraries also log errors that are printed as a sentence, and stack traces after Ctrl-C.
        logging.basicConfig(level=logging.CRITICAL)


for _command in (*COMMANDS, check_command, export_command, forget_command):
    main.add_command(_command)


@main.command("ingest", epilog=f"PIPELINE is one of {', '.join(SOURCES)}.")
@options(*(argument.name for argument in ARGUMENTS if INGEST_JOB in argument.jobs))
def ingest_command(**values: Any) -> None:
    """Ingest new raw objects into the lake, each exactly once."""
    _run_job(values)


@main.command("report")
@options(*(argument.name for argument in ARGUMENTS if REPORT_JOB in argument.jobs and argument.name != "pipeline"))
def report_command(**values: Any) -> None:
    """Publish a page, and the answers of the saved queries as files."""
    _run_job({"pipeline": REPORT, **values})


def _run_job(values: dict[str, Any]) -> None:
    from glue_jobs.jobs.run_job import run_job

    result = run_job(given(values), reporter())
    click.echo(result.sentence)
    if result.failed:
        sys.exit(1)


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
    """Make a bucket deliver access logs and inventories.

    Deliveries to other places are left alone.
    """
    from glue_jobs.cli.connect import connect

    for sentence in connect(**values):
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
    # Larger samples, of more than a million requests a day, would fill the disk.
    type=Range(0, 1000),
    default=1.0,
    show_default=True,
    help="Amount of traffic; 1 is about 60,000 requests.",
)
@click.option("--verbose", is_flag=True, help="Print every measure that is compared, and what the runs say.")
def demo_command(folder: Path, scale: float, verbose: bool) -> None:
    """See it work on the logs of an invented publisher.

    Writes its raw files, ingests them, asks, publishes a page, and compares with the truth.
    """
    from glue_jobs.cli.demo import demonstrate

    if not demonstrate(folder.resolve(), scale, reporter(), verbose):
        sys.exit(1)


@main.command("open")
@click.argument("folder", required=False, metavar="[DIR]")
def open_command(folder: str | None) -> None:
    """Open the page of published reports in a browser.

    DIR is by default reports, or else demo/reports.
    """
    from glue_jobs.cli.open_page import open_page

    click.echo(open_page(folder))
