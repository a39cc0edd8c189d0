"""A period that is given ends on its last day, also for queries whose own period ends before today."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from glue_jobs import Lake

LINE = (
    "79a59d b [{day:%d/%b/%Y}:13:00:01 +0000] 192.0.2.3 - R{day:%j} REST.GET.OBJECT acme/rain/a.csv"
    ' "GET /acme/rain/a.csv HTTP/1.1" 200 - 10 10 1 1 "-" "curl" -\n'
)


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """A lake with one read on each day of January to May 2026."""
    folder: Path = tmp_path_factory.mktemp("days")
    (folder / "raw").mkdir()
    lines = [LINE.format(day=date(2026, 1, 1) + timedelta(number)) for number in range(151)]
    (folder / "raw/2026-06-01-00-00-00-0123456789ABCDEF").write_text("".join(lines))
    lake = Lake(folder / "lake")
    lake.ingest("s3_access_log", folder / "raw")
    return lake


def row(lake: Lake, query: str, *columns: str, until: str, **where: Any) -> tuple[Any, ...]:
    found = lake.query(query, until=until).to_pylist()
    (one,) = [each for each in found if where.items() <= each.items()]
    return tuple(one[column] for column in columns)


def test_windows_of_complete_days_end_on_the_last_day(lake: Lake) -> None:
    columns = ("first_day", "last_day", "served_gets")
    for first, last, days in ((date(2026, 4, 13), date(2026, 5, 10), 28), (date(2026, 3, 16), date(2026, 4, 12), 28)):
        where = {"level": "total", "grain": "28 days", "first_day": first}
        assert row(lake, "access/usage_over_time", *columns, until="2026-05-10", **where) == (first, last, days)


def test_a_month_that_the_period_ends_with_is_the_only_one(lake: Lake) -> None:
    assert row(lake, "together/cost_to_serve", "gets", until="2026-04-30", account="acme") == (30,)


def test_a_period_may_end_with_the_calendar(lake: Lake) -> None:
    assert lake.query("access/readers_by_downloads", since="2026-05-01", until="9999-12-31").num_rows == 2
