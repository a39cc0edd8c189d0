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

from glue_jobs.cli.commands.ask import COMMANDS
from glue_jobs.cli.commands.forget import forget_command
from glue_jobs.cli.group import CommandGroup
from glue_jobs.cli.options import Range, given, lake_options, options
from glue_jobs.jobs.arguments.declared import ARGUMENTS, INGEST_JOB, REPORT, REPORT_JOB
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


for _command in (*COMMANDS, forget_command):
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


@main.command("check")
@lake_options
@click.option("--raw", metavar="DIR", help="Parse some raw objects below this folder or S3 URI again, and compare.")
@click.option(
    "--sample",
    type=click.IntRange(min=1),
    default=20,
    show_default=True,
    metavar="OBJECTS",
    help="Number of raw objects of each source to parse again.",
)
def check_command(raw: str | None, sample: int, **values: Any) -> None:
    """Check that a lake is whole, and that its numbers add up.

    Prints one line per check; the exit code is 1 if something is wrong. Check while no run ingests. Tables on S3 are
    downloaded completely.
    """
    from glue_jobs.jobs.arguments.lake import lake_argument
    from glue_jobs.jobs.check.check_lake import check_lake
    from glue_jobs.storage import address

    holds = True
    for result in check_lake(lake_argument(given(values)), address(raw) if raw else None, sample):
        click.echo(str(result))
        holds &= result.holds
    if not holds:
        sys.exit(1)


@main.group("export")
def export_command() -> None:
    """Write JSON documents of the run summaries."""


@export_command.command("run-json")
@lake_options
@click.option(
    "--to",
    "folder",
    required=True,
    metavar="DIR_OR_S3_URI",
    help="Where the documents are written: a folder, or s3://bucket/prefix.",
)
def run_json_command(folder: str, **values: Any) -> None:
    """Write a JSON document for each run and each of its matches.

    Nucleotide: run/RUN.json, family/RUN_FAMILY.json and sequence/RUN_SEQUENCE.json. Those of protein and RdRp summaries
    are in the folders protein and rdrp. The document of a run is written last. If the command is repeated, it
    continues where it stopped, and replaces the documents of runs that have a newer summary.
    """
    from glue_jobs.jobs.arguments.lake import lake_argument
    from glue_jobs.publish.run_json.export import export_run_json
    from glue_jobs.storage import address

    click.echo(export_run_json(lake_argument(given(values)), address(folder), reporter()).sentence)


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
    from glue_jobs.cli.commands.connect import connect

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
    type=Range(0, 1000, min_open=True),
    default=1.0,
    show_default=True,
    help="Amount of traffic; 1 is about 60,000 requests.",
)
@click.option("--verbose", is_flag=True, help="Print every measure that is compared, and what the runs say.")
def demo_command(folder: Path, scale: float, verbose: bool) -> None:
    """See it work on the logs of an invented publisher.

    Writes its raw files, ingests them, asks, publishes a page, and compares with the truth.
    """
    from glue_jobs.cli.commands.demo import demonstrate

    if not demonstrate(folder.resolve(), scale, reporter(), verbose):
        sys.exit(1)


@main.command("open")
@click.argument("folder", required=False, metavar="[DIR]")
def open_command(folder: str | None) -> None:
    """Open the page of published reports in a browser.

    DIR is by default reports, or else demo/reports.
    """
    from glue_jobs.cli.commands.open_page import open_page

    click.echo(open_page(folder))
