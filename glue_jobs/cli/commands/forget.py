"""``usage-lake forget``: remove the data of a person from a lake."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from glue_jobs.cli.options import given, lake_options, options
from glue_jobs.errors import ArgumentError
from glue_jobs.progress import counted, reporter

if TYPE_CHECKING:
    from glue_jobs.ingest.forget.forget import Forgotten

AGAIN = "raw objects are not touched; these have records of the person, which a new copy or another lake would have:"


@click.command("forget")
@lake_options
@click.option("--address", "addresses", multiple=True, metavar="ADDRESS", help="An address of IPv4 or IPv6.")
@click.option("--reader", "reader_ids", multiple=True, metavar="READER_ID", help="A reader_id of the tables.")
@click.option(
    "--account", "accounts", multiple=True, metavar="ID", help="An account id, or a canonical user id of 64 digits."
)
@options("reader_keys")
@click.option("--dry-run", is_flag=True, help="Only say what is stored.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def forget_command(dry_run: bool, yes: bool, **values: Any) -> None:
    """Remove a person from all tables and old snapshots.

    The rows and rejected records of the person are removed, and also the old snapshots of these tables with their
    files, from which they could still be read. The raw objects with records of the person are listed, but not changed.
    A stopped run continues when it is started again. Use this only while no run ingests.
    """
    from glue_jobs.ingest.forget.person import person as check_person
    from glue_jobs.jobs.arguments.lake import lake_argument
    from glue_jobs.jobs.forget_job import forget_person
    from glue_jobs.sources.tables import TABLES

    names = ("addresses", "reader_ids", "accounts", "reader_keys")
    person = {name: values.pop(name) for name in names}
    lake = lake_argument(given(values))
    # A mistake in these is named before anything is asked.
    lake.check_any(TABLES)
    check_person(person["addresses"], person["reader_ids"], person["accounts"])
    if not (yes or dry_run):
        if not sys.stdin.isatty():
            raise ArgumentError("forgetting cannot be undone; give --yes, or --dry-run to see what is stored")
        _print(forget_person(lake, True, reporter(), **person))
        click.confirm("Remove this? It cannot be undone", abort=True, err=True)
    _print(forget_person(lake, dry_run, reporter(), **person))


def _print(forgotten: Forgotten) -> None:
    click.echo("\n".join(_lines(forgotten)))


def _lines(forgotten: Forgotten) -> Iterator[str]:
    verb = "would be removed" if forgotten.is_dry else "removed"
    total = sum(forgotten.rows.values())
    for table, rows in forgotten.rows.items():
        if rows:
            yield f"{table}: {counted(rows, 'row')} {verb}"
    if not total:
        yield "no table has a row of them"
    if not forgotten.is_dry:
        yield f"old snapshots: {counted(forgotten.old_files, 'file')} removed"
    if forgotten.unfinished:
        yield (
            f"run {forgotten.unfinished[0]} has not finished and may have more; forget again when runs have ended"
            " for a day"
        )
    if forgotten.raw_objects:
        yield AGAIN
        yield from sorted(forgotten.raw_objects)
