"""Answers for people and programs: a table on the terminal, CSV, or JSON."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterable
from typing import Any

import pyarrow as pa
from rich.console import Console
from rich.table import Table

from glue_jobs.saved_query import SavedQuery

FORMATS = ("table", "csv", "json")

STATUS = """
SELECT pipeline, count(*) AS objects, sum(records) AS records, sum(rows) AS "rows", sum(rejected) AS rejected,
       sum(duplicates) AS duplicates, sum(filtered) AS filtered, min(first_event_time) AS oldest_event,
       max(last_event_time) AS newest_event, max(ingested_at) AS last_run
FROM ingested_object GROUP BY pipeline ORDER BY pipeline
"""

REJECTED = """
SELECT source, reason, object, position, record FROM rejected_record
ORDER BY ingest_date DESC, run_id DESC, object, position LIMIT ?
"""

# Of a record this much is shown; the table has all of it.
SHOWN = 160


def answer(rows: pa.Table, form: str) -> None:
    """Print the rows to standard output in one of FORMATS."""
    names, records = rows.column_names, rows.to_pylist()
    if form == "csv":
        # RFC 4180, but with the line end of the platform's text tools.
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(names)
        writer.writerows([_plain(record[name]) for name in names] for record in records)
    elif form == "json":
        print(json.dumps(records, default=str, ensure_ascii=False, indent=2))
    else:
        _print_table(names, records)


def readable(rows: pa.Table) -> pa.Table:
    """Raw bytes as text that a terminal survives, cut to a line's length."""
    texts = [None if value is None else _escaped(value) for value in rows["record"].to_pylist()]
    return rows.set_column(rows.column_names.index("record"), "record", pa.array(texts, pa.string()))


def queries(saved: Iterable[SavedQuery]) -> None:
    """Print names, titles and parameters of saved queries."""
    table = Table("query", "answers", "parameters", box=None, header_style="bold", pad_edge=False)
    for query in saved:
        parameters = ", ".join(f"{each.name}={each.example}" for each in query.metadata.parameters)
        table.add_row(query.name, query.metadata.title, parameters)
    _console().print(table)


def _print_table(names: list[str], records: list[dict[str, Any]]) -> None:
    table = Table(box=None, header_style="bold", pad_edge=False)
    for name in names:
        numeric = all(isinstance(record[name], int | float) for record in records)
        table.add_column(name, justify="right" if numeric and records else "left", overflow="fold")
    for record in records:
        table.add_row(*(_cell(record[name]) for name in names))
    _console().print(table)
    if not records:
        _console().print("(no rows)", style="dim")


def _console() -> Console:
    # A pipe has no width: cutting columns there would lose data.
    return Console(highlight=False, markup=False, width=None if sys.stdout.isatty() else 400)


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:,.2f}" if isinstance(value, float) else str(value)


def _plain(value: Any) -> Any:
    return str(value).lower() if isinstance(value, bool) else value


def _escaped(value: bytes) -> str:
    text = value[:SHOWN].decode("utf-8", "backslashreplace")
    printable = "".join(character if character.isprintable() else repr(character)[1:-1] for character in text)
    return printable + ("…" if len(value) > SHOWN else "")
