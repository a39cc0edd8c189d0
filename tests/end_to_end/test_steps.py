"""A run in steps: a killed run keeps those before, and the tables are those of a run of one step."""

from __future__ import annotations

import signal
import sys
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

import glue_jobs.ingest.ingest
import glue_jobs.ingest.step_run
from glue_jobs.errors import LostRaceError, StorageError
from glue_jobs.ingest import steps
from glue_jobs.ingest.ingest import ingest
from glue_jobs.ingest.request import IngestRequest
from glue_jobs.ingest.steps import StepLimits
from glue_jobs.jobs.outcome.ingest_sentence import sentence
from glue_jobs.lake import Lake
from glue_jobs.progress import PlainReporter, SilentReporter
from glue_jobs.sources.pipelines import BY_NAME
from tests.disturbed import denied, disturbed, failing
from tests.end_to_end.lakes import (
    Contents,
    contents,
    event_numbers,
    left_over,
    let_a_day_pass,
    orphans,
    request,
    run,
    said,
    without_spark,
)
from tests.end_to_end.processes import killed_in_a_step
from tests.end_to_end.sources import ACCESS_LOGS, Raw, events
from tests.inventories import Inventory, records
from tests.run_summaries import FAMILY, Place, nucleotide

DAY = date(2024, 5, 7)
PIPELINE = ACCESS_LOGS.pipeline


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory) -> Raw:
    """Ten objects of five days, with duplicates within a day and with bad records."""
    raw = Raw(ACCESS_LOGS, str(tmp_path_factory.mktemp("raw")))
    for number in range(10):
        day = DAY + timedelta(days=number // 2)
        raw.deliver(day, number, events(day, range(number * 10 - 5 * (number % 2), number * 10 + 10)), bad=number % 2)
    return raw


@pytest.fixture(scope="module")
def in_one_step(raw: Raw, tmp_path_factory: pytest.TempPathFactory) -> Contents:
    lake = str(tmp_path_factory.mktemp("lake"))
    assert run(raw, lake).steps == 1
    return contents(lake, PIPELINE)


def in_steps(patch: pytest.MonkeyPatch, objects: int = 2) -> None:
    without_spark(patch)
    patch.setattr(steps, "LIMITS", StepLimits(objects=objects, snapshots=2, listed=3))


def test_the_tables_are_those_of_a_run_of_one_step(
    raw: Raw, in_one_step: Contents, lake: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_steps(monkeypatch)
    summary = run(raw, lake)
    assert (summary.steps, summary.listed, summary.totals.objects) == (5, 10, 10)
    assert f"run {summary.run_id} ingested 10 objects in 5 steps: 130 records" in sentence(summary)
    assert contents(lake, PIPELINE) == in_one_step
    assert set(event_numbers(raw, lake).values()) == {1}
    assert run(raw, lake).run_id is None
    assert (left_over(lake), orphans(lake)) == ([], set())


def test_a_run_says_which_step_of_how_many_it_is_at(raw: Raw, lake: str, monkeypatch: pytest.MonkeyPatch) -> None:
    in_steps(monkeypatch)
    lines = said(raw, lake, until=DAY + timedelta(days=9)).splitlines()
    assert "step 2 of about 10: 2 new objects of 2024-05-08 to 2024-05-08, 6 listed up to now" in lines
    assert "step 2 of about 10: committing" in lines
    assert "step 5 of 5: 2 new objects of 2024-05-11 to 2024-05-11, 10 listed up to now" in lines


@pytest.mark.parametrize("moment", ["before the plan", "after the rows"])
def test_a_run_killed_in_a_step_keeps_the_steps_before(
    moment: str, raw: Raw, in_one_step: Contents, lake: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = ["--pipeline", PIPELINE.name, "--raw_path", raw.address, "--lake_path", lake]
    # Without looking back, the next run finds only what lies behind the last step.
    assert killed_in_a_step(3, moment, [*arguments, "--look_back_days", "0"]) == -signal.SIGKILL
    assert contents(lake, PIPELINE).ledger.total() == 4
    in_steps(monkeypatch)
    summary = run(raw, lake, look_back_days=0)
    assert (summary.steps, summary.totals.objects) == ((3, 6) if moment == "before the plan" else (2, 4))
    assert contents(lake, PIPELINE) == in_one_step
    let_a_day_pass(lake)
    assert run(raw, lake).run_id is None
    assert (left_over(lake), orphans(lake)) == ([], set())


GONE = StorageError("the network is gone")


def test_objects_without_an_order_of_days_are_all_found_again_after_a_failure(
    tmp_path: Path, lake: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    raw = Raw(ACCESS_LOGS, str(tmp_path / "raw"))
    for number in range(4):
        day = DAY - timedelta(days=10 * number)
        path = raw.deliver(day, number, events(day, range(number * 3, number * 3 + 3)))
        Path(path).rename(f"{raw.address}/{number}-{day:%Y}.log")
        day_folder = Path(f"{raw.address}/{number}/{day:%Y/%m/%d}")
        day_folder.mkdir(parents=True)
        Path(f"{raw.address}/{number}-{day:%Y}.log").rename(day_folder / Path(path).name)
    in_steps(monkeypatch)
    with failing(glue_jobs.ingest.step_run, "commit_run", GONE, nth=2), pytest.raises(StorageError):
        run(raw, lake, any_name=True, look_back_days=0)
    assert len(event_numbers(raw, lake)) == 6
    run(raw, lake, any_name=True, look_back_days=0)
    assert dict(event_numbers(raw, lake)) == dict.fromkeys(range(12), 1)


def test_a_backfill_that_failed_says_that_only_the_same_arguments_go_on_from_there(
    tmp_path: Path, lake: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    raw, since = Raw(ACCESS_LOGS, str(tmp_path / "raw")), DAY - timedelta(days=200)
    raw.deliver(DAY, 0, events(DAY, [0]))
    run(raw, lake)
    for number in (1, 2):
        raw.deliver(since, number, events(since, [number]))
    in_steps(monkeypatch, objects=1)
    with failing(glue_jobs.ingest.step_run, "commit_run", GONE, nth=2), pytest.raises(StorageError):
        ingest(request(raw, lake, since=since), PlainReporter(sys.stderr))
    assert "1 step is stored, and the next run with the same arguments goes on from there" in capsys.readouterr().err
    assert run(raw, lake).run_id is None
    assert run(raw, lake, since=since).totals.objects == 1


def test_earlier_days_of_a_new_folder_are_taken_although_the_first_run_failed_after_a_step(
    tmp_path: Path, lake: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    raw = Raw(ACCESS_LOGS, str(tmp_path / "raw"))
    for number in range(2):
        raw.deliver(DAY + timedelta(days=number), number, events(DAY, [number]))
    in_steps(monkeypatch, objects=1)
    with failing(glue_jobs.ingest.step_run, "commit_run", GONE, nth=2), pytest.raises(StorageError):
        run(raw, lake)
    added = Raw(ACCESS_LOGS, f"{raw.address}/added")
    added.deliver(DAY - timedelta(days=200), 2, events(DAY, [2]))
    run(raw, lake)
    assert dict(event_numbers(raw, lake)) == dict.fromkeys(range(3), 1)


def test_of_two_runs_in_steps_one_goes_on_and_the_other_says_so(
    raw: Raw, in_one_step: Contents, lake: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_steps(monkeypatch)
    overtaken = disturbed(glue_jobs.ingest.ingest, "_after", lambda: run(raw, lake))
    with overtaken, pytest.raises(LostRaceError, match="another run committed to s3_access_log; start this one again"):
        run(raw, lake)
    assert contents(lake, PIPELINE) == in_one_step


def test_what_is_denied_in_the_first_step_does_not_stop_the_others(
    raw: Raw, lake: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_steps(monkeypatch)
    with denied(*sorted(raw.objects)[:2]):
        summary = run(raw, lake)
    assert (summary.steps, summary.totals.objects, len(summary.unreadable)) == (4, 8, 2)
    # Their day is before the window, and is listed again.
    assert run(raw, lake, look_back_days=0).totals.objects == 2


def test_inventories_in_steps_are_those_of_one_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    without_spark(monkeypatch)
    inventory = Inventory(str(tmp_path / "raw"))
    for number in range(6):
        night = datetime(2024, 5, 7, 1) + timedelta(days=number)
        inventory.deliver(night, records(5, number))
    pipeline = BY_NAME["s3_inventory_object"]
    found = []
    for limit, expected in ((100, 1), (2, 3)):
        monkeypatch.setattr(steps, "LIMITS", StepLimits(snapshots=limit))
        lake = Lake(str(tmp_path / f"lake-{limit}"), "usage_lake")
        asked = IngestRequest(pipeline, str(tmp_path / "raw"), lake, keep_snapshots=3)
        assert ingest(asked, SilentReporter()).steps == expected
        assert ingest(asked, SilentReporter()).run_id is None
        found.append(contents(lake, pipeline))
    assert found[0] == found[1]


def test_run_summaries_in_steps_are_those_of_one_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    in_steps(monkeypatch)
    place = Place(tmp_path)
    for number in range(5):
        place.put(f"summary2/SRR{number}.summary", nucleotide(f"SRR{number}", FAMILY, FAMILY))
    assert (place.run().steps, place.run().run_id) == (3, None)
    assert place.runs("nfamily") == {f"SRR{number}": 2 for number in range(5)}
