"""Objects to chunks: every byte once, none too large, in the order of days."""

from __future__ import annotations

import pickle
from collections import Counter
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from glue_jobs.read import plan
from glue_jobs.read.plan import (
    CHUNKS_PER_WORKER,
    LARGEST_CHUNK,
    SMALL_DAY,
    SMALLEST_CHUNK,
    Part,
    bundled,
    chunk_size,
    cut,
    share_size,
)
from glue_jobs.read.raw_object import RawObject
from glue_jobs.storage import Entry

FEW = settings(deadline=None, max_examples=80)

days = st.one_of(st.none(), st.integers(0, 5).map(lambda number: date(2024, 5, 1) + timedelta(days=number)))
sizes = st.one_of(st.integers(0, 10), st.integers(0, 2000))


def found(number: int, size: int, day: date | None) -> RawObject:
    return RawObject(Entry(f"/raw/{number:03}", size, "etag", datetime(2024, 5, 1)), day)


objects = st.lists(st.tuples(sizes, days), max_size=30).map(
    lambda given: [found(number, *each) for number, each in enumerate(given)]
)


@FEW
@given(objects, st.integers(1, 300), st.integers(1, 4), st.integers(1, 3))
def test_every_byte_of_every_object_is_in_one_chunk(all_of: list[RawObject], size: int, most: int, whole: int) -> None:
    def splittable(each: RawObject) -> bool:
        return int(each.entry.address[-1]) % whole == 0

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plan, "MOST_OBJECTS", most)
        chunks = list(cut(all_of, size, splittable))
    parts = [part for chunk in chunks for part in chunk]
    ends: dict[str, int] = {}
    for part in parts:
        assert part.start == ends.get(part.found.entry.address, 0)
        assert part.start < part.end or part.found.entry.size == 0
        ends[part.found.entry.address] = part.end
    assert ends == {each.entry.address: each.entry.size for each in all_of}
    for chunk in chunks:
        assert 0 < len(chunk) <= most
        lengths = [part.end - part.start for part in chunk]
        assert sum(lengths) - max(lengths[0], lengths[-1], size / SMALL_DAY) <= size
        assert all(part.end - part.start <= size or not splittable(part.found) for part in chunk)


@FEW
@given(objects, st.integers(1, 300))
def test_chunks_follow_the_days_and_objects_without_one_come_last(all_of: list[RawObject], size: int) -> None:
    order = [part.found for chunk in cut(all_of, size, lambda _: True) for part in chunk]
    keys = [(each.day or date.max, each.entry.address) for each in order]
    assert keys == sorted(keys)


def test_a_large_object_is_split_evenly() -> None:
    chunks = list(cut([found(0, 1001, None)], 500, lambda _: True))
    assert [(part.start, part.end) for chunk in chunks for part in chunk] == [(0, 333), (333, 667), (667, 1001)]


def test_chunks_are_of_about_the_same_length_but_for_the_last_half_of_them() -> None:
    lengths = [len(chunk) for chunk in cut([found(number, 10, None) for number in range(650)], 1000, lambda _: True)]
    assert lengths == [100] * 4 + [75] * 2 + [50] * 2
    uneven = [len(chunk) for chunk in cut([found(number, 10, None) for number in range(103)], 100, lambda _: True)]
    assert len(uneven) == 13
    assert set(uneven[:7]) <= {9, 10}
    assert set(uneven[7:10]) <= {7, 8}
    assert set(uneven[10:]) <= {4, 5}


@pytest.mark.parametrize("count", range(1, 20))
def test_large_objects_of_one_length_are_a_chunk_each(count: int) -> None:
    size = 1000 * 16 // 13
    assert [len(chunk) for chunk in cut([found(n, 1000, None) for n in range(count)], size, lambda _: False)] == [
        1
    ] * count


def test_few_chunks_are_not_shortened() -> None:
    assert [len(chunk) for chunk in cut([found(n, 10, None) for n in range(30)], 100, lambda _: True)] == [10] * 3


@pytest.mark.parametrize(("length", "chunks_of_a_day"), [(5, {1}), (6, {1, 2})])
def test_only_days_that_fill_much_of_a_chunk_are_divided(length: int, chunks_of_a_day: set[int]) -> None:
    objects = [found(number, 1, date(2024, 5, 1) + timedelta(days=number // length)) for number in range(7 * length)]
    chunks = list(cut(objects, 20, lambda _: True))
    assert len(chunks) == -(-len(objects) // 20)
    days = Counter(day for chunk in chunks for day in {part.found.day for part in chunk})
    assert set(days.values()) == chunks_of_a_day


def test_no_objects_no_chunks() -> None:
    assert list(cut([], 500, lambda _: True)) == []


@pytest.mark.parametrize(
    ("total", "workers", "expected"),
    [
        (0, 1, SMALLEST_CHUNK),
        (10**12, 2, LARGEST_CHUNK),
        # For each of both two whole ones, three quarters and a half.
        (650 * 2**20, 2, 100 * 2**20),
        (10**9, 10**6, SMALLEST_CHUNK),
    ],
)
def test_chunk_sizes(total: int, workers: int, expected: int) -> None:
    assert chunk_size(total, workers) == expected


@given(st.integers(1, 2**40), st.integers(1, 64), st.integers(1, 12))
def test_there_is_never_one_chunk_more_than_was_planned(total: int, workers: int, compression_ratio: int) -> None:
    size = chunk_size(total, workers, compression_ratio)
    assert size == LARGEST_CHUNK // compression_ratio or len(plan._shares(total, size)) <= workers * CHUNKS_PER_WORKER


@given(st.integers(1, 2**40), st.integers(1, 64))
def test_even_shares_are_as_many_as_planned(total: int, workers: int) -> None:
    size = share_size(total, workers)
    assert size == LARGEST_CHUNK or -(-total // size) <= workers * CHUNKS_PER_WORKER


@given(st.integers(1, 2**40), st.integers(2**20, 2**27))
def test_chunks_are_no_longer_than_asked_for_and_hardly_more_than_needed(total: int, size: int) -> None:
    lengths = plan._shares(total, size)
    assert max(lengths) <= size
    assert sum(lengths) == pytest.approx(total)
    assert len(lengths) <= total / size * 16 / 13 + 2


@FEW
@given(st.lists(st.integers(0, 100).map(lambda length: "x" * length), max_size=30), st.integers(1, 8))
def test_bundles_hold_every_item_once_in_order_and_share_the_work(items: list[str], most: int) -> None:
    bundles = bundled(items, most)
    assert [item for bundle in bundles for item in bundle] == items
    assert len(bundles) <= most
    assert all(bundles)
    share, longest = sum(map(len, items)) / most, max(map(len, items), default=0)
    assert all(sum(map(len, bundle)) <= share + longest for bundle in bundles)


def test_parts_travel_pickled_as_they_are() -> None:
    parts = [Part(found(number, 7, day), 1, 5) for number, day in enumerate((None, date(2024, 5, 1)))]
    assert pickle.loads(pickle.dumps(parts)) == parts
