"""Write an answer to a file: CSV, JSON, Parquet, an Excel workbook, or a table in Markdown."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from math import isfinite
from typing import Any

from glue_jobs.cli.answers.show import View, shown_cells
from glue_jobs.errors import ArgumentError
from glue_jobs.publish.published_file import remove_unfinished
from glue_jobs.publish.text import cell, csv_text, json_text, unique_names
from glue_jobs.query.answer import Answer
from glue_jobs.storage import address, storage_for

# https://support.microsoft.com/en-us/office/excel-specifications-and-limits-1672b34d-7043-467e-8e27-269d656771c3
MAX_EXCEL_ROWS = 1_048_576
MAX_EXCEL_TEXT = 32_767
# Excel stores 15 digits of a number.
MAX_EXCEL_INTEGER = 10**15
FIRST_EXCEL_DAY = date(1900, 3, 1)


def write_rows(rows: Answer, name: str, view: View) -> int:
    """Write the rows to a file or ``s3://`` object in the format of its ending; returns their number.

    Only the first ``view.limit`` rows are written. Markdown has the columns and rounded numbers of a table on a
    terminal; every other format has all columns and digits.

    Raises:
        ArgumentError: a workbook cannot hold the rows.
        StorageError: the file cannot be written.
    """
    location = address(name)
    written = rows.first(view.limit)
    # A name such as .csv has no suffix.
    ending = f".{name.lower().rpartition('.')[2]}"
    storage_for(location).put(location, WRITERS[ending](written, view))
    remove_unfinished([location])
    return written.num_rows


def _parquet(rows: Answer, _: View) -> bytes:
    import pyarrow.parquet as pq

    sink = io.BytesIO()
    pq.write_table(rows.to_arrow().rename_columns(unique_names(rows.column_names)), sink)
    return sink.getvalue()


def _markdown(rows: Answer, view: View) -> bytes:
    columns = shown_cells(rows, view)
    lines = [
        [_escaped(column.header) for column in columns],
        ["---:" if column.is_number else "---" for column in columns],
        *([_escaped(text) for text in texts] for texts in zip(*(column.cells for column in columns), strict=True)),
    ]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines).encode()


def _escaped(text: str) -> str:
    """The text with the special characters of Markdown and HTML escaped."""
    return re.sub(r"([\\`*_{}\[\]<>#|~&])", r"\\\1", text)


def _excel(rows: Answer, _: View) -> bytes:
    import xlsxwriter

    if rows.num_rows >= MAX_EXCEL_ROWS:
        raise ArgumentError(
            f"a workbook holds {MAX_EXCEL_ROWS - 1:,} rows, not {rows.num_rows:,}; write .parquet or .csv"
        )
    sink = io.BytesIO()
    # Times with a zone are in UTC, and Excel knows no zones.
    with xlsxwriter.Workbook(sink, {"in_memory": True, "remove_timezone": True}) as book:
        sheet = book.add_worksheet("answer")
        bold = book.add_format({"bold": True})
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        time = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        sheet.freeze_panes(1, 0)
        for column, name in enumerate(unique_names(rows.column_names)):
            sheet.write_string(0, column, name, bold)
        for number, record in enumerate(rows.records, 1):
            for column, value in enumerate(record):
                _write_cell(sheet, number, column, value, day, time)
        sheet.autofit()
    return sink.getvalue()


def _write_cell(sheet: Any, row: int, column: int, value: Any, day: Any, time: Any) -> None:
    """Write one value with its own type; text never becomes a formula or a link."""
    if value is None:
        return
    if isinstance(value, bool):
        sheet.write_boolean(row, column, value)
    elif _is_excel_number(value):
        sheet.write_number(row, column, value)
    elif isinstance(value, datetime) and value.date() >= FIRST_EXCEL_DAY:
        sheet.write_datetime(row, column, value, time)
    elif isinstance(value, date) and not isinstance(value, datetime) and value >= FIRST_EXCEL_DAY:
        sheet.write_datetime(row, column, value, day)
    else:
        text = cell(value)
        if len(text) > MAX_EXCEL_TEXT:
            raise ArgumentError(f"a cell holds {MAX_EXCEL_TEXT:,} characters, not {len(text):,}; write .parquet")
        sheet.write_string(row, column, text)


def _is_excel_number(value: object) -> bool:
    return isinstance(value, int | float | Decimal) and isfinite(value) and abs(float(value)) < MAX_EXCEL_INTEGER


# One for each of `glue_jobs.cli.options.OUTPUTS`.
WRITERS: dict[str, Callable[[Answer, View], bytes]] = {
    ".csv": lambda rows, _: csv_text(rows, guarded=True).encode(),
    ".json": lambda rows, _: json_text(rows).encode(),
    ".parquet": _parquet,
    ".xlsx": _excel,
    ".md": _markdown,
}
