"""Parse uploaded files: JSON, CSV or Parquet, recognised by content and, if it is text, by the end of the name."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType

import pyarrow as pa

from glue_jobs.read.framing.log_file import PARQUET
from glue_jobs.read.framing.uploaded_file import is_json
from glue_jobs.read.parsed import Rejected
from glue_jobs.sources.signatures import SIGNATURE_BYTES, source_of_content
from glue_jobs.sources.upload.names import ColumnNames
from glue_jobs.sources.upload.parser.csv_text import CsvReader
from glue_jobs.sources.upload.parser.csv_values import column_of_texts, type_of_texts
from glue_jobs.sources.upload.parser.json_text import JsonReader
from glue_jobs.sources.upload.parser.parquet_rows import ParquetReader
from glue_jobs.sources.upload.piece import Piece
from glue_jobs.tables.uploaded import FIXED

UNKNOWN = (
    "the object is neither JSON nor Parquet, and its name does not end in .csv or .tsv, or .csv.gz or .tsv.gz, by which"
    " CSV is known"
)

_CSV = re.compile(r"[.](?:csv|tsv)(?:[.]gz)?$", re.IGNORECASE)
_JSON = re.compile(r"[.](?:json|jsonl|ndjson)(?:[.]gz)?$", re.IGNORECASE)

Reader = CsvReader | JsonReader | ParquetReader


class UploadParser:
    """Reads the frames of one object, in order; never raises, whatever they contain.

    Rows also have the ``values`` of the object's folders, except those that the object itself has a column for.
    """

    def __init__(self, address: str, values: Mapping[str, str | None] = MappingProxyType({})) -> None:
        self._address = address
        self._reader: Reader | None = None
        self._is_unknown = False
        self._names = ColumnNames(FIXED)
        self._names.add(values)
        self._texts = {self._names.column(name): pa.array([value], pa.string()) for name, value in values.items()}

    @property
    def format(self) -> str:
        """What the object is: json, csv or parquet; empty if nothing of it was read."""
        return self._reader.name if self._reader else ""

    @property
    def notes(self) -> list[str]:
        """A sentence on each field whose column has a number or a name in Punycode."""
        return self._names.notes

    def read(self, frame: bytes, offset: int) -> Iterator[Piece]:
        """The records of a frame that begins at ``offset`` of the object."""
        return map(self._with_values, self._read(frame, offset))

    def finish(self) -> Iterator[Piece]:
        """The records that remain at the end of the object."""
        return map(self._with_values, self._reader.finish() if isinstance(self._reader, CsvReader) else ())

    def _with_values(self, piece: Piece) -> Piece:
        texts = {name: text for name, text in self._texts.items() if piece.rows and name not in piece.columns}
        types = {name: type_of_texts(text) for name, text in texts.items()}
        columns = {name: pa.repeat(column_of_texts(text, types[name])[0], piece.rows) for name, text in texts.items()}
        return replace(piece, columns={**piece.columns, **columns}, types={**piece.types, **types})

    def _read(self, frame: bytes, offset: int) -> Iterator[Piece]:
        if self._reader is None:
            if self._is_unknown or not frame.strip():
                return
            self._reader = self._chosen(frame)
        if self._reader is None:
            self._is_unknown = True
            source = source_of_content(frame[:SIGNATURE_BYTES])
            hint = f"; usage-lake ingest {source} reads such objects" if source else ""
            yield Piece(0, {}, {}, [Rejected(offset, UNKNOWN + hint, frame)])
            return
        yield from self._reader.read(frame, offset)

    def _chosen(self, frame: bytes) -> Reader | None:
        if frame.startswith(PARQUET):
            return ParquetReader(self._names)
        if _CSV.search(self._address):
            return CsvReader(self._names, self._address)
        if _JSON.search(self._address) or is_json(frame):
            return JsonReader(self._names)
        return None
