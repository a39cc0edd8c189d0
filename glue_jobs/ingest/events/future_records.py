"""Records with a time in the future are damaged or forged; if stored, their day would remain a partition for ever."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, datetime, time, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from glue_jobs.read.framing import Framing
from glue_jobs.read.parsed import MAX_RECORD_BYTES, Parsed, Rejected

TIME = "event_time"
IDS = ("event_id", "request_id")


def reject_future(parsed: Parsed, data: bytes, framing: Framing, ingest_date: date) -> Parsed:
    """Reject rows of days later than the day after ``ingest_date``, the day on which the run started.

    The extra day allows for clocks that differ. For formats other than lines, the bytes of the record are not available
    here; the rejected record consists of its time and its ids.
    """
    if TIME not in parsed.rows.column_names or not parsed.rows.num_rows:
        return parsed
    times, end = parsed.rows[TIME], datetime.combine(ingest_date + timedelta(days=2), time())
    bound = pa.scalar(end, times.type)
    newest = pc.max(times)
    if not newest.is_valid or newest.as_py() < end:
        return parsed
    is_future = pc.fill_null(pc.greater_equal(times, bound), False).to_numpy()
    found = np.flatnonzero(is_future)
    rows = parsed.rows.filter(pa.array(~is_future)).combine_chunks()
    future = parsed.rows.select([name for name in (TIME, *IDS) if name in parsed.rows.column_names]).take(found)
    of_run = f"is after the day of the run, {ingest_date} by the clock of the computer."
    rejected = [
        Rejected(position, f"The time {row[TIME]} {of_run}", _record(row, position, data, framing))
        for row, position in zip(future.to_pylist(), parsed.positions[found].tolist(), strict=True)
    ]
    everything = sorted([*parsed.rejected, *rejected], key=lambda each: (each.position, each.index or 0))
    return replace(parsed, rows=rows, positions=parsed.positions[~is_future], rejected=everything)


def _record(row: dict[str, object], position: int, data: bytes, framing: Framing) -> bytes:
    if framing is not Framing.LINES:
        return json.dumps(row, default=str).encode()
    end = data.find(b"\n", position)
    return bytes(data[position : end if end >= 0 else len(data)])[:MAX_RECORD_BYTES]
