"""What a daily run costs depends on its look-back window, not on the history behind it."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from pyiceberg.io.pyarrow import PyArrowFile

from glue_jobs.storage.folder import FolderStorage
from tests.end_to_end.lakes import run
from tests.end_to_end.sources import LAYOUTS, RUN_SUMMARIES, UPLOADS, Raw, Source, events

FIRST = date(2024, 3, 1)
DAYS = 18


class Watch:
    """Counts what is asked of the storage and of Iceberg's own file access, and notes the files read."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.asked: Counter[str] = Counter()
        self.opened: list[str] = []
        for name in ("level", "list", "read", "get", "open"):
            patch.setattr(FolderStorage, name, self._counted(name, getattr(FolderStorage, name)))
        opening = PyArrowFile.open

        def open_file(file: PyArrowFile, *arguments: Any, **named: Any) -> Any:
            self._note("iceberg open", file.location)
            return opening(file, *arguments, **named)

        patch.setattr(PyArrowFile, "open", open_file)

    def _counted(self, name: str, original: Any) -> Any:
        def call(storage: FolderStorage, what: Any, *arguments: Any, **named: Any) -> Any:
            self._note(name, what if isinstance(what, str) else what.address)
            answer = original(storage, what, *arguments, **named)
            return self._entries(answer) if name == "list" else answer

        return call

    def _entries(self, entries: Iterator[Any]) -> Iterator[Any]:
        for entry in entries:
            self.asked["entry listed"] += 1
            yield entry

    def _note(self, name: str, address: str) -> None:
        self.asked[name] += 1
        if name in ("read", "get", "open", "iceberg open"):
            self.opened.append(address)

    def forget(self) -> None:
        """Start counting anew."""
        self.asked.clear()
        self.opened.clear()


def days_of_data_files(paths: list[str], lake: str) -> set[date]:
    days = (re.search(r"(?:event_date|object_day)=(\d{4}-\d{2}-\d{2})", os.path.relpath(path, lake)) for path in paths)
    return {date.fromisoformat(day[1]) for day in days if day}


@pytest.mark.parametrize("source", LAYOUTS, ids=lambda source: source.title)
def test_the_last_run_asks_no_more_than_the_tenth(
    source: Source, tmp_path: Path, lake: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    raw = Raw(source, str(tmp_path / "raw"))
    watch = Watch(monkeypatch)
    costs = []
    for number in range(DAYS):
        day = FIRST + timedelta(days=number)
        # Every day also brings one event of the day before, so that stored rows are compared.
        late = events(day - timedelta(days=1), [number * 10 + 9])
        raw.deliver(day, number, [*events(day, range(number * 10, number * 10 + 5)), *late])
        watch.forget()
        assert run(raw, lake).totals.rows == 6
        costs.append(dict(watch.asked))
        window = {day - timedelta(days=back) for back in range(5)}
        assert days_of_data_files(watch.opened, lake) <= window
    tenth, last = costs[9], costs[-1]
    assert tenth.keys() == last.keys()
    assert {name: last[name] for name in last if last[name] > 1.3 * tenth[name]} == {}
    assert sum(last.values()) < 120, last


@pytest.mark.parametrize("source", [RUN_SUMMARIES, UPLOADS], ids=lambda source: source.title)
def test_runs_of_objects_without_days_read_no_more_as_their_number_grows(
    source: Source, tmp_path: Path, lake: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only their listing grows: no name tells which objects are new. Files and manifests are merged after four runs."""
    monkeypatch.setattr("glue_jobs.ingest.staging.compaction.MIN_FILES", 4)
    monkeypatch.setattr("glue_jobs.lake.schema.MANIFESTS_PER_MERGE", 4)
    raw = Raw(source, str(tmp_path / "raw"))
    watch = Watch(monkeypatch)
    opened = []
    for number in range(16):
        raw.deliver(FIRST, number, events(FIRST, range(number * 10, number * 10 + 5)))
        watch.forget()
        assert run(raw, lake).totals.objects == 1
        opened.append(len(watch.opened))
    assert max(opened[12:]) <= 1.3 * max(opened[4:8]), opened
