"""The page of the reports: one HTML file that loads no other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from html import escape
from itertools import groupby
from typing import Any

import pyarrow as pa

from glue_jobs.publish.report_set import Report
from glue_jobs.publish.text import cell, records

NAME = "index.html"
HTML = "text/html; charset=utf-8"

# The report files have all rows.
ROWS_SHOWN = 20

STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 80rem; padding: 0 1rem; color: #1b1f24; }
h1 { font-size: 1.6rem; } h2 { margin-top: 2.5rem; border-bottom: 1px solid #d0d7de; } h3 { margin-bottom: 0; }
p { max-width: 60rem; } .about, .more { color: #57606a; }
.table { overflow-x: auto; } table { border-collapse: collapse; font-size: 13px; }
th, td { padding: .25rem .7rem; border-bottom: 1px solid #d0d7de; text-align: left; vertical-align: top; }
td { overflow-wrap: anywhere; }
td.number { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
"""


@dataclass(frozen=True)
class Shown:
    """One report on the page: its first rows, and the number of all its rows."""

    report: Report
    rows: pa.Table
    all_rows: int


def page(shown: Sequence[Shown], failed: Sequence[str], day: date) -> str:
    """The page as HTML. All texts are escaped, because keys and user agents come from strangers."""
    parts = [
        "<!DOCTYPE html>",
        f'<html lang="en"><head><meta charset="utf-8"><title>Reports of {day}</title>',
        f"<style>{STYLE}</style></head><body>",
        f"<h1>Reports of {day}</h1>",
    ]
    if failed:
        parts.append(f"<p><strong>Could not be made:</strong> {escape(', '.join(failed))}.</p>")
    for subject, group in groupby(shown, key=lambda entry: entry.report.subject):
        parts.append(f"<h2>{escape(subject.capitalize())}</h2>")
        parts += [_section(entry, day) for entry in group]
    return "\n".join([*parts, "</body></html>", ""])


def _section(shown: Shown, day: date) -> str:
    report, metadata = shown.report, shown.report.query.metadata
    names = [report.name(form, day) for form in report.forms]
    links = " ".join(f'<a href="{escape(name)}">{escape(name.rpartition(".")[2].upper())}</a>' for name in names)
    parts = [
        f'<h3 id="{escape(report.query.name)}">{escape(metadata.title)}</h3>',
        f'<p class="about">{escape(metadata.description)} {links}</p>',
        _table(shown.rows) if shown.all_rows else "<p>No rows.</p>",
    ]
    if shown.all_rows > shown.rows.num_rows:
        parts.append(f'<p class="more">The first {shown.rows.num_rows} of {shown.all_rows:,} rows.</p>')
    return "\n".join(parts)


def _table(rows: pa.Table) -> str:
    head = "".join(f"<th>{escape(name)}</th>" for name in rows.column_names)
    body = "\n".join(f"<tr>{''.join(map(_cell, record))}</tr>" for record in records(rows))
    return f'<div class="table"><table><thead><tr>{head}</tr></thead><tbody>\n{body}\n</tbody></table></div>'


def _cell(value: Any) -> str:
    if value is None:
        return "<td></td>"
    if isinstance(value, int) and not isinstance(value, bool):
        return f'<td class="number">{value:,}</td>'
    kind = ' class="number"' if isinstance(value, float) else ""
    return f"<td{kind}>{escape(cell(value))}</td>"
