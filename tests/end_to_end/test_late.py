"""Records that arrive late go to the day they happened on, and days without a run leave no gap."""

from __future__ import annotations

import re
from collections import Counter
from datetime import date, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

import glue_jobs.ingest.discovery.discover
import glue_jobs.ingest.step_run
from glue_jobs.cli.commands.status import untaken_sentences
from glue_jobs.cli.main import main
from glue_jobs.errors import ArgumentError, StorageError
from glue_jobs.lake import Lake
from tests.disturbed import failing
from tests.end_to_end.lakes import contents, event_numbers, run, said, without_spark
from tests.end_to_end.sources import LAYOUTS, Raw, events

DAY = date(2024, 5, 20)


def back(days: int) -> date:
    return DAY - timedelta(days=days)


@pytest.fixture(autouse=True)
def _no_spark(monkeypatch: pytest.MonkeyPatch) -> None:
    without_spark(monkeypatch)


@pytest.fixture(params=LAYOUTS, ids=lambda source: source.title)
def raw(request: pytest.FixtureRequest, tmp_path: Path) -> Raw:
    """A raw path with two objects, one of DAY and one of ten days before."""
    raw = Raw(request.param, str(tmp_path / "raw"))
    raw.deliver(DAY, 1, events(DAY, [1]))
    raw.deliver(back(10), 2, events(back(10), [2]))
    return raw


@pytest.fixture
def lake(raw: Raw, tmp_path: Path) -> str:
    """A lake that has what the raw path had so far."""
    run(raw, str(tmp_path / "lake"))
    return str(tmp_path / "lake")


def rows_by_day(raw: Raw, lake: str) -> dict[date, Counter[int]]:
    found: dict[date, Counter[int]] = {}
    for row, count in contents(lake, raw.source.pipeline).rows.items():
        values = dict(row)
        found.setdefault(values["event_date"], Counter())[raw.source.event_number(values)] += count
    return found


@pytest.mark.parametrize("days", [0, 1, 3])
def test_an_object_that_comes_late_inside_the_look_back_is_found(raw: Raw, lake: str, days: int) -> None:
    raw.deliver(back(days), 3, events(back(days), [3]))
    assert run(raw, lake).totals.rows == 1
    assert event_numbers(raw, lake) == Counter([1, 2, 3])


def test_an_object_before_the_look_back_waits_for_since(raw: Raw, lake: str) -> None:
    raw.deliver(back(4), 3, events(back(4), [3]))
    assert run(raw, lake).run_id is None
    assert run(raw, lake, since=back(3)).run_id is None
    assert run(raw, lake, since=back(4)).totals.rows == 1
    assert event_numbers(raw, lake) == Counter([1, 2, 3])


def test_earlier_days_of_a_folder_that_no_run_has_seen_are_taken(raw: Raw, lake: str) -> None:
    added = Raw(raw.source, f"{raw.address}/added")
    added.deliver(back(200), 3, events(back(200), [3]))
    added.deliver(DAY, 4, events(DAY, [4]))
    text = said(raw, lake)
    assert f"/ is new: 1 object of days from {back(200)} on is taken too" in text
    assert event_numbers(raw, lake) == Counter([1, 2, 3, 4])
    # From now on the folder is known, and its days have the look back of all others.
    added.deliver(back(100), 5, events(back(100), [5]))
    assert run(raw, lake).run_id is None


