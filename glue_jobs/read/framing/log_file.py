"""Log files of several formats: lines, lines below a header, or Parquet, recognised by content and not by name."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator

from glue_jobs.read.framing.json_documents import Documents
from glue_jobs.read.framing.lines import LineReader, OverlongLine
from glue_jobs.read.framing.whole_files import WholeFile

# The bytes at both ends of a Parquet file: https://parquet.apache.org/docs/file-format/
PARQUET = b"PAR1"

# The directive that names the fields of the lines below it: https://www.w3.org/TR/WD-logfile.html
FIELDS = b"#Fields:"


class FileByContent(ABC):
    """Cuts an object into frames with a reader that suits the first bytes of the object."""

    index: int | None = None

    def __init__(self) -> None:
        self._beginning = b""
        self._reader: LineReader | Documents | WholeFile | None = None

    @abstractmethod
    def _chosen(self, start: bytes, is_whole: bool) -> LineReader | Documents | WholeFile | None:
        """The reader for an object that begins with ``start``; None if more bytes are needed to choose.

        With ``is_whole`` the object has no more bytes, so a reader must be returned.
        """

    @property
    def position(self) -> int:
        """The offset in the object of the unfinished frame."""
        return self._reader.position if self._reader else 0

    def feed(self, data: bytes) -> Iterator[tuple[int, bytes | OverlongLine]]:
        """The frames that ``data`` completes, each with its offset in the object."""
        if self._reader is None:
            data = self._beginning + data
            self._reader = self._chosen(data, is_whole=False)
            self._beginning = b"" if self._reader else data
        if self._reader:
            yield from self._reader.feed(data)

    def finish(self, overhang: Iterator[bytes]) -> Iterator[tuple[int, bytes | OverlongLine]]:
        """The last frame; nothing follows it in ``overhang``."""
        if self._reader is None:
            self._reader = self._chosen(self._beginning, is_whole=True)
            assert self._reader is not None
            yield from self._reader.feed(self._beginning)
        yield from self._reader.finish(overhang)

    def abandon(self) -> bytes:
        """The bytes of a damaged object since its last whole record; of a Parquet file, the first bytes."""
        if self._reader:
            return self._reader.abandon()
        rest, self._beginning = self._beginning, b""
        return rest


class LogFile(FileByContent):
    """Cuts an object into frames: pieces of whole lines, each below the header that applies to it.

    A Parquet file is one frame. A worker's memory does not depend on the number of lines in an object.
    """

    def __init__(self, has_headers: bool = True) -> None:
        super().__init__()
        self._has_headers = has_headers
        self._header = b""

    def _chosen(self, start: bytes, is_whole: bool) -> LineReader | WholeFile | None:
        if not is_whole and len(start) < len(PARQUET) and PARQUET.startswith(start):
            return None
        return WholeFile() if start.startswith(PARQUET) else LineReader()

    def feed(self, data: bytes) -> Iterator[tuple[int, bytes | OverlongLine]]:
        """The frames that ``data`` completes; the length of a repeated header is subtracted from their offsets."""
        return self._below_header(super().feed(data))

    def finish(self, overhang: Iterator[bytes]) -> Iterator[tuple[int, bytes | OverlongLine]]:
        """The last frame, below its header; nothing follows it in ``overhang``."""
        return self._below_header(super().finish(overhang))

    def _below_header(
        self, frames: Iterator[tuple[int, bytes | OverlongLine]]
    ) -> Iterator[tuple[int, bytes | OverlongLine]]:
        for offset, frame in frames:
            if isinstance(frame, OverlongLine) or isinstance(self._reader, WholeFile) or not self._has_headers:
                yield offset, frame
                continue
            yield offset - len(self._header), self._header + frame
            self._header = _last_header(frame) or self._header


def _last_header(lines: bytes) -> bytes:
    """The last line of ``lines`` that names fields, with its line end; empty if there is none."""
    start = len(lines)
    while start > 0:
        start = lines.rfind(FIELDS, 0, start)
        if start == 0 or (start > 0 and lines[start - 1 : start] == b"\n"):
            end = lines.find(b"\n", start)
            return lines[start : end + 1] if end >= 0 else b""
    return b""
