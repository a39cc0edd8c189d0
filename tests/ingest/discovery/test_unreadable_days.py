"""Days with unreadable objects are listed again, some in each run, however old they are."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from glue_jobs.ingest.discovery import unreadable_days
from glue_jobs.ingest.discovery.unreadable_days import retried_days, unreadable_days_note
from glue_jobs.read.raw_object import Window
from tests.ingest.noted import noted

RAW = "s3://raw/a"


def day(number: int) -> date:
    return date(2024, 5, number)


def after(rows: Any, window: Window, *unreadable: date | None, raw: str = RAW) -> Any:
    """The table after a run that listed the window and the days to retry, and met these unreadable objects."""
    return noted(unreadable_days_note(rows, raw, window, retried_days(rows, raw, window), unreadable))


def test_a_day_is_listed_again_until_its_objects_can_be_read() -> None:
    rows = after(noted(), Window(), day(2), None, day(1), day(2))
    assert retried_days(rows, RAW, Window(day(5))) == [day(1), day(2)]
    assert retried_days(rows, RAW, Window(day(2))) == [day(1)]
    assert retried_days(rows, "s3://raw/b", Window(day(5))) == []
    rows = after(rows, Window(day(5)), day(2), day(6))
    assert retried_days(rows, RAW, Window(day(9))) == [day(2), day(6)]
    # The next run finds nothing unreadable in its window, which has the 6th.
    rows = after(rows, Window(day(5)), day(2))
    assert retried_days(rows, RAW, Window(day(9))) == [day(2)]


def test_of_many_days_each_has_its_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unreadable_days, "RETRIED_DAYS_PER_RUN", 2)
    rows = after(noted(), Window(), *map(day, range(1, 6)))
    seen = []
    for _ in range(3):
        retried = retried_days(rows, RAW, Window(day(20)))
        seen += retried
        rows = after(rows, Window(day(20)), *retried)
    assert seen == [day(number) for number in (1, 2, 3, 4, 5, 1)]


def test_each_raw_path_has_its_own_days() -> None:
    rows = after(after(noted(), Window(), day(1)), Window(), day(2), raw="s3://raw/b")
    assert retried_days(rows, RAW, Window(day(5))) == [day(1)]
    assert retried_days(rows, "s3://raw/b", Window(day(5))) == [day(2)]
