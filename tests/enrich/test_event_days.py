"""Events get the day of their time, as a date and as texts."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from glue_jobs.enrich.event_days import with_event_days

TIMES = st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 31, 23, 59, 59, 999_999))


def days(chunks: list[list[datetime]]) -> list[tuple[date, str, str, str]]:
    rows = with_event_days(pa.table({"event_time": pa.chunked_array(chunks, pa.timestamp("us"))}))
    names = ("event_date", "year", "month", "day")
    return list(zip(*(rows[name].to_pylist() for name in names), strict=True))


@given(st.lists(st.lists(TIMES, max_size=6), max_size=3))
def test_days_are_those_of_the_times(chunks: list[list[datetime]]) -> None:
    expected = [
        (time.date(), f"{time.year:04}", f"{time.month:02}", f"{time.day:02}") for chunk in chunks for time in chunk
    ]
    assert days(chunks) == expected


@pytest.mark.parametrize(
    "before", [datetime(1970, 1, 1), datetime(2024, 3, 1), datetime(2000, 1, 1), datetime(1904, 2, 29)]
)
def test_a_day_ends_at_midnight_utc(before: datetime) -> None:
    last = before - timedelta(microseconds=1)
    assert [day for day, *_ in days([[last, before]])] == [last.date(), before.date()]
    assert datetime.fromtimestamp(0, UTC).date() == date(1970, 1, 1)
