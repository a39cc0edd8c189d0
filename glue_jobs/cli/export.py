"""The commands that export data of a lake as documents for other programs."""

from __future__ import annotations

from typing import Any

import click

from glue_jobs.cli.options import given, lake_options
from glue_jobs.progress import reporter


@click.group("export")
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
    from glue_jobs.jobs.lake_argument import lake_argument
    from glue_jobs.publish.run_json.export import export_run_json
    from glue_jobs.storage import address

    click.echo(export_run_json(lake_argument(given(values)), address(folder), reporter()).sentence)
