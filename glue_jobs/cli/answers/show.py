"""Print an answer as a table that fits the terminal, as CSV or as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import click

from glue_jobs.cli.answers.cells import Kind, kind_of, text_of
from glue_jobs.cli.answers.layout import ShownColumn, cut, fit, lines
from glue_jobs.cli.answers.terminal import width, wrapped
from glue_jobs.progress import printable
from glue_jobs.publish.text import csv_text, json_text
from glue_jobs.query.answer import Answer

ROWS_SHOWN = 20
TOTAL = "total"


@dataclass(frozen=True)
class View:
    """The part of an answer that a table shows.

    ``show`` names the columns in their order; if empty, all are shown. ``totals`` names the columns that are summed
    over all rows. ``limit`` is the number of rows; None shows all. ``exact`` gives every digit. With
    ``all_columns`` a table that is too wide becomes one block of lines per row.
    """

    show: Sequence[str] = ()
    totals: Sequence[str] = ()
    limit: int | None = ROWS_SHOWN
    all_columns: bool = False
    exact: bool = False


def print_rows(rows: Answer, form: str, view: View) -> None:
    """Print the rows to standard output: ``form`` is table, csv or json. CSV and JSON have all columns and digits."""
    if form == "table":
        # One write, so that nothing is printed if the terminal cannot encode a character.
        click.echo("\n".join(table_lines(rows, view, width())))
        return
    shown = rows.first(view.limit)
    text = csv_text(shown) if form == "csv" else json_text(shown)
    print(text, end="", flush=True)


def table_lines(rows: Answer, view: View, width: int | None) -> list[str]:
    """The lines of the table, and a line with the number of omitted rows and columns; none is wider than ``width``."""
    shown = _columns(rows, view)
    first_rows = rows.select(shown).first(view.limit)
    totals = _totals(rows, shown, view)
    columns = _cells(first_rows, totals, view)
    widths = fit(columns, width)
    if view.all_columns and len(widths) < len(columns):
        printed = _blocks(columns, first_rows.num_rows, width)
    else:
        header, body = lines(columns, widths)
        last = [click.style(body.pop(), bold=True)] if totals else []
        printed = [*(click.style(line, bold=True) for line in header), *body, *last]
        shown = shown[: len(widths)]
    if not rows.num_rows:
        return [*printed, click.style("(no rows)", dim=True)]
    left_out = _left_out(rows, first_rows.num_rows, len(shown))
    return [*printed, *(click.style(line, dim=True) for line in wrapped(left_out, width) if line)]


def shown_cells(rows: Answer, view: View) -> list[ShownColumn]:
    """The columns that the view shows, with cells and sums as text."""
    shown = _columns(rows, view)
    return _cells(rows.select(shown).first(view.limit), _totals(rows, shown, view), view)


def _columns(rows: Answer, view: View) -> list[int]:
    """The positions of the columns to show; not their names, which may occur twice in an answer."""
    everything = list(range(rows.num_columns))
    if view.all_columns or not view.show:
        return everything
    return [rows.column_names.index(name) for name in view.show if name in rows.column_names] or everything


def _totals(rows: Answer, shown: Sequence[int], view: View) -> list[Any] | None:
    """A value for each shown column, "" for a column without a sum; None if there is nothing to sum."""
    names = [rows.column_names[index] for index in shown]
    if rows.num_rows < 2 or not set(names) & set(view.totals):
        return None
    sums = [_sum(rows.column(index)) if name in view.totals else "" for index, name in zip(shown, names, strict=True)]
    return [TOTAL if sums[0] == "" else sums[0], *sums[1:]]


def _sum(values: Sequence[Any]) -> Any:
    """The sum; None, which is unknown, if a value is None."""
    return None if None in values else sum(values)


def _cells(rows: Answer, totals: Sequence[Any] | None, view: View) -> list[ShownColumn]:
    columns = []
    for index, name in enumerate(rows.column_names):
        column = rows.column(index)
        kind = kind_of(name, column)
        texts = [text_of(value, kind, view.exact) for value in column]
        if totals is not None:
            texts.append(text_of(totals[index], kind, view.exact))
        is_number = kind not in (Kind.TEXT, Kind.FIXED)
        columns.append(ShownColumn(printable(name), texts, is_text=kind is Kind.TEXT, is_number=is_number))
    return columns


def _blocks(columns: Sequence[ShownColumn], rows: int, width: int | None) -> list[str]:
    """Each of the first rows as lines with a name and a value, followed by an empty line."""
    indent = max(len(column.header) for column in columns) + 2
    printed = []
    for row in range(rows):
        for column in columns:
            text = column.cells[row]
            name = click.style(column.header, bold=True) + " " * (indent - len(column.header))
            printed.append(name + (text if width is None else cut(text, max(1, width - indent))))
        printed.append("")
    return printed


def _left_out(rows: Answer, shown_rows: int, shown_columns: int) -> str:
    parts, options = [], []
    if shown_rows < rows.num_rows:
        parts.append(f"{shown_rows:,} of {rows.num_rows:,} rows")
        options.append("--limit all")
    if shown_columns < rows.num_columns:
        parts.append(f"{shown_columns} of {rows.num_columns} columns")
        options.append("--all-columns")
    return f"{', '.join(parts)} ({', '.join(options)})" if parts else ""
