"""Files that people upload: JSON, lines, or Parquet. The first bytes determine how a file divides into records."""

from __future__ import annotations

import msgspec

from glue_jobs.read.framing.json_documents import Documents
from glue_jobs.read.framing.json_values import NOT_JSON
from glue_jobs.read.framing.lines import LineReader
from glue_jobs.read.framing.log_file import PARQUET, FileByContent
from glue_jobs.read.framing.whole_files import WholeFile

BYTE_ORDER_MARK = b"\xef\xbb\xbf"

# The end of the first line is searched for in this many bytes. A longer line that looks like JSON is a document.
MAX_FIRST_LINE_BYTES = 2**20


def is_json(start: bytes) -> bool:
    """Whether a text with this beginning is JSON rather than CSV."""
    return start.removeprefix(BYTE_ORDER_MARK).lstrip()[:1] in (b"{", b"[")


def is_json_lines(start: bytes) -> bool:
    """Whether a JSON text with this beginning has one value per line: its first line is a whole object."""
    text = start.removeprefix(BYTE_ORDER_MARK).lstrip()
    line = text.partition(b"\n")[0]
    try:
        msgspec.json.decode(line, type=dict[str, msgspec.Raw])
    except NOT_JSON:
        # The first line may be damaged or cut short, with other objects on the lines below it.
        return line[:1] == b"{" and line.strip() != b"{" and b'\n{"' in text
    return True


class UploadedFile(FileByContent):
    """Cuts an object into frames: pieces of whole lines, JSON documents, or a whole Parquet file."""

    def _chosen(self, start: bytes, is_whole: bool) -> LineReader | Documents | WholeFile | None:
        text = start.lstrip()
        if not is_whole and len(text) < MAX_FIRST_LINE_BYTES and b"\n" not in text:
            return None
        if start.startswith(PARQUET):
            return WholeFile()
        return Documents() if is_json(start) and not is_json_lines(start) else LineReader()
