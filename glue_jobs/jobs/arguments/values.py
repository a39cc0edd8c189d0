"""Convert the texts of job and query arguments to values."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import UTC, date, datetime
from typing import Any

from glue_jobs.errors import ArgumentError

# `date.fromisoformat` would also accept forms such as 2024-W19-2.
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}|\d{8}", re.ASCII)

# Types of numpy whose values DuckDB does not take.
_WHOLE = re.compile("u?int|bool")

# Periods reach back years from the ``as_of`` day of a query, and Python's calendar starts with the year 1.
_FIRST_DAY = date(1900, 1, 1)


def day_argument(name: str, value: date | str | None) -> date | None:
    """The day of a text such as 2024-05-07 or 20240507, or the UTC day of a datetime; a date and None are unchanged.

    Raises:
        ArgumentError: the value is not a day; the sentence calls the argument ``name``.
    """
    # First, because a datetime is a date too. Timestamp and NaT of pandas are datetimes; the text of NaT is not a day.
    if isinstance(value, datetime):
        value = str((value.astimezone(UTC) if value.tzinfo else value).date())
    with suppress(ValueError):
        if isinstance(value, str) and _DAY.fullmatch(value):
            return date.fromisoformat(value)
        if value is None or isinstance(value, date):
            return value
    raise ArgumentError(f"{name} is a day such as 2024-05-07 or 20240507, not {value!r}")


def as_of_argument(name: str, value: date | str | None) -> date | None:
    """The ``as_of`` day of queries; raises ArgumentError like `day_argument`, and for a day before 1900."""
    day = day_argument(name, value)
    if day and day < _FIRST_DAY:
        raise ArgumentError(f"{name} is a day since {_FIRST_DAY}, not {day}")
    return day


def text_of(value: object) -> str:
    """A Python value in the form of the command line: the items of a list are joined by commas."""
    return ",".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def one_text(name: str, value: object) -> str:
    """The value of a query's parameter as a text; raises ArgumentError for several values, such as a list."""
    if isinstance(value, Iterable) and not isinstance(value, str):
        raise ArgumentError(f"parameter {name!r} is one value, not {value!r}")
    return str(value)


def names_of(given: Iterable[object]) -> list[str]:
    """Several names or addresses as texts; a single text is a list of one."""
    return [given] if isinstance(given, str) else [*map(str, given)]


def parameter_values(given: object) -> list[Any]:
    """The values of a statement's ``?``, numbers of numpy as Python's; raises ArgumentError if ``given`` is no list."""
    if not isinstance(given, Iterable) or isinstance(given, str | bytes | Mapping):
        raise ArgumentError(f"parameters are a list of values, not {given!r}")
    return [value.tolist() if _WHOLE.match(str(getattr(value, "dtype", ""))) else value for value in given]


def flag_argument(values: Mapping[str, str], name: str) -> bool:
    """Whether the argument ``name`` is true; False if it is absent. Raises ArgumentError for any other text."""
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