def test_a_new_folder_with_many_earlier_objects_is_named_until_since_takes_it(
    raw: Raw, lake: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(glue_jobs.ingest.discovery.discover, "MAX_EARLIER_OBJECTS", 1)
    added = Raw(raw.source, f"{raw.address}/added")
    added.deliver(back(200), 3, events(back(200), [3]))
    added.deliver(back(100), 4, events(back(100), [4]))
    raw.deliver(DAY, 5, events(DAY, [5]))
    sentence = f"/ has over 1 objects of days before {back(3)} that no run has looked at"
    assert sentence in (text := said(raw, lake)) and f"--since {back(200)} takes them" in text
    assert sentence in said(raw, lake)
    status = CliRunner().invoke(main, ["status", "--lake", lake, "--format", "csv"])
    assert re.search(
        rf"/ has earlier days, from {back(200)} on, that are not ingested: .* --since {back(200)} takes", status.stderr
    )
    assert f"ingest {raw.source.pipeline.name} --from {raw.address} --since" in status.stderr
    assert event_numbers(raw, lake) == Counter([1, 2, 5])
    assert run(raw, lake, since=back(200)).totals.rows == 2
    assert sentence not in said(raw, lake)
    assert [*untaken_sentences(Lake(lake, "usage_lake"))] == []


def test_the_look_back_is_a_parameter(raw: Raw, lake: str) -> None:
    raw.deliver(back(4), 3, events(back(4), [3]))
    raw.deliver(back(1), 4, events(back(1), [4]))
    assert run(raw, lake, look_back_days=0).run_id is None
    assert run(raw, lake, look_back_days=1).totals.rows == 1
    assert run(raw, lake, look_back_days=4).totals.rows == 1
    assert event_numbers(raw, lake) == Counter([1, 2, 3, 4])


def test_an_until_before_the_look_back_is_a_mistake_unless_since_is_given(raw: Raw, lake: str) -> None:
    with pytest.raises(ArgumentError, match=f"until {back(30)} is before {back(3)}, where this run would begin; give"):
        run(raw, lake, until=back(30))
    assert run(raw, lake, since=back(31), until=back(30)).listed == 0


def test_until_leaves_later_days_for_later(raw: Raw, lake: str) -> None:
    raw.deliver(DAY + timedelta(days=2), 3, events(DAY, [3]))
    assert run(raw, lake, until=DAY + timedelta(days=1)).run_id is None
    assert run(raw, lake).totals.rows == 1


def test_a_backfill_does_not_move_the_window_back(raw: Raw, lake: str) -> None:
    raw.deliver(back(30), 3, events(back(30), [3]))
    assert run(raw, lake, since=back(31), until=back(29)).totals.rows == 1
    raw.deliver(back(29), 4, events(back(29), [4]))
    assert run(raw, lake).run_id is None


def test_an_old_event_in_a_new_object_is_stored_under_its_own_day(raw: Raw, lake: str) -> None:
    raw.deliver(DAY, 3, [*events(back(25), [3]), *events(back(10), [4]), *events(DAY, [5])])
    run(raw, lake)
    assert rows_by_day(raw, lake) == {
        back(25): Counter([3]),
        back(10): Counter([2, 4]),
        DAY: Counter([1, 5]),
    }


def test_an_old_event_delivered_again_is_a_duplicate_however_old(raw: Raw, lake: str) -> None:
    raw.deliver(DAY, 3, events(back(10), [2]))
    assert run(raw, lake).totals.duplicates == 1
    assert event_numbers(raw, lake) == Counter([1, 2])


def test_ten_days_of_failing_runs_leave_no_gap(raw: Raw, lake: str) -> None:
    full = StorageError("the disk is full")
    for number in range(1, 11):
        day = DAY + timedelta(days=number)
        raw.deliver(day, 10 + number, events(day, [10 + number]))
        with failing(glue_jobs.ingest.step_run, "commit_run", full), pytest.raises(StorageError):
            run(raw, lake)
    assert run(raw, lake).totals.rows == 10
    assert event_numbers(raw, lake) == Counter([1, 2, *range(11, 21)])


def test_an_object_from_the_future_does_not_hide_those_of_today(raw: Raw, lake: str) -> None:
    raw.deliver(date(2999, 1, 1), 3, events(DAY, [3]))
    run(raw, lake)
    raw.deliver(date.today(), 4, events(date.today(), [4]))
    run(raw, lake)
    assert event_numbers(raw, lake) == Counter([1, 2, 3, 4])


def test_each_raw_path_has_a_window_of_its_own(raw: Raw, lake: str, tmp_path: Path) -> None:
    other = Raw(raw.source, str(tmp_path / "other"))
    other.deliver(back(200), 3, events(back(200), [3]))
    assert run(other, lake).totals.rows == 1
    assert event_numbers(raw, lake) == Counter([1, 2, 3])


def test_a_run_says_that_it_does_not_list_earlier_days_again_and_how_to(tmp_path: Path) -> None:
    raw, lake = Raw(LAYOUTS[0], str(tmp_path / "raw")), str(tmp_path / "lake")
    raw.deliver(date(2024, 5, 20), 1, events(date(2024, 5, 20), range(3)))
    assert "--since" not in said(raw, lake)
    raw.deliver(date(2024, 1, 1), 1, events(date(2024, 1, 1), range(3, 5)))
    assert "from 2024-05-17 on; earlier days were listed before, --since lists them again" in said(raw, lake)
    assert "--since" not in said(raw, lake, since=date(2024, 1, 1))
    assert dict(event_numbers(raw, lake)) == dict.fromkeys(range(5), 1)
