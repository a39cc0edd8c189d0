"""A period that is given ends on its last day, also for queries whose own period ends before today."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from glue_jobs import Lake
from glue_jobs.errors import ArgumentError

LINE = (
    "79a59d b [{day:%d/%b/%Y}:13:00:01 +0000] 192.0.2.3 - R{day:%j} REST.GET.OBJECT acme/rain/a.csv"
    ' "GET /acme/rain/a.csv HTTP/1.1" 200 - {bytes} 10 1 1 "-" "curl" -\n'
)


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """A lake with one read on each day of January to May 2026."""
    folder: Path = tmp_path_factory.mktemp("days")
    (folder / "raw").mkdir()
    lines = [
        LINE.format(day=date(2026, 1, 1) + timedelta(number), bytes=100 if number == 50 else 10)
        for number in range(151)
    ]
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


def test_a_week_or_month_begins_with_the_period_and_28_days_are_whole(lake: Lake) -> None:
    found = lake.query("access/usage_over_time", since="2026-04-15", until="2026-05-17").to_pylist()
    spans = [
        (row["grain"], f"{row['first_day']:%m-%d}", f"{row['last_day']:%m-%d}", row["served_gets"])
        for row in found
        if row["level"] == "total" and row["grain"] != "day"
    ]
    months = [("month", "04-15", "04-30", 16), ("month", "05-01", "05-17", 17)]
    weeks = [("week", "04-15", "04-19", 5), ("week", "04-20", "04-26", 7)]
    assert spans[:5] == [("28 days", "04-20", "05-17", 28), *months, *weeks]


def test_days_after_the_end_of_the_query_s_own_period_need_until(lake: Lake) -> None:
    with pytest.raises(
        ArgumentError, match=r"since 2026-05-02, until 2026-04-30, the last day of the query's own period"
    ):
        lake.query("together/cost_to_serve", as_of="2026-05-20", since="2026-05-02")
    with pytest.raises(ArgumentError, match=r"since 2026-05-20, until 2026-05-19, the last day"):
        lake.query("access/surges", as_of="2026-05-20", since="2026-05-20")
    (cost,) = lake.query("together/cost_to_serve", since="2026-05-02", until="2026-05-20").to_pylist()
    assert cost["gets"] == 19


def test_days_before_the_query_s_own_period_need_since(lake: Lake) -> None:
    with pytest.raises(
        ArgumentError, match=r"since 2026-04-01, until 2026-03-31; since is the first day of the query's"
    ):
        lake.query("together/cost_to_serve", as_of="2026-05-01", until="2026-03-31")
    with pytest.raises(
        ArgumentError, match=r"since 2026-04-20, until 2026-03-31; since is the first day of the query's"
    ):
        lake.query("access/tools", as_of="2026-05-20", until="2026-03-31")
    assert lake.query("access/tools", as_of="2026-05-20", since="2026-03-01", until="2026-03-31").num_rows


def test_surges_are_those_of_all_days_of_the_period_against_the_days_before(lake: Lake) -> None:
    found = lake.query("access/surges", since="2026-02-01", until="2026-03-31", minimum_bytes="1")
    assert set(found["day"].to_pylist()) == {date(2026, 2, 20)}


def test_a_month_that_the_period_ends_with_is_the_only_one(lake: Lake) -> None:
    assert row(lake, "together/cost_to_serve", "gets", until="2026-04-30", account="acme") == (30,)


def test_a_period_may_end_with_the_calendar(lake: Lake) -> None:
    assert lake.query("access/readers_by_downloads", since="2026-05-01", until="9999-12-31").num_rows == 2
