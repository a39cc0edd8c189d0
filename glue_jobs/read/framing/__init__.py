"""How the bytes of an object divide into records, and therefore whether tasks may share an object."""

from __future__ import annotations

from enum import Enum

from glue_jobs.read.framing.json_documents import Documents
from glue_jobs.read.framing.lines import LineReader
from glue_jobs.read.framing.log_file import FileByContent, LogFile
from glue_jobs.read.framing.uploaded_file import UploadedFile
from glue_jobs.read.framing.whole_files import WholeFile


class Framing(Enum):
    """How the objects of a source divide into records."""

    LINES = "lines"
    """Lines of text, or whole Parquet files. Large uncompressed texts are split between tasks. A parser gets lines of
    many objects at a time."""

    DOCUMENTS = "documents"
    """JSON documents. Objects are not split between tasks; a large document is split into smaller documents."""

    WHOLE_FILES = "whole files"
    """Files that only make sense whole, such as lines below a header. Objects are never split."""

    LOG_FILES = "log files"
    """Lines, lines below a header, or Parquet, recognised by content. Objects are not split between tasks; a parser
    gets pieces of lines, each below the header that applies to it, and a Parquet file whole."""

    UPLOADED_FILES = "uploaded files"
    """Lines, JSON documents or Parquet, recognised by content. Objects are not split between tasks."""

    @property
    def is_splittable(self) -> bool:
        """Whether two tasks may read parts of one object."""
        return self is Framing.LINES

    def reader(self, start: int) -> LineReader | Documents | WholeFile | FileByContent:
        """A reader for one object, or for the part of it that begins at byte ``start``.

        It assembles bytes that are fed in order into frames: pieces that can be parsed on their own.
        """
        if self is Framing.LINES:
            return LineReader(start) if start else LogFile(has_headers=False)
        if self is Framing.DOCUMENTS:
            return Documents()
        if self is Framing.UPLOADED_FILES:
            return UploadedFile()
        return LogFile() if self is Framing.LOG_FILES else WholeFile()
