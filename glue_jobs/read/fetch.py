"""Read chunks: fetch many objects at a time, unpack them, and batch their bytes so that they fit in memory."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass
from io import BytesIO
from itertools import chain, pairwise
from typing import Any

import numpy as np

from glue_jobs.columns.numpy_types import Ints
from glue_jobs.errors import UnreadableObjectError
from glue_jobs.read.framing import Framing
from glue_jobs.read.framing.lines import OverlongLine
from glue_jobs.read.parsed import Rejected
from glue_jobs.read.plan import ByteRange, Chunk
from glue_jobs.read.unpack import TRAILING, Unpacker
from glue_jobs.storage import storage_for

# A worker holds one batch that is being parsed, and about as many bytes in flight.
MAX_BATCH_BYTES = 32 * 2**20

# JSON documents of a whole chunk share a batch: each distinct text in a batch is stored once.
MAX_DOCUMENT_BATCH_BYTES = 128 * 2**20

# A large object is read with several concurrent requests of this size.
BYTES_PER_READ = 8 * 2**20

# Enough to hide 30 ms of latency at over 1,000 objects a second.
MAX_CONCURRENT_READS = 64

# Bytes per request after the end of a range, until its last line ends.
BYTES_PER_TAIL_READ = 64 * 2**10


@dataclass(frozen=True)
class RawBatch:
    """Unpacked bytes of one or many objects, and the object that each piece of them belongs to.

    Piece ``i`` begins at ``starts[i]`` of ``data`` and at ``offsets[i]`` of object ``objects[i]`` (an index into the
    chunk's distinct objects). ``rejected`` holds (object, record) pairs of records that never reach the parser.
    """

    data: bytes
    starts: Ints
    objects: Ints
    offsets: Ints
    rejected: tuple[tuple[int, Rejected], ...] = ()


class _BatchBuilder:
    def __init__(self, numbered: bool) -> None:
        self._numbered = numbered
        self.last_object: int | None = None
        # A BytesIO grows in place and returns its bytes without copying them.
        self._data = BytesIO()
        self._places: list[tuple[int, int, int]] = []
        self._rejected: list[tuple[int, Rejected]] = []

    @property
    def size(self) -> int:
        """The bytes so far."""
        return self._data.tell()

    def add(self, number: int, offset: int, text: bytes | OverlongLine) -> None:
        """Append lines or a document of object ``number``; ``offset`` is their position in that object."""
        self.last_object = number
        if isinstance(text, OverlongLine):
            self.reject(number, Rejected(offset, text.reason, text.beginning, text.index))
        elif text:
            self._places.append((self.size, number, offset))
            self._data.write(text)
            if not text.endswith(b"\n"):
                # Otherwise the first line of the next object would continue this line.
                self._data.write(b"\n")

    def is_full_before(self, number: int, document: bytes | OverlongLine) -> bool:
        """Whether the batch must be yielded before the document is added, because of its size or its records' numbers.

        ``numbered`` records continue from batch to batch, so a batch holds one document per object.
        """
        size = len(document) if isinstance(document, bytes) else 0
        return (self._numbered and self.last_object == number) or (
            self.size > 0 and self.size + size > MAX_DOCUMENT_BATCH_BYTES
        )

    def reject(self, number: int, rejected: Rejected) -> None:
        """Add a record that never reaches the parser."""
        self._rejected.append((number, rejected))

    def build(self) -> RawBatch:
        """The batch so far; the builder is empty again afterwards."""
        places = np.array(self._places, dtype=np.int64).reshape(-1, 3)
        built = RawBatch(self._data.getvalue(), places[:, 0], places[:, 1], places[:, 2], tuple(self._rejected))
        self.__init__(self._numbered)  # type: ignore[misc]
        return built


def read_batches(
    chunk: Chunk, numbers: list[int], framing: Framing, unreadable: dict[str, UnreadableObjectError]
) -> Iterator[RawBatch]:
    """The chunk's bytes in order, divided by ``framing``.

    ``numbers`` has the object index of each range. An object that cannot be read is skipped, and its error is added to
    ``unreadable`` under its address.

    Raises:
        StorageError: the storage failed.
        UnreadableObjectError: an object became unreadable after some bytes of it were yielded.
    """
    builder = _BatchBuilder(numbered=framing is Framing.DOCUMENTS)
    begun: set[int] = set()
    for part, number, pieces in fetch_ranges(chunk, numbers):
        address = part.raw_object.entry.address
        if address in unreadable:
            continue
        try:
            first = next(pieces, b"")
        except UnreadableObjectError as error:
            if number in begun:
                raise
            unreadable[address] = error
            continue
        begun.add(number)
        reader = framing.reader(part.start)
        unpacker = Unpacker(is_plain=part.start > 0)
        for raw in chain((first,), pieces, (None,)):
            for data in unpacker.finish() if raw is None else unpacker.feed(raw):
                for offset, text in reader.feed(data):
                    if not framing.is_splittable and builder.is_full_before(number, text):
                        yield builder.build()
                    builder.add(number, offset, text)
                    if builder.size >= MAX_BATCH_BYTES:
                        yield builder.build()
        if unpacker.problem:
            # Trailing bytes follow a complete stream, so its last line is complete too.
            rest = unpacker.unread or (b"" if unpacker.problem == TRAILING else reader.abandon())
            builder.reject(number, Rejected(reader.position, unpacker.problem, rest, reader.index))
        for offset, text in reader.finish(_bytes_behind(part) if framing.is_splittable else iter(())):
            if not framing.is_splittable and builder.is_full_before(number, text):
                yield builder.build()
            builder.add(number, offset, text)
        if builder.size >= (MAX_DOCUMENT_BATCH_BYTES if framing is Framing.DOCUMENTS else MAX_BATCH_BYTES):
            yield builder.build()
    last = builder.build()
    if last.data or last.rejected:
        yield last


def _bytes_behind(part: ByteRange) -> Iterator[bytes]:
    """The object's bytes after the range."""
    entry = part.raw_object.entry
    for position in range(part.end, entry.size, BYTES_PER_TAIL_READ):
        yield storage_for(entry.address).read(entry, position, position + BYTES_PER_TAIL_READ)


def _reads(part: ByteRange) -> list[tuple[int, int]]:
    # The byte before the range shows whether a line begins at its first byte.
    start = max(part.start - 1, 0)
    edges = [*range(start, part.end, BYTES_PER_READ), part.end]
    return list(pairwise(edges))


class _InlineExecutor(Executor):
    """Runs each call immediately: reading a local file is faster than passing it to a thread."""

    def submit(self, function: Callable[..., Any], /, *arguments: Any, **keywords: Any) -> Future[Any]:
        done: Future[Any] = Future()
        try:
            done.set_result(function(*arguments, **keywords))
        except UnreadableObjectError as error:
            done.set_exception(error)
        return done


def _executor(chunk: Chunk) -> Executor:
    remote = any(storage_for(part.raw_object.entry.address).remote for part in chunk[:1])
    return ThreadPoolExecutor(MAX_CONCURRENT_READS) if remote else _InlineExecutor()


def fetch_ranges(chunk: Chunk, numbers: list[int]) -> Iterator[tuple[ByteRange, int, Iterator[bytes]]]:
    """Each range with its object's number and its bytes as stored.

    At most MAX_BATCH_BYTES and MAX_CONCURRENT_READS requests are fetched ahead.

    Raises:
        UnreadableObjectError: during iteration over the bytes of an object that cannot be read.
        StorageError: during iteration over the bytes; the storage failed.
    """
    reads = [(number, part, read) for number, part in enumerate(chunk) for read in _reads(part)]
    with _executor(chunk) as executor:
        pending: deque[tuple[int, int, Future[bytes]]] = deque()
        pending_bytes = 0
        position = 0

        def next_bytes(part_number: int) -> Iterator[bytes]:
            nonlocal pending_bytes, position
            # Skip the remaining reads of a range that could not be read.
            while pending and pending[0][0] < part_number:
                pending_bytes -= pending.popleft()[1]
            while position < len(reads) and reads[position][0] < part_number:
                position += 1
            while True:
                while position < len(reads) and len(pending) < MAX_CONCURRENT_READS:
                    if pending and pending_bytes >= MAX_BATCH_BYTES:
                        break
                    number, part, (start, end) = reads[position]
                    entry = part.raw_object.entry
                    future = executor.submit(storage_for(entry.address).read, entry, start, end)
                    pending.append((number, end - start, future))
                    pending_bytes += end - start
                    position += 1
                if not pending or pending[0][0] != part_number:
                    return
                _, size, future = pending.popleft()
                pending_bytes -= size
                yield future.result()

        for number, part in enumerate(chunk):
            yield part, numbers[number], next_bytes(number)
