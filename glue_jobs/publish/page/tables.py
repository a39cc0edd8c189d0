"""Tables of the page: numbers to the right, sortable by a script, each with links to its files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from math import inf
from typing import Any

from glue_jobs.publish.page import words
from glue_jobs.publish.page.answers import Row
from glue_jobs.publish.page.charts.bars import meter
from glue_jobs.publish.page.markup import Html, element, name, text

ROWS_OF_TABLE = 100
"""More rows are in the files only."""


@dataclass(frozen=True)
class Column:
    """One column; ``write`` turns its value into text, and numbers sort by their value."""

    title: str
    key: str
    write: Callable[[Any], str] | None = None
    is_change: bool = False
    largest: float | None = None
    """If set, each number has a bar beside it; the bar of this number is full."""


def ratio(now: float, before: float) -> float:
    """The factor from ``before`` to ``now``; infinity if only ``before`` is 0, and 1 if both are 0."""
    return now / before if before else inf if now else 1.0


CHANGE = Column("Change", "change", lambda value: words.change(value, 1.0) if value != inf else "new", is_change=True)
"""A column of ratios, as :func:`ratio` returns them."""


def count_column(title: str, key: str) -> Column:
    """A column of counts."""
    return Column(title, key, words.count)


def size_column(title: str, key: str) -> Column:
    """A column of bytes."""
    return Column(title, key, words.size)


DATA_SET = (Column("Account", "account"), Column("Data set", "repository"))
"""The columns that name a data set."""


def data_table(caption: str, columns: Sequence[Column], rows: Sequence[Row], *, identity: str | None = None) -> Html:
    """The first rows as a table with a caption for screen readers; a note gives their number if some are left out."""
    shown = rows[:ROWS_OF_TABLE]
    head = "".join(
        f'<th scope="col"{_kind(column)}><button type="button">{text(column.title)}</button></th>' for column in columns
    )
    body = "".join(f"<tr>{''.join(_cell(column, row[column.key]) for column in columns)}</tr>" for row in shown)
    table = Html(
        f'<div class="scroll" tabindex="0" role="region" aria-label="{text(caption)}"><table'
        f'{f""" id="{identity}" """ if identity else ""}><caption>{text(caption)}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )
    if len(rows) <= ROWS_OF_TABLE:
        return table
    note = f"The first {words.count(len(shown))} of {words.count(len(rows))} rows; the files have all."
    return Html(table + element("p", note, class_="note"))


def _kind(column: Column) -> str:
    return ' class="n"' if column.write else ""


def _cell(column: Column, value: Any) -> str:
    if value is None:
        return f"<td{_kind(column)}></td>"
    if column.write is None:
        if isinstance(value, Html):
            return f"<td>{value}</td>"
        return f"<td>{name(str(value))}</td>"
    if isinstance(value, str):
        # The placeholder of a hidden number sorts below all numbers.
        return f'<td class="n" data-v="-1">{text(value)}</td>'
    if isinstance(value, date):
        # A datetime is a date too.
        return f'<td class="n" data-v="{value}">{text(column.write(value))}</td>'
    written = column.write(value)
    if column.is_change:
        tone = "up" if value > 1 else "down" if value < 1 else "same"
        number = "Infinity" if value == inf else f"{value:.4f}"
        return f'<td class="n" data-v="{number}"><span class="chip {tone}">{text(written)}</span></td>'
    exact = f' title="{words.count(value)}"' if isinstance(value, int) and column.write is words.size else ""
    bar, kind = ("", "n") if column.largest is None else (meter(value, column.largest), "n measured")
    return f'<td class="{kind}" data-v="{value}"{exact}>{bar}{text(written)}</td>'


def links(files: Sequence[str], root: str, title: str = "") -> Html:
    """Links to the files with all rows, after the title of the report if there are several reports."""
    parts = [
        element(
            "a", file.rpartition(".")[2].upper(), href=f"{root}{file}", download=True, title=file.rpartition("/")[2]
        )
        for file in files
    ]
    return element("span", title, *parts, class_="files")
