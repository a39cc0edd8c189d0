"""Little is ingested without Spark, and the lake is the same."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

import glue_jobs.workers.engine
from tests.end_to_end.lakes import contents, run, without_spark
from tests.end_to_end.sources import SOURCES, Raw, Source, events

DAY = date(2024, 5, 20)


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.title)
def test_a_lake_is_the_same_whoever_did_the_work(
    source: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    raw = Raw(source, str(tmp_path / "raw"))
    for number in range(3):
        day = DAY + timedelta(days=number)
        # Some come twice.
        raw.deliver(day, number, events(day, range(number * 10, number * 10 + 12)), bad=1)
    with monkeypatch.context() as patch:
        without_spark(patch)
        run(raw, str(tmp_path / "as if on Spark"))

    def never() -> Any:
        raise AssertionError("Spark was started")

    monkeypatch.undo()
    monkeypatch.setattr(glue_jobs.workers.engine, "is_running", lambda: False)
    monkeypatch.setattr(glue_jobs.workers.engine, "session", never)
    run(raw, str(tmp_path / "here"))
    assert contents(str(tmp_path / "here"), source.pipeline) == contents(
        str(tmp_path / "as if on Spark"), source.pipeline
    )
