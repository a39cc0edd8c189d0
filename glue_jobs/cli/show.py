"""Print results as a table, as CSV or as JSON."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pyarrow as pa

from glue_jobs.cli.terminal import console, text_table
from glue_jobs.progress import printable
from glue_jobs.publish.text import cell, csv_text, json_text, records
from glue_jobs.sources import SOURCES

# A source of which nothing is ingested has a row of zeros, so that a mistyped path is noticed.
STATUS = f"""
SELECT source.pipeline, count(key) AS objects, sum(records) AS records, sum(rows) AS "rows", sum(rejected) AS rejected,
       sum(duplicates) AS duplicates, sum(filtered) AS filtered, min(first_event_time) AS oldest_event,
       max(last_event_time) AS newest_event, max(ingested_at) AS last_run
FROM (VALUES {", ".join(f"('{source}')" for source in SOURCES)}) AS source (pipeline)
LEFT JOIN ingested_object ON ingested_object.pipeline = source.pipeline
GROUP BY source.pipeline ORDER BY source.pipeline
"""

REJECTED = """
SELECT source, reason, object, position, record FROM rejected_record
ORDER BY ingest_date DESC, run_id DESC, object, position LIMIT ?
"""

# The table contains the whole record.
MAX_RECORD_BYTES_SHOWN = 160


def print_rows(rows: pa.Table, form: str) -> None:
    """Print the rows to standard output as a table, as CSV or as JSON."""
    if form == "table":
        _print_table(rows.column_names, records(rows))
    else:
        print(csv_text(rows) if form == "csv" else json_text(rows), end="", flush=True)


def readable(rows: pa.Table) -> pa.Table:
    """Replace the bytes of column ``record`` by printable text, shortened to a line."""
    texts = [None if value is None else _escaped(value) for value in rows["record"].to_pylist()]
    return rows.set_column(rows.column_names.index("record"), "record", pa.array(texts, pa.string()))


def _print_table(names: list[str], lines: list[tuple[Any, ...]]) -> None:
    table = text_table()
    for number, name in enumerate(names):
        numeric = {type(record[number]) for record in lines} - {type(None)}
        is_numeric = bool(numeric) and numeric <= {int, float, Decimal}
        table.add_column(printable(name), justify="right" if is_numeric else "left", overflow="fold")
    for record in lines:
        table.add_row(*map(_cell, record))
    console().print(table)
    if not lines:
        console().print("(no rows)", style="dim")


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    # Texts from requests can contain escape sequences, which a terminal would execute.
    return f"{value:,.2f}" if isinstance(value, float | Decimal) else printable(cell(value))


def _escaped(value: bytes) -> str:
    text = printable(value[:MAX_RECORD_BYTES_SHOWN].decode("utf-8", "backslashreplace"))
    return text + ("…" if len(value) > MAX_RECORD_BYTES_SHOWN else "")
