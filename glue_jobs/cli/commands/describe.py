"""``usage-lake tables`` and ``usage-lake describe``: the tables and views of a lake, and the columns of one of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import click

from glue_jobs.cli.answers.terminal import width, wrapped, wrapped_list
from glue_jobs.errors import ArgumentError, known_names
from glue_jobs.lake import Lake
from glue_jobs.query.answer import Answer
from glue_jobs.query.saved.metadata import Parameter, ReturnedColumn
from glue_jobs.query.saved.query import SavedQuery
from glue_jobs.query.saved.view import SavedView
from glue_jobs.sources.lake_tables import lake_tables
from glue_jobs.sources.tables import TABLES
from glue_jobs.tables.model import Column, Table


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


@dataclass(frozen=True)
class Description:
    """The description of a table, view or query; its columns are tuples of name, type and explanation."""

    title: str
    text: str
    columns: tuple[tuple[str, str, str], ...]
    parameters: Sequence[Parameter] = ()

    def rows(self) -> Answer:
        """The columns as rows, as the statement DESCRIBE returns them."""
        return Answer(("column_name", "data_type", "comment"), self.columns)


def describe(name: str, uploaded: Callable[[], Sequence[Table]] = tuple) -> Description:
    """The description of a table, a view or a saved query; ``uploaded`` returns the tables of a lake's uploads.

    Raises:
        ArgumentError: nothing has that name.
    """
    # A name may be qualified, such as usage_lake.s3_access_log.
    plain = name.rpartition(".")[2]
    tables = {table.name: table for table in TABLES}
    views = {view.name: view.metadata for view in SavedView.all()}
    if plain in views:
        view = views[plain]
        return Description(f"{plain}: {view.title}", view.description, _columns(view.returns))
    if name in SavedQuery.names():
        query = SavedQuery.load(name).metadata
        return Description(f"{name}: {query.title}", query.description, _columns(query.returns), query.parameters)
    if plain not in tables:
        # The lake is read only if no other table, view or query has the name.
        tables = {table.name: table for table in uploaded()} | tables
    if plain in tables:
        return Description(plain, tables[plain].description, _columns(tables[plain].columns))
    known = [*tables, *views, *SavedQuery.names()]
    listing = "usage-lake tables and usage-lake queries"
    raise ArgumentError(f"there is no table and no query {name!r}; {known_names(name, known, listing)}")


def _columns(columns: Sequence[Column | ReturnedColumn]) -> tuple[tuple[str, str, str], ...]:
    return tuple((column.name, column.type, column.description) for column in columns)


def print_description(described: Description) -> None:
    """Print title and text of the description, its parameters, and one or more lines for each column."""
    room = width()
    click.secho("\n".join(wrapped(described.title, room)), bold=True)
    click.echo("\n".join(wrapped(described.text, room)) + "\n")
    if described.parameters:
        entries = [(f"{each.name}={each.default or each.example}", each.description) for each in described.parameters]
        click.echo("\n".join(wrapped_list([("--param", ""), *entries], room)) + "\n")
    click.echo("\n".join(wrapped_list([("column", "type", "meaning"), *described.columns], room)))
