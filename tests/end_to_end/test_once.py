"""Killing a run at any step and starting it again gives what an undisturbed run gives; nothing twice, nothing lost."""

from __future__ import annotations

import random
import re
import signal
import time
from collections.abc import Callable, Container, Iterable
from datetime import date, timedelta
from functools import cache
from typing import Any

import pytest

import glue_jobs.ingest.staging.task_context
from glue_jobs.errors import StorageError
from glue_jobs.ingest.staging.data_files import NewFile, write_file
from glue_jobs.jobs.check.check_lake import check_lake
from glue_jobs.lake import Lake
from glue_jobs.sources.pipeline import DocumentPipeline, EventPipeline
from tests.end_to_end.lakes import (
    Contents,
    contents,
    event_numbers,
    left_over,
    let_a_day_pass,
    orphans,
    run,
    said,
)
from tests.end_to_end.processes import STEPS, WORKERS, killed_after, killed_at, killed_by_a_worker, killed_here_at
from tests.end_to_end.sources import ACCESS_LOGS, ALL_SOURCES, CLOUDFRONT, CLOUDTRAIL, Raw, Source, events

DAY = date(2024, 5, 7)


@pytest.fixture(scope="module")
def delivered(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Source], Raw]:
    """Three days of objects of a source, with duplicates and with bad records."""

    @cache
    def deliver(source: Source) -> Raw:
        raw = Raw(source, str(tmp_path_factory.mktemp("raw")))
        for number in range(9):
            day = DAY + timedelta(days=number // 3)
            first, again = number * 20, 0 if number % 3 == 0 or source.of_documents else 10
            raw.deliver(day, number, events(day, range(first - again, first + 20)), bad=number % 2)
        return raw

    return deliver


@pytest.fixture(scope="module")
def ingested(
    delivered: Callable[[Source], Raw], tmp_path_factory: pytest.TempPathFactory
) -> Callable[[Source], Contents]:
    """What an undisturbed run stores of them."""

    @cache
    def ingest(source: Source) -> Contents:
        raw, lake = delivered(source), str(tmp_path_factory.mktemp("lake"))
        run(raw, lake)
        found = contents(lake, source.pipeline)
        assert found.sums["records"] == raw.records
        assert min(found.sums[name] for name in ("rows", "rejected")) > 0
        assert (found.sums["duplicates"] == 0) is source.of_documents
        return found

    return ingest


@pytest.fixture(params=ALL_SOURCES, ids=lambda source: source.title)
def raw(request: pytest.FixtureRequest, delivered: Callable[[Source], Raw]) -> Raw:
    return delivered(request.param)


@pytest.fixture
def undisturbed(raw: Raw, ingested: Callable[[Source], Contents]) -> Contents:
    return ingested(raw.source)


STEPS_OF_SUMMARIES = ("after some data files", "after the rows", "after a table of rows", "after the rejected records")

# A kill costs seconds, and most steps do not know what the rows came from. Those of a source that is not read by lines
# that do: its tasks, the duplicates among its rows, and its table's commit.
STEPS_OF_DOCUMENTS = (
    "after some data files",
    "after writing late rows",
    "during duplicates",
    "after a file without duplicates",
    "after the plan",
    "after the rows",
)


def killed(names: Iterable[str | int], of_documents: Container[str | int]) -> pytest.MarkDecorator:
    """Every source with every name; sources of documents with some of them."""
    cases = [(source, name) for source in ALL_SOURCES for name in names if _knows(source, name, of_documents)]
    ids = [f"{source.title}-{name}" for source, name in cases]
    return pytest.mark.parametrize(("raw", "killed_by"), cases, indirect=["raw"], ids=ids)


def _knows(source: Source, name: str | int, of_documents: Container[str | int]) -> bool:
    if source.of_documents:
        # A kill costs seconds, and uploads differ from run summaries in their tables' commits only.
        steps = STEPS_OF_SUMMARIES if isinstance(source.pipeline, DocumentPipeline) else STEPS_OF_SUMMARIES[1:3]
        return name in steps and of_documents is STEPS_OF_DOCUMENTS
    return name != "after a table of rows" and (
        name in of_documents or (isinstance(source.pipeline, EventPipeline) and source.pipeline.framing.is_splittable)
    )


# A kill while pyiceberg writes the names of places or subscribers leaves its file of some kilobytes.
WRITTEN_BY_PYICEBERG = re.compile(r"/(place|subscriber)/data/00000-0-[0-9a-f-]{36}[.]parquet$")


def arguments(raw: Raw, lake: str) -> list[str]:
    return ["--pipeline", raw.source.pipeline.name, "--raw_path", raw.address, "--lake_path", lake]


def assert_nothing_happened(raw: Raw, lake: str, undisturbed: Contents) -> None:
    """The lake recovers from what a killed run left: by the next run, by the one after it, and by the sweep."""
    run(raw, lake)
    assert contents(lake, raw.source.pipeline) == undisturbed
    assert set(event_numbers(raw, lake).values()) == {1}
    assert run(raw, lake).run_id is None
    let_a_day_pass(lake)
    run(raw, lake)
    assert left_over(lake) == []
    assert {path for path in orphans(lake) if not WRITTEN_BY_PYICEBERG.search(path)} == set()
    assert contents(lake, raw.source.pipeline) == undisturbed


@killed(STEPS, STEPS_OF_DOCUMENTS)
def test_a_run_killed_at_a_step(killed_by: str, raw: Raw, undisturbed: Contents, lake: str) -> None:
    assert killed_at(killed_by, arguments(raw, lake)) == -signal.SIGKILL
    assert_nothing_happened(raw, lake, undisturbed)


@killed(["after some data files", "during duplicates", "after the plan", "after the rows"], [])
def test_a_small_run_killed_at_a_step(killed_by: str, raw: Raw, undisturbed: Contents, lake: str) -> None:
    assert killed_here_at(killed_by, arguments(raw, lake)) == -signal.SIGKILL
    assert_nothing_happened(raw, lake, undisturbed)


@killed(WORKERS, [])
def test_a_run_killed_while_its_workers_go_on(killed_by: str, raw: Raw, undisturbed: Contents, lake: str) -> None:
    assert killed_by_a_worker(killed_by, arguments(raw, lake)) == -signal.SIGKILL
    assert_nothing_happened(raw, lake, undisturbed)


@killed(range(2), [])
def test_runs_killed_at_random_moments_one_after_another(
    killed_by: int, raw: Raw, undisturbed: Contents, lake: str
) -> None:
    random_seconds = random.Random(killed_by)
    for _ in range(4):
        killed_after(random_seconds.uniform(0.02, 0.5), arguments(raw, lake))
    assert_nothing_happened(raw, lake, undisturbed)


def test_a_dead_run_is_finished_by_the_next_one_that_says_so(raw: Raw, lake: str) -> None:
    killed_at("after the rows", arguments(raw, lake))
    assert "finished the commit of run" in said(raw, lake)


@pytest.mark.parametrize("raw", [ACCESS_LOGS], indirect=True, ids=["access logs"])
def test_a_check_names_the_dead_run_that_explains_what_is_wrong(raw: Raw, lake: str) -> None:
    killed_at("after the rows", arguments(raw, lake))
    wrong = [str(result) for result in check_lake(Lake(lake, "usage_lake")) if not result.holds]
    assert len(wrong) == 1 and re.search(
        r"rows: .*Not finished: run \S+ of s3_access_log, which may explain it", wrong[0]
    )
    run(raw, lake)
    assert all(result.holds for result in check_lake(Lake(lake, "usage_lake")))


@pytest.mark.parametrize(
    ("raw", "zone"),
    [(ACCESS_LOGS, "UTC"), (CLOUDTRAIL, "Pacific/Kiritimati"), (CLOUDFRONT, "Pacific/Pago_Pago")],
    ids=("UTC", "Pacific/Kiritimati", "Pacific/Pago_Pago"),
    indirect=["raw"],
)
def test_a_run_counts_as_dead_after_a_day_of_silence_in_every_time_zone(
    zone: str, raw: Raw, lake: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    killed_at("before the plan", arguments(raw, lake))
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        let_a_day_pass(lake, hours=22)
        run(raw, lake)
        assert left_over(lake) != []
        let_a_day_pass(lake, hours=3)
        run(raw, lake)
        assert left_over(lake) == []
    finally:
        monkeypatch.undo()
        time.tzset()


def test_a_task_that_outlives_its_failed_run_leaves_nothing_for_ever(
    raw: Raw, lake: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    late: list[tuple[Any, ...]] = []

    def fail_before_writing(*arguments: Any) -> NewFile:
        late.append(arguments)
        raise StorageError("another task failed")

    with monkeypatch.context() as patch:
        patch.setattr(glue_jobs.ingest.staging.task_context, "write_file", fail_before_writing)
        with pytest.raises(StorageError, match="another task failed"):
            run(raw, lake)
    write_file(*late[0])
    assert len(orphans(lake)) == 1
    let_a_day_pass(lake)
    run(raw, lake)
    assert orphans(lake) == set()
