"""How a source names its raw objects, and the day that a name tells."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from functools import lru_cache


@dataclass(frozen=True)
class DayNames:
    """How a source names its objects.

    ``flat`` matches an object that lies directly in a folder and has groups stem, year, month, day; None when the
    source has no such layout. ``in_day`` matches an object inside a day's folder. ``ignored`` folders belong to others,
    ``excluded`` ones to the same service, but with other records: a run tells of them.
    """

    in_day: re.Pattern[str]
    flat: re.Pattern[str] | None = None
    ignored: frozenset[str] = frozenset()
    excluded: frozenset[str] = frozenset()


def day_from_name(names: DayNames, path: str) -> date | None:
    """The day that the path or address of an object tells; None when the source does not name objects like that."""
    folder, _, name = path.rpartition("/")
    tree = _day_of_folder(folder)
    if tree and names.in_day.fullmatch(name):
        return date_or_none(*tree)
    flat = names.flat.match(name) if names.flat else None
    return date_or_none(flat["year"], flat["month"], flat["day"]) if flat else None


@lru_cache(maxsize=1_024)
def _day_of_folder(folder: str) -> tuple[str, str, str] | None:
    """Year, month and day that end the folder's name; thousands of objects lie in one."""
    found = re.search("(?:^|/)([0-9]{4})/([0-9]{2})/([0-9]{2})$", folder)
    return (found[1], found[2], found[3]) if found else None


def excluded_folder(names: DayNames, path: str) -> str | None:
    """The folder that a path or an address lies in and that the source leaves out, None when there is none."""
    end = 0
    for folder in path.split("/")[:-1]:
        end += len(folder) + 1
        if folder in names.excluded:
            return path[:end]
    return None


def date_or_none(year: str | int, month: str | int, day: str | int) -> date | None:
    """That day, None when no calendar has it."""
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None
