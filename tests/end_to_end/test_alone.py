"""Runs that start at the same moment never double a row: one wins, the others end with one clear sentence."""

from __future__ import annotations

import re
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

import glue_jobs.ingest.step_run
from glue_jobs.errors import LostRaceError
from glue_jobs.ingest.commit.commit import commit_run
from glue_jobs.ingest.run_tables import RunTables
from glue_jobs.lake import Lake
from glue_jobs.tables.ingested_object import INGESTED_OBJECT
from tests.disturbed import disturbed
from tests.end_to_end.lakes import contents, event_numbers, left_over, orphans, run
from tests.end_to_end.processes import together
from tests.end_to_end.sources import ACCESS_LOGS, ALL_SOURCES, CLOUDFRONT, CLOUDTRAIL, SOURCES, Raw, events

DAY = date(2024, 5, 7)

LOST = r"error: another run committed to \w+ first, so nothing of this run is stored; start it again"


@pytest.fixture(params=ALL_SOURCES, ids=lambda source: source.title)
def raw(request: pytest.FixtureRequest, tmp_path: Path) -> Raw:
    raw = Raw(request.param, str(tmp_path / "raw"))
    for number in range(4):
        raw.deliver(DAY, number, events(DAY, range(number * 10, number * 10 + 10)), bad=1)
    return raw


SENTENCES = (
    r"looking below |[\d,]+ objects? listed|ingesting: |looking for duplicates: |committing$|run \S+ ingested "
    r"|nothing new|finished the commit of run |made \S+, the key that |error: another run committed"
)


def assert_once(raw: Raw, lake: str, ended: list[tuple[int, str]]) -> None:
    """Whoever won, every event is there once; whoever lost said so and left nothing."""
    for code, text in ended:
        last = text.splitlines()[-1]
        # Only what is meant for people: no stack trace, no warnings of libraries.
        assert [line for line in text.splitlines() if not re.match(SENTENCES, line)] == []
        assert re.fullmatch(LOST, last) if code else re.match(r"run \S+ ingested 4 objects|nothing new", last), text
    assert sum(re.search("^run ", text, re.MULTILINE) is not None for _, text in ended) == 1
    assert dict(event_numbers(raw, lake)) == dict.fromkeys(range(40), 1)
    besides = 4 * raw.source.rows_besides
    assert contents(lake, raw.source.pipeline).sums == {
        "records": 44 + besides, "rows": 40 + besides, "rejected": 4, "duplicates": 0, "filtered": 0,
    }  # fmt: skip
    assert contents(lake, raw.source.pipeline).rejected.total() == 4
    assert left_over(lake) == []
    assert orphans(lake) == set()


@pytest.mark.parametrize(
    ("raw", "stagger"),
    [(ACCESS_LOGS, 0.0), (CLOUDTRAIL, 0.0), (CLOUDFRONT, 0.05), (ACCESS_LOGS, 0.2), (CLOUDTRAIL, 0.4)],
    indirect=["raw"],
    ids=lambda value: str(value) if isinstance(value, float) else value.title,
)
def test_first_runs_started_together(stagger: float, raw: Raw, lake: str) -> None:
    """There is no catalog yet: making it and its tables is part of the race."""
    arguments = ["--pipeline", raw.source.pipeline.name, "--raw_path", raw.address, "--lake_path", lake]
    assert_once(raw, lake, together(3, arguments, stagger))
    assert run(raw, lake).run_id is None


# Starting the whole program takes seconds, and differs from the processes above in nothing that the source changes.
@pytest.mark.parametrize("raw", SOURCES[:1], ids=lambda source: source.title, indirect=True)
def test_two_real_runs_started_together(raw: Raw, tmp_path: Path) -> None:
    lake = str(tmp_path / "lake")
    command = [sys.executable, "-m", "glue_jobs.run", "--pipeline", raw.source.pipeline.name]
    both = [
        subprocess.Popen([*command, "--raw_path", raw.address, "--lake_path", lake], stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    ended = [(process.communicate(timeout=180)[1], process.returncode) for process in both]
    assert_once(raw, lake, [(code, text) for text, code in ended])
    assert run(raw, lake).run_id is None


@pytest.mark.parametrize(
    ("raw", "owner", "step"),
    [
        *((source, glue_jobs.ingest.step_run, "commit_run") for source in ALL_SOURCES),
        # A first run, which has read its objects and makes its tables.
        (ACCESS_LOGS, RunTables, "make"),
    ],
    indirect=["raw"],
    ids=[*(source.title for source in ALL_SOURCES), "the tables"],
)
def test_a_run_that_is_overtaken_before_its_commit_stores_nothing(
    owner: object, step: str, raw: Raw, lake: str
) -> None:
    overtaken = disturbed(owner, step, lambda: run(raw, lake))
    with overtaken, pytest.raises(LostRaceError, match=LOST.removeprefix("error: ")):
        run(raw, lake)
    assert dict(event_numbers(raw, lake)) == dict.fromkeys(range(40), 1)
    assert left_over(lake) == []
    assert orphans(lake) == set()


def test_the_ledger_that_all_pipelines_share_is_appended_to_again_after_a_lost_commit(
    raw: Raw, lake: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    load = Lake.load
    stale: list[object] = []

    def load_before_another_commits(self: Lake, table: object) -> object:
        loaded = load(self, table)  # type: ignore[arg-type]
        if table is INGESTED_OBJECT and len(stale) < 3 and monkeypatched[0]:
            stale.append(loaded)
            load(self, INGESTED_OBJECT).append([], {"by": "another pipeline"})
        return loaded

    monkeypatched = [False]
    monkeypatch.setattr(Lake, "load", load_before_another_commits)

    def commit(*arguments: object) -> None:
        monkeypatched[0] = True
        commit_run(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(glue_jobs.ingest.step_run, "commit_run", commit)
    run(raw, lake)
    assert len(stale) == 3
    assert contents(lake, raw.source.pipeline).ledger.total() == 4
    assert contents(lake, raw.source.pipeline).rejected.total() == 4
    assert left_over(lake) == []
