"""Split raw objects into chunks, the units of work for workers."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence, Sized
from typing import NamedTuple, TypeVar

from glue_jobs.read.raw_object import RawObject

Item = TypeVar("Item")
SizedItem = TypeVar("SizedItem", bound=Sized)

# A chunk becomes about one data file for each day in it. Large files are fast to query; many chunks keep all workers
# busy until the end.
MAX_CHUNK_BYTES = 128 * 2**20
MIN_CHUNK_BYTES = 16 * 2**20
MAX_OBJECTS_PER_CHUNK = 5_000
CHUNKS_PER_WORKER = 4

# A day stays in one chunk if this many days of its size would fit into a chunk.
WHOLE_DAYS_PER_CHUNK = 4


class ByteRange(NamedTuple):
    """Bytes ``start`` to ``end`` (exclusive) of a raw object. A line belongs to the range in which it begins."""

    raw_object: RawObject
    start: int
    end: int


Chunk = tuple[ByteRange, ...]


def chunk_size(total: int, workers: int, compression_ratio: int = 1) -> int:
    """Bytes per chunk when ``workers`` share ``total`` bytes, each of which unpacks to ``compression_ratio`` bytes.

    The size is rounded up, because rounding down could add a chunk.
    """
    share = -(-total // (workers * CHUNKS_PER_WORKER))
    return min(MAX_CHUNK_BYTES // compression_ratio, max(MIN_CHUNK_BYTES // compression_ratio, share, 1))


def split_into_chunks(
    objects: Iterable[RawObject], size: int, splittable: Callable[[RawObject], bool]
) -> Iterator[Chunk]:
    """Chunks of about ``size`` bytes in the order of days, which keeps the number of days per chunk small.

    An object larger than ``size`` is split if ``splittable`` allows it. Small days stay whole: this produces fewer data
    files, and one task sees all duplicates within a day.
    """
    ordered = sorted(objects, key=lambda each: (each.day is None, each.day, each.entry.address))
    days = itertools.groupby(ordered, key=lambda each: each.day)
    groups = [group for _, day in days for group in _groups(list(day), size, splittable)]
    lengths = [*map(_length, groups)]
    chunk: list[ByteRange] = []
    current = 0
    for group, share in zip(groups, _shares(lengths, max(1, -(-sum(lengths) // size))), strict=True):
        if chunk and (share > current or len(chunk) + len(group) > MAX_OBJECTS_PER_CHUNK):
            yield tuple(chunk)
            chunk = []
        current = share
        chunk += group
    if chunk:
        yield tuple(chunk)


def largest_first(chunks: Iterable[Chunk]) -> list[Chunk]:
    """The chunks in the order in which workers take them: the largest first, so that workers finish together."""
    return sorted(chunks, key=_length, reverse=True)


def _groups(objects: list[RawObject], size: int, splittable: Callable[[RawObject], bool]) -> list[list[ByteRange]]:
    """Ranges of one day that must share a chunk: the whole day if it is small, else each range on its own."""
    ranges = [each for raw_object in objects for each in _ranges(raw_object, size, splittable)]
    small = max(_length(ranges) / size, len(ranges) / MAX_OBJECTS_PER_CHUNK) * WHOLE_DAYS_PER_CHUNK <= 1
    return [ranges] if small else [[each] for each in ranges]


def _length(ranges: Iterable[ByteRange]) -> int:
    return sum(each.end - each.start for each in ranges)


def _ranges(raw_object: RawObject, size: int, splittable: Callable[[RawObject], bool]) -> Iterator[ByteRange]:
    total = raw_object.entry.size
    count = -(-total // size) if total > size and splittable(raw_object) else 1
    edges = [total * number // count for number in range(count + 1)]
    return (ByteRange(raw_object, start, end) for start, end in itertools.pairwise(edges))


def group_evenly(items: Sequence[SizedItem], max_groups: int) -> list[list[SizedItem]]:
    """Consecutive items in at most ``max_groups`` lists of about the same total length."""
    shares = zip(items, _shares([*map(len, items)], max_groups), strict=True)
    return [[item for item, _ in group] for _, group in itertools.groupby(shares, key=lambda pair: pair[1])]


def _shares(lengths: Sequence[int], count: int) -> Iterator[int]:
    """For each of consecutive lengths, the index of the share that contains its middle; ``count`` shares are equal."""
    total = max(1, sum(lengths))
    start = 0
    for length in lengths:
        yield min((2 * start + length) * count // (2 * total), count - 1)
        start += length


def batch_by_size(items: Iterable[Item], max_size: int, size_of: Callable[[Item], int]) -> Iterator[list[Item]]:
    """Consecutive items in lists of at most ``max_size`` together; a larger item is alone in its list."""
    batch: list[Item] = []
    filled = 0
    for item in items:
        if batch and filled + size_of(item) > max_size:
            yield batch
            batch, filled = [], 0
        batch.append(item)
        filled += size_of(item)
    if batch:
        yield batch
