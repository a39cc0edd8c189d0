"""Days before a run's window with objects that could not be read. Each run lists some of these days again.

An object that is archived, or encrypted with a key that the role may not use, may become readable long after its day.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import date

from glue_jobs.lake.without_pyiceberg.plain_files import Notes, json_note
from glue_jobs.read.raw_object import Window

# A note on the table of rows: by raw path, the days with unreadable objects, those that have waited longest first.
UNREADABLE_DAYS = "usage-lake.unreadable-days"

# Listing a day takes a few requests. With this limit, runs list the days of an archive of years again in some weeks.
RETRIED_DAYS_PER_RUN = 31


def retried_days(rows: Notes, raw: str, window: Window) -> list[date]:
    """The days outside the window that a run lists as well."""
    days = [date.fromisoformat(day) for day in json_note(rows, UNREADABLE_DAYS).get(raw, ())]
    return [day for day in days if day not in window][:RETRIED_DAYS_PER_RUN]


def unreadable_days_note(
    rows: Notes, raw: str, listed: Window | None, retried: Iterable[date], unreadable: Iterable[date | None]
) -> dict[str, str]:
    """The note of a run that found unreadable objects of the ``unreadable`` days.

    It drops other days that were ``listed`` or ``retried``; before a run's last step, ``listed`` is None and all stay.
    """
    days = json_note(rows, UNREADABLE_DAYS)
    again_listed = {day.isoformat() for day in retried}
    waiting = [
        day
        for day in days.get(raw, ())
        if listed is None or not (day in again_listed or date.fromisoformat(day) in listed)
    ]
    # Objects without a day are listed by every run.
    again = sorted({day.isoformat() for day in unreadable if day is not None} - {*waiting})
    return {UNREADABLE_DAYS: json.dumps({**days, raw: [*waiting, *again]})}
