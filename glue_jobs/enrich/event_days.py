"""Columns for the day of an event: a date for the partition, and year, month and day as texts for filters."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

MICROSECONDS_PER_DAY = 86_400_000_000


def with_event_days(rows: pa.Table) -> pa.Table:
    """``rows`` with the columns event_date, year, month and day of their event_time (UTC)."""
    times = pc.cast(rows["event_time"], pa.int64()).to_numpy()
    numbers = (times // MICROSECONDS_PER_DAY).astype(np.int32)
    days, indices = np.unique(numbers, return_inverse=True)
    dates = pa.array(days, pa.int32()).cast(pa.date32())
    rows = rows.append_column("event_date", pa.array(numbers, pa.int32()).cast(pa.date32()))
    for name, form in (("year", "%Y"), ("month", "%m"), ("day", "%d")):
        texts = pa.DictionaryArray.from_arrays(pa.array(indices, pa.int32()), pc.strftime(dates, form))
        rows = rows.append_column(name, texts)
    return rows
