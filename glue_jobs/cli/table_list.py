"""``usage-lake tables``: the tables and views of a lake."""

from __future__ import annotations

import click

from glue_jobs.cli.terminal import width, wrapped_list
from glue_jobs.lake import Lake
from glue_jobs.query.answer import Answer
from glue_jobs.query.saved.view import SavedView
from glue_jobs.sources.lake_tables import lake_tables
from glue_jobs.tables.model import Table


def table_rows(lake: Lake) -> Answer:
    """A row for each table and view: database, name, kind, number of rows (null for a view), and meaning of a row.

    The numbers come from the tables' snapshot summaries; no data files are read.

    Raises:
        LakeError: the lake cannot be read.
    """
    known = lake_tables(lake)
    tables = [(lake.database, table.name, "table", _count(lake, table), table.description) for table in known]
    views = [(lake.database, view.name, "view", None, view.metadata.title) for view in SavedView.all()]
    names = ("database", "table", "kind", "rows", "one_row_is")
    return Answer(names, [*tables, *views])


def print_tables(rows: Answer) -> None:
    """Print name, rows and explanation of each table and view."""
    counts = ["view" if count is None else f"{count:,}" for _, _, _, count, _ in rows.records]
    places = max(map(len, counts))
    entries = [
        (table, count.rjust(places), one_row_is)
        for (_, table, _, _, one_row_is), count in zip(rows.records, counts, strict=True)
    ]
    click.echo("\n".join(wrapped_list([("table", "rows".rjust(places), "what it holds"), *entries], width())))


def _count(lake: Lake, table: Table) -> int:
    if not lake.has(table):
        return 0
    newest = next(iter(lake.load(table).summaries()), {})
    return int(newest.get("total-records", 0))
