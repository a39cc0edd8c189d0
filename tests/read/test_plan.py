"""Chunks hold every byte once, follow the days and share the work evenly."""

from __future__ import annotations

import pickle
from collections import Counter
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glue_jobs.read import plan
from glue_jobs.read.plan import (
    CHUNKS_PER_WORKER,
    MAX_CHUNK_BYTES,
    MIN_CHUNK_BYTES,
    WHOLE_DAYS_PER_CHUNK,
    ByteRange,
    Chunk,
    batch_by_size,
    chunk_size,
    group_evenly,
    largest_first,
    split_into_chunks,
)
from glue_jobs.read.raw_object import RawObject
from glue_jobs.storage import Entry

DAY = date(2024, 5, 1)

days = st.one_of(st.none(), st.integers(0, 5).map(lambda number: DAY + timedelta(days=number)))
sizes = st.one_of(st.integers(0, 10), st.integers(0, 2000))


def raw_object(number: int, size: int, day: date | None = None) -> RawObject:
    return RawObject(Entry(f"/raw/{number:03}", size, "etag", datetime(2024, 5, 1)), day)


def chunks_of(objects: list[RawObject], size: int, splittable: bool = True) -> list[Chunk]:
    return list(split_into_chunks(objects, size, lambda _: splittable))


raw_objects = st.lists(st.tuples(sizes, days), max_size=30).map(
    lambda given: [raw_object(number, *each) for number, each in enumerate(given)]
)


@given(raw_objects, st.integers(1, 300), st.integers(1, 4), st.integers(1, 3))
def test_every_byte_of_every_object_is_in_one_chunk(
    objects: list[RawObject], size: int, max_objects: int, modulus: int
) -> None:
    def splittable(each: RawObject) -> bool:
        return int(each.entry.address[-1]) % modulus == 0

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plan, "MAX_OBJECTS_PER_CHUNK", max_objects)
        chunks = list(split_into_chunks(objects, size, splittable))
    ends: dict[str, int] = {}
    for part in (part for chunk in chunks for part in chunk):
        address = part.raw_object.entry.address
        assert part.start == ends.get(address, 0)
        assert part.start < part.end or part.raw_object.entry.size == 0
        ends[address] = part.end
    assert ends == {each.entry.address: each.entry.size for each in objects}
    for chunk in chunks:
        assert 0 < len(chunk) <= max_objects
        lengths = [part.end - part.start for part in chunk]
        assert sum(lengths) - max(lengths[0], lengths[-1], size / WHOLE_DAYS_PER_CHUNK) <= size
        assert all(part.end - part.start <= size or not splittable(part.raw_object) for part in chunk)


def test_the_largest_chunk_comes_first_and_those_of_one_size_stay_in_order() -> None:
    chunks = [(ByteRange(raw_object(number, size), 0, size),) for number, size in enumerate([1, 3, 1, 2])]
    assert largest_first(chunks) == [chunks[1], chunks[3], chunks[0], chunks[2]]


@given(raw_objects, st.integers(1, 300))
def test_chunks_follow_the_days_and_objects_without_a_day_come_last(objects: list[RawObject], size: int) -> None:
    planned = [part.raw_object for chunk in chunks_of(objects, size) for part in chunk]
    keys = [(each.day or date.max, each.entry.address) for each in planned]
    assert keys == sorted(keys)


def test_a_large_object_is_split_evenly() -> None:
    chunks = chunks_of([raw_object(0, 1001)], 500)
    assert [[(part.start, part.end) for part in chunk] for chunk in chunks] == [[(0, 333)], [(333, 667)], [(667, 1001)]]


def test_an_object_of_at_most_one_chunk_is_not_even_asked_whether_it_is_splittable() -> None:
    asked: list[RawObject] = []
    chunks = list(split_into_chunks([raw_object(0, 500)], 500, lambda each: bool(asked.append(each)) or True))
    assert chunks == [(ByteRange(raw_object(0, 500), 0, 500),)]
    assert asked == []


def test_an_object_that_is_not_splittable_stays_whole() -> None:
    assert chunks_of([raw_object(0, 1001)], 500, splittable=False) == [(ByteRange(raw_object(0, 1001), 0, 1001),)]


