"""The day from which a run looks: recorded by earlier runs, for each raw path."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest

from glue_jobs.ingest.discovery.watermark import WATERMARK, updated_watermark, window_start
from tests.ingest.noted import noted

TODAY = date(2024, 5, 9)


def rows(newest_days: dict[str, str] | None = None) -> Any:
    return noted(newest_days and {WATERMARK: json.dumps(newest_days)})


@pytest.mark.parametrize(
    ("raw", "days", "start"),
    [("s3://raw/a", 3, date(2024, 5, 4)), ("s3://raw/a", 0, date(2024, 5, 7)), ("s3://raw/b", 3, None)],
)
def test_a_run_looks_from_some_days_before_the_newest_of_its_raw_path(raw: str, days: int, start: date | None) -> None:
    table = rows({"s3://raw/a": "2024-05-07"})
    assert window_start(table, raw, days) == start


def test_the_first_run_looks_at_everything() -> None:
    assert window_start(rows(), "s3://raw/a", 3) is None


@pytest.mark.parametrize(
    ("ingested", "newest"),
    [
        ([date(2024, 5, 8), None, date(2024, 5, 6)], "2024-05-08"),
        ([date(2024, 5, 1)], "2024-05-07"),
        ([date(2031, 1, 1)], "2024-05-09"),
        ([None], "2024-05-07"),
        ([], "2024-05-07"),
    ],
)
def test_a_run_records_the_newest_day_but_none_in_the_future(ingested: list[date | None], newest: str) -> None:
    table = rows({"s3://raw/a": "2024-05-07", "s3://raw/b": "2024-01-01"})
    summary = updated_watermark(table, "s3://raw/a", ingested, TODAY)
    assert json.loads(summary[WATERMARK]) == {"s3://raw/a": newest, "s3://raw/b": "2024-01-01"}
