"""The day from which a run looks for raw objects: docs/decisions/0007-window.md.

Each run notes the newest day it has ingested on the table, so that no run has to read the whole ledger for it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import date, timedelta

from glue_jobs.lake.plain_files import Notes, json_note

# A note on the table of rows: the newest day that was ingested, by raw path.
WATERMARK = "usage-lake.newest-days"


def window_start(rows: Notes, raw: str, days: int) -> date | None:
    """The day ``days`` before the newest one that was ingested from the raw path; None when nothing was."""
    newest = json_note(rows, WATERMARK).get(raw)
    return date.fromisoformat(newest) - timedelta(days=days) if newest else None


def updated_watermark(rows: Notes, raw: str, ingested: Iterable[date | None], today: date) -> dict[str, str]:
    """The note of a run that ingested objects of these days from ``raw``."""
    newest = json_note(rows, WATERMARK)
    # A day in the future must not make the next runs look at the future only.
    days = [min(day, today) for day in ingested if day is not None]
    if days:
        before = [date.fromisoformat(newest[raw])] if raw in newest else []
        newest[raw] = max([*days, *before]).isoformat()
    return {WATERMARK: json.dumps(newest)}
