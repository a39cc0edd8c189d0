"""A large run has steps of bounded size: whole days as far as they fit, and never more in memory than one step."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta

import pytest

from glue_jobs.ingest import steps
from glue_jobs.ingest.discovery.discover import Listing
from glue_jobs.ingest.steps import Step, StepLimits, Steps
from glue_jobs.read.raw_object import RawObject, Window
from glue_jobs.sources.pipelines import BY_NAME
from glue_jobs.storage import Entry

FIRST = date(2024, 5, 1)


class Ledger:
    """Knows which objects could not be read, and has ingested none."""

    def __init__(self, **reasons: str) -> None:
        self._reasons = reasons

    def subtract(self, listed: Sequence[RawObject]) -> list[tuple[RawObject, str | None]]:
        return [(each, self._reasons.get(each.entry.address)) for each in listed]


def raw_object(name: str, day: int = 0, size: int = 1, unreadable: str = "") -> RawObject:
    return RawObject(Entry(name, size, "e", datetime(2024, 5, 9), unreadable), FIRST + timedelta(days=day))


def days(*counts: int) -> list[RawObject]:
    return [raw_object(f"{day}-{number}", day) for day, count in enumerate(counts) for number in range(count)]


def made(
    objects: Iterable[RawObject], pipeline: str = "s3_access_log", until: date | None = None, **reasons: str
) -> Steps:
    listing = Listing(iter(objects), Window(None, until), [], True)
    return Steps(BY_NAME[pipeline], listing, Ledger(**reasons))  # type: ignore[arg-type]


def names(step: Step) -> list[str]:
    return [each.entry.address for each in step.new]


@pytest.fixture
def limited(monkeypatch: pytest.MonkeyPatch) -> None:
    limits = StepLimits(objects=4, bytes=100, snapshots=2, listed=3)
    monkeypatch.setattr(steps, "LIMITS", limits)


@pytest.mark.usefixtures("limited")
@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ((1, 1, 1), [3]),
        ((4,), [4]),
        # The second day does not fit and begins a step, or the step is not half full and takes a part of it.
        ((2, 3), [2, 3]),
        ((1, 4), [4, 1]),
        ((3, 2, 2), [3, 4]),
        ((9, 1), [4, 4, 2]),
    ],
)
def test_steps_are_whole_days_as_far_as_these_fit(counts: tuple[int, ...], expected: list[int]) -> None:
    found = [*made(days(*counts))]
    assert [len(step.new) for step in found] == expected
    assert [name for step in found for name in names(step)] == [each.entry.address for each in days(*counts)]
    assert [step.is_last for step in found] == [False] * (len(expected) - 1) + [True]


@pytest.mark.usefixtures("limited")
def test_a_step_holds_so_many_bytes_unpacked() -> None:
    sizes = (60, 60, 300, 1)
    objects = [raw_object(f"{number}", number, size) for number, size in enumerate(sizes)]
    assert [names(step) for step in made(objects)] == [["0"], ["1"], ["2"], ["3"]]


@pytest.mark.usefixtures("limited")
@pytest.mark.parametrize("pipeline", ["cloudtrail_s3_event", "run_summary", "upload"])
def test_a_byte_of_compressed_files_counts_as_several(pipeline: str) -> None:
    assert len([*made([raw_object("a", 0, 20), raw_object("b", 1, 20)], pipeline)]) == 2


@pytest.mark.usefixtures("limited")
def test_a_run_without_objects_has_one_step_without_objects() -> None:
    (step,) = made([])
    assert (step.new, step.is_only, step.listed) == ([], True, 0)


@pytest.mark.usefixtures("limited")
def test_what_is_known_to_be_archived_is_counted_and_in_no_step() -> None:
    reason = "it is archived in GLACIER; restore it"
    archived = [raw_object(f"a{number}", number, unreadable=reason) for number in range(6)]
    unknown, restored = raw_object("new", 7, unreadable=reason), raw_object("a6", 8)
    found = made([*archived, unknown, restored], **{f"a{number}": reason for number in range(7)})
    (step,) = found
    assert (names(step), step.reasons) == (["new", "a6"], {"a6": reason})
    assert found.unreadable.counts == {reason: 6}
    assert found.unreadable.days == {each.day for each in archived}


@pytest.mark.usefixtures("limited")
def test_steps_of_inventories_are_whole_days_and_the_newest_come_first() -> None:
    found = [*made(days(1, 3, 1, 1), "s3_inventory_object")]
    assert [names(step) for step in found] == [["2-0", "3-0"], ["1-0", "1-1", "1-2"], ["0-0"]]
    assert [len(step.manifests) for step in found] == [6, 6, 6]
    assert [step.is_last for step in found] == [False, False, True]


@pytest.mark.usefixtures("limited")
def test_a_step_says_which_it_is_of_how_many() -> None:
    found = made(days(4, 4, 4, 4), until=FIRST + timedelta(days=15))
    titles = [found.title(step) for step in found]
    assert titles == ["step 1 of about 16", "step 2 of about 16", "step 3 of about 16", "step 4 of 4"]


def test_the_memory_of_a_run_does_not_grow_with_what_it_lists(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steps, "LIMITS", StepLimits(objects=1_000, listed=500))

    def listed(count: int) -> Iterator[RawObject]:
        for number in range(count):
            yield raw_object(f"s3://logs/{number:0100}", number // 2_000)

    def peak(count: int) -> int:
        tracemalloc.start()
        assert sum(len(step.new) for step in made(listed(count))) == count
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return peak

    assert peak(20_000) < 1.2 * peak(4_000)
