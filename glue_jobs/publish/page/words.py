"""Numbers and days as text for people. Rounded numbers have at most three significant digits."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

BYTE_UNITS = ("bytes", "kB", "MB", "GB", "TB", "PB", "EB")
COUNT_UNITS = ("", "K", "M", "B", "T")
MAX_CHARACTERS = 60
NO_BREAK = "\N{NO-BREAK SPACE}"
MINUS = "\N{MINUS SIGN}"
# Without the word joiner, a line may break after the dash.
DASH = "\N{EN DASH}\N{WORD JOINER}"


def count(value: float) -> str:
    """1,234,567."""
    return f"{value:,.0f}".replace("-", MINUS)


def span(first: int, following: int | None) -> str:
    """The counts from ``first`` to the one before ``following``: 3–5, 3, or 1,001 or more if nothing follows."""
    if following is None:
        return f"{count(first)} or more"
    return count(first) if following == first + 1 else f"{count(first)}{DASH}{count(following - 1)}"


def short_count(value: float) -> str:
    """1.23M; below 10,000 all digits."""
    if abs(value) < 10_000:
        return count(value)
    return _scaled(value, COUNT_UNITS, "")


def size(value: float) -> str:
    """1.23 GB, in powers of 1,000 as AWS's prices and most archives count."""
    if abs(value) < 1000:
        return f"{count(value)}{NO_BREAK}{'byte' if value == 1 else 'bytes'}"
    return _scaled(value, BYTE_UNITS, NO_BREAK)


def share(part: float, whole: float) -> str:
    """The share in per cent: 12 %, below 1 % one decimal place, and <0.1 % for what is almost nothing."""
    percent = 100 * part / whole if whole else 0.0
    if 0 < percent < 0.1:
        return f"<0.1{NO_BREAK}%"
    return f"{percent:.{1 if 0 < percent < 1 else 0}f}{NO_BREAK}%"


def change(now: float, before: float) -> str:
    """The change from ``before``: a percentage such as +12 %, a factor from ten times on, new, or unchanged."""
    if not before:
        return "new" if now else "unchanged"
    ratio = now / before
    if ratio >= 10:
        return f"\N{MULTIPLICATION SIGN}{ratio:,.0f}"
    percent = round(100 * (ratio - 1))
    sign = "+" if percent > 0 else MINUS if percent < 0 else ""
    return f"{sign}{abs(percent)}{NO_BREAK}%"


def money(value: float) -> str:
    """$1,234, two decimal places below $100, and <$0.01 for what is almost nothing."""
    if 0 < value < 0.01:
        return "<$0.01"
    return f"${value:,.2f}" if abs(value) < 100 else f"${value:,.0f}"


def day(value: date) -> str:
    """5 March 2026."""
    return f"{value.day}{NO_BREAK}{value:%B}{NO_BREAK}{value.year}"


def month(value: date) -> str:
    """March 2026."""
    return f"{value:%B}{NO_BREAK}{value.year}"


def short_month(value: date) -> str:
    """Mar 2026."""
    return f"{value:%b}{NO_BREAK}{value.year}"


def short_day(value: date) -> str:
    """5 Mar."""
    return f"{value.day}{NO_BREAK}{value:%b}"


def days(first: date, last: date) -> str:
    """1–28 November 2026, or 30 October – 26 November 2026."""
    if first == last:
        return day(first)
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.day}{DASH}{day(last)}"
    start = day(first) if first.year != last.year else f"{first.day}{NO_BREAK}{first:%B}"
    return f"{start} \N{EN DASH}{NO_BREAK}{day(last)}"


def shortened(value: str) -> str:
    """The text, cut to at most `MAX_CHARACTERS`."""
    return value if len(value) <= MAX_CHARACTERS else f"{value[: MAX_CHARACTERS - 1]}\N{HORIZONTAL ELLIPSIS}"


def plural(number: float, singular: str, plural_form: str | None = None) -> str:
    """1 reader, 2 readers."""
    noun = singular if number == 1 else plural_form or f"{singular}s"
    return f"{count(number)} {noun}"


def scaled(value: float, units: Sequence[str]) -> tuple[str, str]:
    """The value with three digits in the first unit that leaves it below 1,000, and that unit."""
    for unit in units:
        # 999.5 would be written as 1000.
        if abs(value) < 999.5 or unit == units[-1]:
            break
        value /= 1000
    digits = 0 if abs(value) >= 99.95 else 1 if abs(value) >= 9.995 else 2
    return f"{value:,.{digits}f}", unit


def _scaled(value: float, units: Sequence[str], blank: str) -> str:
    number, unit = scaled(value, units)
    if "." in number:
        number = number.rstrip("0").rstrip(".")
    return f"{number.replace('-', MINUS)}{blank}{unit}".rstrip()
