"""Values of the arguments of jobs and queries, from the texts that were given."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import UTC, date, datetime

from glue_jobs.errors import ArgumentError

# Python would also read forms such as 2024-W19-2.
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}|\d{8}", re.ASCII)

# Periods reach back years from the day that a query is about, and the calendar of Python begins with the year 1.
_FIRST_DAY = date(1900, 1, 1)


def day_argument(name: str, value: date | str | None) -> date | None:
    """The day written as 2024-05-07 or 20240507, or of a moment in UTC; a date and None unchanged.

    Raises:
        ArgumentError: the value is no day; the sentence calls the argument ``name``.
    """
    # A Timestamp of pandas is a datetime, and a datetime is a date. NaT is one too, and no day as a text.
    if isinstance(value, datetime):
        value = str((value.astimezone(UTC) if value.tzinfo else value).date())
    with suppress(ValueError):
        if isinstance(value, str) and _DAY.fullmatch(value):
            return date.fromisoformat(value)
        if value is None or isinstance(value, date):
            return value
    raise ArgumentError(f"{name} is a day such as 2024-05-07 or 20240507, not {value!r}")


def as_of_argument(name: str, value: date | str | None) -> date | None:
    """The day that queries are about; raises ArgumentError as `day_argument` does, and for a day before 1900."""
    day = day_argument(name, value)
    if day and day < _FIRST_DAY:
        raise ArgumentError(f"{name} is a day since {_FIRST_DAY}, not {day}")
    return day


def text_of(value: object) -> str:
    """A value from Python as the command line takes it: a list as its items with commas between them."""
    return ",".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def names_of(given: Iterable[object]) -> list[str]:
    """Several names or addresses as texts; a single text is a list of one."""
    return [given] if isinstance(given, str) else [*map(str, given)]


def flag_argument(values: Mapping[str, str], name: str) -> bool:
    """Whether the argument ``name`` is true; false when it is absent. Raises ArgumentError if it is neither."""
    text = values.get(name, "false")
    if text.lower() not in ("true", "false"):
        raise ArgumentError(f"{name} is true or false, not {text!r}")
    return text.lower() == "true"


def number_argument(values: Mapping[str, str], name: str, default: int, allowed: range, what: str) -> int:
    """The value of the argument ``name``. Raises ArgumentError, which says ``what`` it is, for any other text."""
    text = values.get(name, str(default))
    if not text.isdecimal() or int(text) not in allowed:
        raise ArgumentError(f"{name} is {what}, not {text!r}")
    return int(text)


def choice_argument(values: Mapping[str, str], name: str, choices: tuple[str, ...]) -> str:
    """The value of the argument ``name``; by default the first choice. Raises ArgumentError for any other text."""
    text = values.get(name, choices[0])
    if text not in choices:
        raise ArgumentError(f"{name} is {' or '.join(choices)}, not {text!r}")
    return text
