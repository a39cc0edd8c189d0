"""Other programs rewrite, delete and expire what a lake holds; runs before and after lose and double nothing."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from glue_jobs.lake import Lake
from glue_jobs.sources.pipelines import TABLES
from tests.end_to_end.lakes import event_numbers, run, said
from tests.end_to_end.sources import SOURCES, Raw, Source, events
from tests.lake.maintenance import expire, iceberg, rewrite

DAY = date(2024, 5, 7)


@pytest.fixture(params=SOURCES, ids=lambda source: source.title)
def raw(request: pytest.FixtureRequest, tmp_path: Path) -> Raw:
    source: Source = request.param
    return Raw(source, str(tmp_path / "raw"))


def test_a_run_looks_at_its_window_only_after_all_tables_were_rewritten_and_expired(raw: Raw, lake: str) -> None:
    raw.deliver(DAY, 0, events(DAY, range(5)))
    run(raw, lake)
    opened = Lake(lake, "usage_lake")
    for table in TABLES:
        if iceberg(opened, table).current_snapshot():
            rewrite(opened, table)
            expire(opened, table)
    # Of a day before the window: a run that has lost its watermark takes it.
    raw.deliver(DAY - timedelta(days=9), 1, events(DAY, [100]))
    assert f"from {DAY - timedelta(days=3)} on" in said(raw, lake)
    assert event_numbers(raw, lake) == Counter(range(5))


def test_lines_delivered_again_after_another_arrow_program_rewrote_their_day_are_duplicates(
    raw: Raw, lake: str
) -> None:
    raw.deliver(DAY, 0, events(DAY, range(5)))
    run(raw, lake)
    opened, table = Lake(lake, "usage_lake"), raw.source.pipeline.table
    rewrite(opened, table)
    (stored,) = opened.load(table).files()
    assert "large_string" in {str(field.type) for field in pq.read_schema(stored.address)}
    raw.deliver(DAY, 1, events(DAY, range(3, 8)))
    assert run(raw, lake).totals.duplicates == 2
    assert event_numbers(raw, lake) == Counter(range(8))
