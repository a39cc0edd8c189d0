"""Tables on a terminal and in a pipe, and the list of saved queries."""

from __future__ import annotations

import sys
from collections.abc import Iterable

from rich.console import Console
from rich.table import Table

from glue_jobs.query.saved.query import SavedQuery


def console() -> Console:
    """Standard output without markup, so that texts are printed unchanged."""
    # A pipe has no width, and shortened columns would lose data. A text such as :key: is not an emoji.
    return Console(highlight=False, markup=False, emoji=False, width=None if sys.stdout.isatty() else 400)


def text_table(*names: str) -> Table:
    """An empty table with these columns and no borders."""
    return Table(*names, box=None, header_style="bold", pad_edge=False)


def print_queries(saved: Iterable[SavedQuery]) -> None:
    """Print the names, titles and parameters of saved queries."""
    table = text_table("query", "answers", "parameters")
    for query in saved:
        parameters = ", ".join(f"{parameter.name}={parameter.example}" for parameter in query.metadata.parameters)
        table.add_row(query.name, query.metadata.title, parameters)
    console().print(table)
