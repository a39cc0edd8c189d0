"""A walk in the order of days: parts are listed when their day comes, some of them ahead."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from itertools import islice

import pytest

from glue_jobs.errors import StorageError
from glue_jobs.read.raw_object import RawObject
from glue_jobs.sources.layouts import walk
from glue_jobs.sources.layouts.walk import Part, Walk, in_order_of_days
from glue_jobs.storage import Entry


def day(number: int) -> date:
    return date(2024, 5, number)


def objects(*days: int, name: str = "") -> Iterator[RawObject]:
    for number in days:
        yield RawObject(Entry(f"{name}{number}", 1, "etag", datetime(2024, 5, 9)), day(number))


def names(found: Iterator[RawObject]) -> list[str]:
    return [each.entry.address for each in found]


@pytest.mark.parametrize("is_remote", [False, True])
def test_objects_of_several_parts_come_in_the_order_of_days(is_remote: bool) -> None:
    def inside() -> Walk:
        yield Part(day(2), objects(2, 2, 4, name="y"))
        yield Part(day(4), objects(4, 5, name="z"))

    def everything() -> Walk:
        yield Part(date.min, objects(1, 3, 6, name="x"))
        yield Part(day(1), inside())
        yield Part(day(3), objects(name="empty"))

    found = names(in_order_of_days(everything(), is_remote))
    assert [name[-1] for name in found] == sorted(name[-1] for name in found)
    assert sorted(found) == sorted(["x1", "x3", "x6", "y2", "y2", "y4", "z4", "z5"])


def test_a_part_that_is_found_late_comes_when_it_is_found() -> None:
    def flat() -> Walk:
        yield from objects(3, 4)
        yield Part(date.min, objects(1, name="late"))
        yield from objects(5)

    assert names(in_order_of_days(flat(), False)) == ["3", "4", "late1", "5"]


@pytest.mark.parametrize("is_remote", [False, True])
def test_who_wants_one_object_lists_one_part(is_remote: bool) -> None:
    listed: list[int] = []

    def part(number: int) -> Walk:
        listed.append(number)
        yield from objects(number, number)

    found = in_order_of_days(iter([Part(day(number), part(number)) for number in range(1, 9)]), is_remote)
    assert len([*islice(found, 1)]) == 1
    assert listed == [1]


def test_a_part_is_read_a_block_ahead_and_not_further(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walk, "BLOCK", 10)
    taken: list[int] = []

    def part(number: int) -> Walk:
        for each in objects(*[number] * 100):
            taken.append(number)
            yield each

    found = in_order_of_days(iter([Part(day(1), part(1)), Part(day(2), part(2))]), True)
    assert len([*islice(found, 105)]) == 105
    assert taken.count(2) <= 30
    assert len([*found]) == 95


def test_an_error_of_a_part_listed_ahead_is_the_error_of_the_walk() -> None:
    def broken() -> Walk:
        raise StorageError("cannot list s3://b/")
        yield

    parts = [Part(day(1), objects(1, 1)), Part(day(2), broken())]
    with pytest.raises(StorageError, match="cannot list s3://b/"):
        names(in_order_of_days(iter(parts), True))
