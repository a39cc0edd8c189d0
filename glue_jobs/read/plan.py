"""Raw objects to chunks: the pieces of work that are handed to workers."""

from __future__ import annotations

import itertools
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence, Sized
from dataclasses import dataclass
from typing import TypeVar

from glue_jobs.read.raw_object import RawObject

Item = TypeVar("Item")
Sizable = TypeVar("Sizable", bound=Sized)

# A chunk becomes about one data file a day it touches: large files for readers, but enough chunks for all workers.
LARGEST_CHUNK = 128 * 2**20
SMALLEST_CHUNK = 16 * 2**20
MOST_OBJECTS = 5_000
CHUNKS_PER_WORKER = 4

# Of so many chunks the last one is half as long as the first ones, and the one before it three quarters, so that a
# worker that was slower has less left to do at the end.
SHORTENED = 4

# The middle of a chunk's last piece is no further than this many sizes of one from its beginning. Little pieces keep to
# that by themselves; two large ones would be a chunk that takes twice as long as the others.
ROOM = 1.1

# So many days, or more, make a chunk when none of them is divided between two.
SMALL_DAY = 4


@dataclass(frozen=True, slots=True)
class Part:
    """Bytes ``start`` to ``end`` of an object; lines belong to the part they begin in."""

    found: RawObject
    start: int
    end: int

    # As with `Entry`.
    def __reduce__(self) -> tuple[type[Part], tuple[RawObject, int, int]]:
        return Part, (self.found, self.start, self.end)


Chunk = tuple[Part, ...]


def chunk_size(total: int, workers: int, compression_ratio: int = 1) -> int:
    """Bytes of a long chunk when ``total`` bytes, each of which becomes ``packing``, are shared by ``workers``.

    Never a little less than a whole share: one chunk more than planned would keep one worker busy alone.
    """
    return _bounded(-(-4 * total // _quarters(workers * CHUNKS_PER_WORKER)), compression_ratio)


def share_size(total: int, workers: int) -> int:
    """The same where all chunks are to be of about the same length."""
    return _bounded(-(-total // (workers * CHUNKS_PER_WORKER)), 1)


def _bounded(size: int, compression_ratio: int) -> int:
    return min(LARGEST_CHUNK // compression_ratio, max(SMALLEST_CHUNK // compression_ratio, size, 1))


def cut(objects: Iterable[RawObject], size: int, splittable: Callable[[RawObject], bool]) -> Iterator[Chunk]:
    """Chunks of about ``size`` bytes, in the order of days so that each chunk touches few of them.

    An object larger than a chunk is split when ``splittable`` says that its bytes can be. Days that are small beside a
    chunk stay whole: they make fewer files, and records delivered twice meet in one task.
    """
    ordered = sorted(objects, key=lambda found: (found.day is None, found.day, found.entry.address))
    days = itertools.groupby(ordered, key=lambda found: found.day)
    pieces = [piece for _, day in days for piece in _pieces(list(day), size, splittable)]
    lengths = [*map(_length, pieces)]
    chunk: list[Part] = []
    number = filled = 0
    for piece, length, its_number in zip(pieces, lengths, _places(lengths, _shares(sum(lengths), size)), strict=True):
        too_long = filled + length / 2 > size * ROOM
        if chunk and (its_number > number or too_long or len(chunk) + len(piece) > MOST_OBJECTS):
            yield tuple(chunk)
            chunk, filled = [], 0
        number = its_number
        chunk += piece
        filled += length
    if chunk:
        yield tuple(chunk)


def _shares(total: int, size: int) -> list[float]:
    """Lengths of chunks, at most ``size``, less at the end: the last worker to finish decides how long a run takes."""
    count = max(1, -(-total // size))
    while _quarters(count) * size < 4 * total:
        count += 1
    quarter, few = max(total, 1) / _quarters(count), count // SHORTENED
    return [4 * quarter] * (count - 2 * few) + [3 * quarter] * few + [2 * quarter] * few


def _quarters(count: int) -> int:
    """How many quarters of long chunks so many chunks are."""
    return 4 * count - 3 * (count // SHORTENED)


def _pieces(objects: list[RawObject], size: int, splittable: Callable[[RawObject], bool]) -> list[list[Part]]:
    """What of a day is to be in the same chunk: all when that is little, else each part of an object for itself."""
    parts = [part for found in objects for part in _parts(found, size, splittable)]
    small = _length(parts) * SMALL_DAY <= size and len(parts) * SMALL_DAY <= MOST_OBJECTS
    return [parts] if small and objects[0].day else [[part] for part in parts]


def _length(parts: Iterable[Part]) -> int:
    return sum(part.end - part.start for part in parts)


def _parts(found: RawObject, size: int, splittable: Callable[[RawObject], bool]) -> Iterator[Part]:
    total = found.entry.size
    if total <= size or not splittable(found):
        yield Part(found, 0, total)
        return
    pieces = -(-total // size)
    edges = [total * number // pieces for number in range(pieces + 1)]
    for start, end in itertools.pairwise(edges):
        yield Part(found, start, end)


def bundled(items: Sequence[Sizable], most: int) -> list[list[Sizable]]:
    """The items, each with a length, in at most ``most`` lists of about the same total length; neighbours stay so."""
    lengths = [*map(len, items)]
    bundles: list[list[Sizable]] = [[] for _ in range(most)]
    for item, number in zip(items, _places(lengths, [max(1, sum(lengths)) / most] * most), strict=True):
        bundles[number].append(item)
    return [bundle for bundle in bundles if bundle]


def _places(lengths: Sequence[int], shares: Sequence[float]) -> Iterator[int]:
    """Of each of some lengths, one behind the other, the number of the share that its middle is in."""
    ends = [*itertools.accumulate(shares)]
    filled = 0
    for length in lengths:
        yield min(bisect_right(ends, filled + length / 2), len(ends) - 1)
        filled += length


def batches(items: Iterable[Item], most: int, length: Callable[[Item], int]) -> Iterator[list[Item]]:
    """The items in lists of no more than ``most`` together; a longer item is alone."""
    batch: list[Item] = []
    filled = 0
    for item in items:
        if batch and filled + length(item) > most:
            yield batch
            batch, filled = [], 0
        batch.append(item)
        filled += length(item)
    if batch:
        yield batch
