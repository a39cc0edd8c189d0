"""How a source names its raw objects, and the day in a name."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

# Folders below AWSLogs/ACCOUNT/ of the services that may share a log bucket. Anybody may choose such a prefix, too.
SERVICES_OF_A_LOG_BUCKET = frozenset(
    {
        "CloudFront",
        "CloudTrail",
        "CloudTrail-Aggregated",
        "CloudTrail-Digest",
        "CloudTrail-Insight",
        "CloudTrail-NetworkActivity",
        "Config",
        "GuardDuty",
        "WAFLogs",
        "elasticloadbalancing",
        "network-firewall",
        "redshift",
        "vpcdnsquerylogs",
        "vpcflowlogs",
    }
)


@dataclass(frozen=True)
class DayNames:
    """Patterns of a source's object names.

    ``in_day`` matches an object in the folder of a day. ``flat`` matches an object whose name contains the day, with
    groups stem, year, month, day; None if the source has no such layout. Folders that are ``ignored`` belong to other
    services. Folders that are ``excluded`` belong to the same service but have other records; a run reports them.
    """

    in_day: re.Pattern[str]
    flat: re.Pattern[str] | None = None
    ignored: frozenset[str] = frozenset()
    excluded: frozenset[str] = frozenset()


def day_from_name(names: DayNames, path: str) -> date | None:
    """The day in the path or address of an object; None if it is no name of the source."""
    folder, _, name = path.rpartition("/")
    tree = _day_of_folder(folder)
    if tree and names.in_day.fullmatch(name):
        return date_or_none(*tree)
    flat = names.flat.match(name) if names.flat else None
    return date_or_none(flat["year"], flat["month"], flat["day"]) if flat else None


@lru_cache(maxsize=1_024)
def _day_of_folder(folder: str) -> tuple[str, str, str] | None:
    """Year, month and day at the end of the folder's path. Cached, because thousands of objects share a folder."""
    match = re.search("(?:^|/)(?:year=)?([0-9]{4})/(?:month=)?([0-9]{2})/(?:day=)?([0-9]{2})$", folder)
    return (match[1], match[2], match[3]) if match else None


def excluded_folder(names: DayNames, path: str) -> str | None:
    """The outermost excluded folder that contains the path or address; None if there is none."""
    end = 0
    for folder in path.split("/")[:-1]:
        end += len(folder) + 1
        if folder in names.excluded:
            return path[:end]
    return None


def date_or_none(year: str | int, month: str | int, day: str | int) -> date | None:
    """The date; None if the calendar does not have it."""
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None
