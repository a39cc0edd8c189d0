"""Results as CSV and JSON text, the same for every query engine."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from math import isfinite, isnan
from typing import TYPE_CHECKING, Any

from glue_jobs.query.answer import Answer

if TYPE_CHECKING:
    import pyarrow as pa

# Positions where a spreadsheet may see a formula (https://owasp.org/www-community/attacks/CSV_Injection): the start of
# a text, and after characters that separate cells in other locales. Positions with apostrophes are included, so that
# removing one apostrophe at each position always restores the text.
FORMULA = re.compile(r"(?:^|(?<=[;\t\r\n]))(?='*[=+\-@\t\r\n])")


def csv_text(rows: pa.Table | Answer, *, guarded: bool = False) -> str:
    """Header and rows, quoted as in RFC 4180, with LF at line ends; null is empty, an empty text is quoted.

    ``guarded`` puts an apostrophe before anything in a text that a spreadsheet would read as a formula, because keys
    and user agents come from strangers. Numbers, even negative ones, are unchanged.
    """
    answer = Answer.of(rows)
    lines = [",".join(_quoted(name) for name in answer.column_names)]
    lines += [",".join(_field(value, guarded) for value in record) for record in answer.records]
    return "\n".join(lines) + "\n"


def json_text(rows: pa.Table | Answer) -> str:
    """A list of objects, one per row; texts are unchanged, NaN and infinity are null."""
    answer = Answer.of(rows)
    keys = unique_names(answer.column_names)
    objects = [dict(zip(keys, map(_plain, record), strict=True)) for record in answer.records]
    return json.dumps(objects, default=cell, ensure_ascii=False, indent=2) + "\n"


def cell(value: Any) -> str:
    """A value other than null as text: 747.3, 2024-04-17 18:11:22, true; numbers have no exponent."""
    if isinstance(value, bytes):
        return value.hex(" ")
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, timedelta):
        return _span(value)
    if isinstance(value, bool | list | tuple | dict):
        return json.dumps(_plain(value), default=cell, ensure_ascii=False)
    return str(value)


def _field(value: Any, guarded: bool) -> str:
    if value is None:
        return ""
    text = cell(value)
    return _quoted(FORMULA.sub("'", text) if guarded and isinstance(value, str) else text)


def _quoted(text: str) -> str:
    # Semicolons and tabs separate cells where commas are decimal points.
    return '"' + text.replace('"', '""') + '"' if not text or set(text) & set(',;\t"\r\n') else text


def _number(value: float) -> str:
    if not isfinite(value):
        return "NaN" if isnan(value) else "Infinity" if value > 0 else "-Infinity"
    # The shortest digits that identify the double, as in Source Stats.
    text = format(Decimal(repr(value)), "f")
    return text if "." in text else f"{text}.0"


def _span(value: timedelta) -> str:
    """Days, hours, minutes, seconds and milliseconds, as Athena writes them: ``2 03:00:04.005``."""
    seconds, milliseconds = divmod(abs(value) // timedelta(milliseconds=1), 1000)
    minutes, hours = seconds // 60, seconds // 3600
    sign = "-" if value < timedelta() else ""
    return f"{sign}{hours // 24} {hours % 24:02}:{minutes % 60:02}:{seconds % 60:02}.{milliseconds:03}"


def _plain(value: Any) -> Any:
    """The value in types that JSON supports."""
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    return None if isinstance(value, float) and not isfinite(value) else value


def unique_names(names: Sequence[str]) -> list[str]:
    """The names; a repeated name gets a number: ``x``, ``x_2``."""
    seen: Counter[str] = Counter()
    keys = []
    for name in names:
        seen[name] += 1
        keys.append(name if seen[name] == 1 else f"{name}_{seen[name]}")
    return keys
