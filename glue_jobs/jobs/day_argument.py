"""A day as an argument of a job or a query."""

from __future__ import annotations

import re
from datetime import date

from glue_jobs.errors import ArgumentError

# Python would also read forms such as 2024-W19-2.
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}|\d{8}", re.ASCII)


def day_argument(name: str, text: str) -> date:
    """The day written as 2024-05-07 or 20240507; raises ArgumentError, which calls the argument ``name``."""
    try:
        if _DAY.fullmatch(text):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise ArgumentError(f"{name} is a day such as 2024-05-07 or 20240507, not {text!r}")