@pytest.mark.parametrize("count", [30, 31, 103])
def test_chunks_are_equal_shares(count: int) -> None:
    lengths = [len(chunk) for chunk in chunks_of([raw_object(number, 10) for number in range(count)], 100)]
    assert len(lengths) == -(-count // 10)
    assert max(lengths) - min(lengths) <= 1


@pytest.mark.parametrize("count", range(1, 20))
def test_large_objects_of_equal_length_are_a_chunk_each(count: int) -> None:
    chunks = chunks_of([raw_object(number, 1000) for number in range(count)], 1000, splittable=False)
    assert [len(chunk) for chunk in chunks] == [1] * count


@pytest.mark.parametrize(("objects_per_day", "chunks_per_day"), [(5, {1}), (6, {1, 2})])
def test_only_days_larger_than_a_quarter_of_a_chunk_are_split(objects_per_day: int, chunks_per_day: set[int]) -> None:
    objects = [raw_object(n, 1, DAY + timedelta(days=n // objects_per_day)) for n in range(7 * objects_per_day)]
    chunks = chunks_of(objects, 20)
    assert len(chunks) == -(-len(objects) // 20)
    counts = Counter(day for chunk in chunks for day in {part.raw_object.day for part in chunk})
    assert set(counts.values()) == chunks_per_day


@pytest.mark.parametrize(("objects_per_day", "lengths"), [(2, [8, 6]), (3, [8, 8, 5])])
def test_days_of_many_tiny_objects_are_split_too(
    objects_per_day: int, lengths: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plan, "MAX_OBJECTS_PER_CHUNK", 8)
    objects = [raw_object(n, 1, DAY + timedelta(days=n // objects_per_day)) for n in range(7 * objects_per_day)]
    assert [len(chunk) for chunk in chunks_of(objects, 1000)] == lengths


def test_empty_objects_are_in_a_chunk_too() -> None:
    assert chunks_of([], 500) == []
    assert [len(chunk) for chunk in chunks_of([raw_object(0, 0), raw_object(1, 0)], 500)] == [2]


@pytest.mark.parametrize(
    ("total", "workers", "compression_ratio", "expected"),
    [
        (0, 1, 1, MIN_CHUNK_BYTES),
        (10**12, 2, 1, MAX_CHUNK_BYTES),
        (10**12, 2, 8, MAX_CHUNK_BYTES // 8),
        (800 * 2**20, 2, 1, 100 * 2**20),
        (800 * 2**20 + 1, 2, 1, 100 * 2**20 + 1),
        (10**9, 10**6, 1, MIN_CHUNK_BYTES),
        (10**9, 10**6, 8, MIN_CHUNK_BYTES // 8),
    ],
)
def test_chunk_size_is_a_share_of_the_work_within_limits(
    total: int, workers: int, compression_ratio: int, expected: int
) -> None:
    assert chunk_size(total, workers, compression_ratio) == expected


@given(st.integers(1, 2**40), st.integers(1, 64), st.integers(1, 12))
def test_there_is_never_one_chunk_more_than_planned(total: int, workers: int, compression_ratio: int) -> None:
    size = chunk_size(total, workers, compression_ratio)
    assert size == MAX_CHUNK_BYTES // compression_ratio or -(-total // size) <= workers * CHUNKS_PER_WORKER


@given(st.lists(st.integers(0, 100).map(lambda length: "x" * length), max_size=30), st.integers(1, 8))
def test_groups_hold_every_item_once_in_order_and_share_the_work(items: list[str], max_groups: int) -> None:
    groups = group_evenly(items, max_groups)
    assert [item for group in groups for item in group] == items
    assert len(groups) <= max_groups
    assert all(groups)
    share, longest = sum(map(len, items)) / max_groups, max(map(len, items), default=0)
    assert all(sum(map(len, group)) <= share + longest for group in groups)


def test_batches_are_as_large_as_allowed() -> None:
    assert list(batch_by_size([3, 2, 1, 9, 5], 5, int)) == [[3, 2], [1], [9], [5]]
    assert list(batch_by_size([], 5, int)) == []


def test_byte_ranges_survive_pickling() -> None:
    ranges = [ByteRange(raw_object(number, 7, day), 1, 5) for number, day in enumerate((None, DAY))]
    assert pickle.loads(pickle.dumps(ranges)) == ranges
