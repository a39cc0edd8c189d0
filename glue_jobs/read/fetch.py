"""Chunks to slices: objects fetched many at a time, unpacked, and cut into pieces that fit in memory."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain, pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from glue_jobs.read.json_documents import Documents
from glue_jobs.read.lines import Lines, Overlong
from glue_jobs.read.parsed import Rejected
from glue_jobs.read.plan import Chunk, Part
from glue_jobs.read.unpack import TRAILING, Unpacker
from glue_jobs.storage import storage_for

# What a worker holds at a time: one slice being parsed, and about as much again on its way.
SLICE = 32 * 2**20

# The same of JSON documents, about as much as a chunk holds: the more of them are parsed at a time, the fewer of their
# texts are different.
DOCUMENTS = 128 * 2**20

# A large object is read in pieces of this size, several at a time.
READ = 8 * 2**20

# Requests under way: enough to hide 30 ms of latency at over 1,000 objects a second.
CONCURRENCY = 64

# How much further than its end a part is read at a time, to finish its last line.
OVERHANG = 64 * 2**10


@dataclass(frozen=True)
class Slice:
    """Raw bytes of one or many objects, and which bytes are whose.

    Piece ``i`` begins at ``starts[i]`` of ``data`` and at ``offsets[i]`` of object ``objects[i]`` (an index into the
    chunk's distinct objects). ``rejected`` are records refused before parsing, per object.
    """

    data: bytes
    starts: npt.NDArray[np.int64]
    objects: npt.NDArray[np.int64]
    offsets: npt.NDArray[np.int64]
    rejected: tuple[tuple[int, Rejected], ...] = ()


class _Builder:
    def __init__(self) -> None:
        self.size = 0
        self._pieces: list[bytes] = []
        self._places: list[tuple[int, int, int]] = []
        self._rejected: list[tuple[int, Rejected]] = []

    def add(self, data: bytes, number: int, offset: int) -> None:
        """Put the bytes of object ``number`` from its ``offset`` on behind the others."""
        if not data:
            return
        self._places.append((self.size, number, offset))
        self._pieces.append(data)
        if not data.endswith(b"\n"):
            # Otherwise the next object's first line would continue this one's last.
            self._pieces.append(b"\n")
            self.size += 1
        self.size += len(data)

    def is_full_before(self, document: bytes | Overlong) -> bool:
        """Whether the document would be too much for the slice."""
        return self.size > 0 and isinstance(document, bytes) and self.size + len(document) > DOCUMENTS

    def reject(self, number: int, rejected: Rejected) -> None:
        """Note a record that never reaches the parser."""
        self._rejected.append((number, rejected))

    def build(self) -> Slice:
        """The slice so far; the builder starts again empty."""
        places = np.array(self._places, dtype=np.int64).reshape(-1, 3)
        data = self._pieces[0] if len(self._pieces) == 1 else b"".join(self._pieces)
        built = Slice(data, places[:, 0], places[:, 1], places[:, 2], tuple(self._rejected))
        self.__init__()  # type: ignore[misc]
        return built


def slices(chunk: Chunk, numbers: list[int], splittable: bool) -> Iterator[Slice]:
    """The chunk's bytes in order, as lines or else as JSON documents. ``numbers`` has each part's object index.

    Raises:
        StorageError: an object cannot be read, or is no longer the one that was listed.
    """
    builder = _Builder()
    for part, number, pieces in fetched(chunk, numbers):
        reader = Lines(part.start) if splittable else Documents()
        unpacker = Unpacker(part.found.entry.size)
        for raw in chain(pieces, (None,)):
            for data in unpacker.finish() if raw is None else unpacker.feed(raw):
                for offset, text in reader.feed(data):
                    if not splittable and builder.is_full_before(text):
                        yield builder.build()
                    _take(builder, number, offset, text)
                    if builder.size >= SLICE:
                        yield builder.build()
        if unpacker.problem:
            # Behind a whole stream the last line is whole too.
            rest = b"" if unpacker.problem == TRAILING else reader.abandon()
            index = reader.index if isinstance(reader, Documents) else None
            builder.reject(number, Rejected(reader.position, unpacker.problem, rest, index))
        for offset, text in reader.finish(_overhang(part) if splittable else iter(())):
            if not splittable and builder.is_full_before(text):
                yield builder.build()
            _take(builder, number, offset, text)
        if builder.size >= (SLICE if splittable else DOCUMENTS):
            yield builder.build()
    last = builder.build()
    if last.data or last.rejected:
        yield last


def _take(builder: _Builder, number: int, offset: int, text: bytes | Overlong) -> None:
    if isinstance(text, Overlong):
        builder.reject(number, Rejected(offset, text.reason, text.beginning))
    else:
        builder.add(text, number, offset)


def _overhang(part: Part) -> Iterator[bytes]:
    entry, position = part.found.entry, part.end
    while position < entry.size:
        yield storage_for(entry.address).read(entry, position, position + OVERHANG)
        position += OVERHANG


def _reads(part: Part) -> list[tuple[int, int]]:
    # The byte before the part tells whether its first byte begins a line.
    start = max(part.start - 1, 0)
    edges = [*range(start, part.end, READ), part.end]
    return list(pairwise(edges))


class _Inline(Executor):
    """Reads a file at once: sooner done than another thread could be told to."""

    def submit(self, function: Callable[..., Any], /, *arguments: Any, **named: Any) -> Future[Any]:
        done: Future[Any] = Future()
        done.set_result(function(*arguments, **named))
        return done


def _pool(chunk: Chunk) -> Executor:
    remote = any(storage_for(part.found.entry.address).remote for part in chunk[:1])
    return ThreadPoolExecutor(CONCURRENCY) if remote else _Inline()


def fetched(chunk: Chunk, numbers: list[int]) -> Iterator[tuple[Part, int, Iterator[bytes]]]:
    """Each part with its bytes, fetched ahead: at most one slice of bytes and CONCURRENCY requests."""
    wanted = [(number, part, read) for number, part in enumerate(chunk) for read in _reads(part)]
    with _pool(chunk) as pool:
        under_way: deque[tuple[int, int, Future[bytes]]] = deque()
        ahead = 0
        position = 0

        def next_bytes(part_number: int) -> Iterator[bytes]:
            nonlocal ahead, position
            while True:
                while position < len(wanted) and len(under_way) < CONCURRENCY and (ahead < SLICE or not under_way):
                    number, part, (start, end) = wanted[position]
                    entry = part.found.entry
                    future = pool.submit(storage_for(entry.address).read, entry, start, end)
                    under_way.append((number, end - start, future))
                    ahead += end - start
                    position += 1
                if not under_way or under_way[0][0] != part_number:
                    return
                _, size, future = under_way.popleft()
                ahead -= size
                yield future.result()

        for number, part in enumerate(chunk):
            yield part, numbers[number], next_bytes(number)
