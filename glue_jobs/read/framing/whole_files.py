"""Files that only make sense whole: every byte of an object reaches the parser at once."""

from __future__ import annotations

from collections.abc import Iterator

from glue_jobs.read.framing.lines import OverlongLine
from glue_jobs.read.parsed import MAX_RECORD_BYTES

# A worker holds one such file and the rows parsed from it. Log files that AWS delivers have a few megabytes.
MAX_FILE_BYTES = 128 * 2**20


class WholeFile:
    """Joins fed bytes to one file; a file that is too long is rejected with its beginning."""

    position = 0
    index: int | None = None

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._size = 0

    def feed(self, data: bytes) -> Iterator[tuple[int, bytes | OverlongLine]]:
        """Collect the bytes. Yields nothing, because a file is complete only at its end."""
        self._size += len(data)
        self._pieces.append(data)
        if self._is_too_long:
            self._pieces = [b"".join(self._pieces)[:MAX_RECORD_BYTES]]
        return iter(())

    @property
    def _is_too_long(self) -> bool:
        return self._size > MAX_FILE_BYTES

    def finish(self, overhang: Iterator[bytes]) -> Iterator[tuple[int, bytes | OverlongLine]]:
        """The whole file. ``overhang`` is not read."""
        data = b"".join(self._pieces)
        if self._is_too_long:
            reason = f"the file is longer than {MAX_FILE_BYTES // 2**20} MiB, and its format must be read whole"
            yield 0, OverlongLine(data, reason)
        elif data:
            yield 0, data

    def abandon(self) -> bytes:
        """The first bytes of a damaged object, none of whose records can be trusted."""
        data = b"".join(self._pieces)
        self._pieces, self._size = [], 0
        return data[:MAX_RECORD_BYTES]
