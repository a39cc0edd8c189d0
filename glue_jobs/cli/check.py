"""The command that checks a lake."""

from __future__ import annotations

import sys
from typing import Any

import click

from glue_jobs.cli.options import given, lake_options


@click.command("check")
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
    from glue_jobs.jobs.check.check_lake import check_lake
    from glue_jobs.jobs.lake_argument import lake_argument
    from glue_jobs.storage import address

    holds = True
    for result in check_lake(lake_argument(given(values)), address(raw) if raw else None, sample):
        click.echo(str(result))
        holds &= result.holds
    if not holds:
        sys.exit(1)
