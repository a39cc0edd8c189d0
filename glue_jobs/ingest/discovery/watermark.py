"""The day from which a run lists raw objects: docs/decisions/0007-window.md.

Each run notes the newest ingested day on the table, so that the next run does not have to read the whole ledger.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import date, timedelta

from glue_jobs.lake.without_pyiceberg.plain_files import Notes, json_note

# A note on the table of rows: the newest day that was ingested, by raw path.
WATERMARK = "usage-lake.newest-days"


def window_start(rows: Notes, raw: str, days: int) -> date | None:
    """The day ``days`` before the newest day ingested from the raw path; None if nothing was ingested from it."""
    newest = json_note(rows, WATERMARK).get(raw)
    return date.fromisoformat(newest) - timedelta(days=days) if newest else None


def updated_watermark(rows: Notes, raw: str, ingested: Iterable[date | None], today: date) -> dict[str, str]:
    """The note of a run that ingested objects of these days from ``raw``."""
    newest = json_note(rows, WATERMARK)
    # A day in the future must not limit the next runs to the future.
    days = [min(day, today) for day in ingested if day is not None]
    if days:
        before = [date.fromisoformat(newest[raw])] if raw in newest else []
        newest[raw] = max([*days, *before]).isoformat()
    return {WATERMARK: json.dumps(newest)}
