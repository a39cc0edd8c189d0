"""Values formatted for people in a table: 2.66 TB, 12.5 %, 1,234,567."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from decimal import Decimal
from enum import Enum
from typing import Any

from glue_jobs.progress import printable
from glue_jobs.publish.page.words import scaled
from glue_jobs.publish.text import cell

UNITS = ("B", "kB", "MB", "GB", "TB", "PB", "EB")
"""Decimal units, as in the price lists of AWS for data transfer: a kB has 1,000 bytes."""

# Column names determine the kind of numbers; answers of `usage-lake sql` have no other metadata.
# A size in another unit, such as avg_object_size_mb, is not in bytes.
_BYTES = re.compile(r"(?:^|[^a-z])(?:bytes|size)(?:[^a-z]|$)(?!(?:.*[^a-z])?[kmgtp]i?b(?:[^a-z]|$))", re.IGNORECASE)
# DuckDB names an unnamed column after its expression: sum(bytes_sent) is in bytes, count(bytes_sent) is not.
_COMPUTED = re.compile(r"(?!(?:sum|avg|min|max|median|approx_quantile)\(\w+[,)]).*\(")
_SHARE = re.compile(r"(?:^|[^a-z])share(?:[^a-z]|$)")
_IDENTIFIER = re.compile(r"(?:^|_)(?:id|arn|e_tag|hash|ip)$")

NUMBERS = (int, float, Decimal)


class Kind(Enum):
    """The kind of values in a column; only ``TEXT`` may be cut."""

    NUMBER = "number"
    BYTES = "bytes"
    SHARE = "share"
    PRICE = "price"
    FIXED = "fixed"
    TEXT = "text"


def kind_of(name: str, values: Sequence[Any]) -> Kind:
    """The kind of a column, from its name and its values; dates, times and identifiers are ``FIXED``."""
    present = [value for value in values if value is not None]
    if present and all(isinstance(value, NUMBERS) and not isinstance(value, bool) for value in present):
        if name.startswith("price_"):
            return Kind.PRICE
        if _SHARE.search(name) and all(isinstance(value, float) for value in present):
            return Kind.SHARE
        return Kind.BYTES if _BYTES.search(name) and not _COMPUTED.match(name) else Kind.NUMBER
    texts = any(isinstance(value, str | bytes | list | dict) for value in present)
    return Kind.TEXT if texts and not _IDENTIFIER.search(name) else Kind.FIXED


def text_of(value: Any, kind: Kind, exact: bool = False) -> str:
    """The value on one line, without control characters; null is ``-``. ``exact`` gives every digit."""
    if value is None:
        return "-"
    if isinstance(value, bool) or not isinstance(value, NUMBERS):
        # Texts from requests can contain escape sequences, which a terminal would execute.
        return printable(cell(value))
    # Prices are small, so rounding would change them.
    if kind is Kind.PRICE or not math.isfinite(value):
        return cell(float(value))
    if exact:
        return _plain(value)
    if kind is Kind.BYTES:
        return readable_bytes(value)
    if kind is Kind.SHARE:
        return f"{100 * value:.1f} %"
    return f"{value:,}" if isinstance(value, int) else _decimal(value)


def readable_bytes(count: float | Decimal) -> str:
    """A number of bytes with three digits and a decimal unit: ``2.66 TB``."""
    number, unit = scaled(float(count), UNITS)
    return f"{int(count)} B" if unit == "B" and count == int(count) else f"{number} {unit}"


def _decimal(value: float | Decimal) -> str:
    number = float(value)
    # Prices of a request or of a byte are small.
    if 0 < abs(number) < 0.01:
        return _plain(float(f"{number:.2g}"))
    return f"{value:,.2f}"


def _plain(value: float | Decimal) -> str:
    """All digits, without an exponent."""
    return f"{value:,}" if isinstance(value, int) else f"{Decimal(str(value)):,f}"
