"""Files that people upload: JSON, lines, or Parquet. The first bytes tell how a file divides into records."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from glue_jobs.read.json_documents import Documents
from glue_jobs.read.json_values import NOT_JSON
from glue_jobs.read.lines import LineReader, OverlongLine
from glue_jobs.read.log_file import PARQUET
from glue_jobs.read.whole_files import WholeFile

BYTE_ORDER_MARK = b"\xef\xbb\xbf"

# The first line is looked for in this many bytes; a longer one is a JSON document if it looks like one.
MAX_FIRST_LINE_BYTES = 2**20


def is_json(start: bytes) -> bool:
    """Whether a text that begins so is JSON and no CSV."""
    return start.removeprefix(BYTE_ORDER_MARK).lstrip()[:1] in (b"{", b"[")


def is_json_lines(start: bytes) -> bool:
    """Whether a JSON text that begins so has a value in each line: its first line is a whole object."""
    line = start.removeprefix(BYTE_ORDER_MARK).lstrip().partition(b"\n")[0]
    try:
        msgspec.json.decode(line, type=dict[str, msgspec.Raw])
    except NOT_JSON:
        # A line that is cut short or damaged, with other objects below it.
        rest = start.removeprefix(BYTE_ORDER_MARK).lstrip()
        return line[:1] == b"{" and line.strip() != b"{" and b'\n{"' in rest
    return True


class UploadedFile:
    """Cuts an object into frames: pieces of whole lines, JSON documents, or a whole Parquet file."""

    index: int | None = None

    def __init__(self) -> None:
        self._beginning = b""
        self._reader: LineReader | Documents | WholeFile | None = None

    @property
    def position(self) -> int:
        """The offset in the object of the unfinished frame."""
        return self._reader.position if self._reader else 0

    def feed(self, data: bytes) -> Iterator[tuple[int, bytes | OverlongLine]]:
        """Frames that are complete now, each with its offset in the object."""
        if self._reader is None:
            self._beginning += data
            start = self._beginning.lstrip()
            if len(start) < MAX_FIRST_LINE_BYTES and b"\n" not in start:
                return
            self._reader, data = _reader(self._beginning), self._beginning
        yield from self._reader.feed(data)

    def finish(self, overhang: Iterator[bytes]) -> Iterator[tuple[int, bytes | OverlongLine]]:
        """The last frame; nothing follows it in ``overhang``."""
        if self._reader is None:
            self._reader = _reader(self._beginning)
            yield from self._reader.feed(self._beginning)
        yield from self._reader.finish(overhang)

    def abandon(self) -> bytes:
        """The bytes since the last whole record, or of the whole Parquet file, of an object that is damaged."""
        if self._reader:
            return self._reader.abandon()
        rest, self._beginning = self._beginning, b""
        return rest


def _reader(start: bytes) -> LineReader | Documents | WholeFile:
    if start.startswith(PARQUET):
        return WholeFile()
    return Documents() if is_json(start) and not is_json_lines(start) else LineReader()
