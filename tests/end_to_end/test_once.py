"""Killing a run at any step and starting it again gives what an undisturbed run gives; nothing twice, nothing lost."""

from __future__ import annotations

import random
import signal
from datetime import date, timedelta
from pathlib import Path

import pytest

import glue_jobs.staging
from glue_jobs.lake import Lake

from end_to_end.lakes import Contents, contents, event_numbers, left_over, orphans, run, said, without_spark
from end_to_end.processes import STEPS, WORKERS, killed_after, killed_at, killed_by_a_worker
from end_to_end.sources import SOURCES, Raw, Source, events

DAY = date(2024, 5, 7)


@pytest.fixture(scope="module", params=SOURCES, ids=lambda source: source.title)
def raw(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Raw:
    """Three days of objects, with records that are there twice and such that are none."""
    source: Source = request.param
    raw = Raw(source, str(tmp_path_factory.mktemp("raw")))
    for number in range(9):
        day = DAY + timedelta(days=number // 3)
        first, again = number * 20, 0 if number % 3 == 0 else 10
        raw.deliver(day, number, events(day, range(first - again, first + 20)), bad=number % 2)
    return raw


@pytest.fixture(scope="module")
def undisturbed(raw: Raw, tmp_path_factory: pytest.TempPathFactory) -> Contents:
    lake = str(tmp_path_factory.mktemp("lake"))
    run(raw, lake)
    found = contents(lake, raw.source.pipeline)
    assert found.sums["records"] == raw.records
    assert min(found.sums[name] for name in ("rows", "rejected", "duplicates")) > 0
    return found


def arguments(raw: Raw, lake: str) -> list[str]:
    return ["--pipeline", raw.source.pipeline.name, "--raw_path", raw.address, "--lake_path", lake]


def assert_nothing_happened(raw: Raw, lake: str, undisturbed: Contents, monkeypatch: pytest.MonkeyPatch) -> None:
    """The lake recovers from what a killed run left: by the next run, by the one after it, and by the sweep."""
    run(raw, lake)
    assert contents(lake, raw.source.pipeline) == undisturbed
    assert set(event_numbers(raw, lake).values()) == {1}
    assert run(raw, lake).run_id is None
    monkeypatch.setattr(glue_jobs.staging, "DEAD_AFTER", timedelta(0))
    run(raw, lake)
    assert left_over(lake) == []
    assert orphans(lake) == set()
    assert contents(lake, raw.source.pipeline) == undisturbed


@pytest.mark.parametrize("step", STEPS)
def test_a_run_killed_at_a_step(
    step: str, raw: Raw, undisturbed: Contents, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake = str(tmp_path)
    assert killed_at(step, arguments(raw, lake)) == -signal.SIGKILL
    without_spark(monkeypatch)
    assert_nothing_happened(raw, lake, undisturbed, monkeypatch)
