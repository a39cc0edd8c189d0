"""From which day on a run looks: commits note how far earlier ones came, so that nobody has to read the ledger."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import date, timedelta

from glue_jobs.lake import LoadedTable

# In the summary of every snapshot of rows: per raw path the newest day that was ingested.
WATERMARK = "usage-lake.newest-days"


def window_start(rows: LoadedTable, raw: str, days: int) -> date | None:
    """So many days before the newest one ingested from the raw path; None when nothing was."""
    newest = _noted(rows).get(raw)
    return date.fromisoformat(newest) - timedelta(days=days) if newest else None


def updated_watermark(rows: LoadedTable, raw: str, ingested: Iterable[date | None], today: date) -> dict[str, str]:
    """What the commit of a run says: what earlier ones noted, and the newest day it ingested from ``raw``."""
    noted = _noted(rows)
    # A name from the future must not make the next runs look at the future only.
    seen = [min(day, today) for day in ingested if day is not None]
    if seen:
        before = [date.fromisoformat(noted[raw])] if raw in noted else []
        noted[raw] = max([*seen, *before]).isoformat()
    return {WATERMARK: json.dumps(noted)}


def _noted(rows: LoadedTable) -> dict[str, str]:
    text = next((summary[WATERMARK] for summary in rows.summaries() if WATERMARK in summary), "{}")
    days: dict[str, str] = json.loads(text)
    return days
