"""The input and output of parsers of raw objects: bytes in, understood rows and rejected records out."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pyarrow as pa

from glue_jobs.columns.arrays import ENCODED
from glue_jobs.columns.numpy_types import Ints
from glue_jobs.tables.model import Table, arrow_type

Positions = Ints
"""Byte offsets in the input of a parser."""

NO_POSITIONS: Positions = np.zeros(0, dtype=np.int64)

# Rejected records are stored up to this length.
MAX_RECORD_BYTES = 64 * 2**10

# A longer record is rejected unread, so that the memory of a worker does not depend on it. S3 cuts request headers at
# 8 KiB each, and CloudTrail the parameters of a request at 100 KiB.
MAX_READ_RECORD_BYTES = 16 * 2**20

# Sums of larger numbers may overflow 64 bits, and the query that adds them up then fails. The largest S3 object has
# 50 TB: https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html
MAX_LOGGED_NUMBER = 10**15 - 1

# Beyond this many rejected records in one parse, only positions are kept. A batch of lines of usual length has fewer.
MAX_REJECTED_PER_PARSE = 100_000


def parsed_schema(table: Table, names: Container[str], plain: Container[str]) -> pa.Schema:
    """The columns of parsed rows: those with the ``names``, texts as dictionaries except in the ``plain`` ones."""
    types = {column.name: arrow_type(column.type) for column in table.columns if column.name in names}
    return pa.schema(
        [(name, ENCODED if type_ == pa.string() and name not in plain else type_) for name, type_ in types.items()]
    )


@dataclass(frozen=True)
class Rejected:
    """A raw record that cannot be understood: its position in the given bytes, the reason, and its bytes.

    In formats that number their records, ``position`` is the beginning of the record's document, and ``index`` is the
    number of the record in that document, counted from 0. ``records`` is the number of records that it represents.
    """

    position: int
    reason: str
    record: bytes
    index: int | None = None
    records: int = 1


@dataclass(frozen=True)
class Parsed:
    """Everything in some raw bytes: ``records == rows + rejected + repeated + filtered``.

    ``filtered`` are records that belong to other tables. String columns of ``rows`` may be dictionary-encoded
    (int32, string). ``positions`` holds the byte offset of each row's record, or of its document, in the order of
    ``rows``; ``filtered`` holds the same for each filtered record, and ``repeated`` by reason for further rejected
    records beyond MAX_REJECTED_PER_PARSE.
    """

    rows: pa.Table
    positions: Positions
    records: int
    rejected: list[Rejected]
    filtered: Positions = field(default_factory=NO_POSITIONS.copy)
    repeated: Mapping[str, Positions] = field(default_factory=dict)


def joined(pieces: Sequence[Parsed], starts: Sequence[int]) -> Parsed:
    """The results of parsing bytes in pieces, as one result; piece ``i`` begins at ``starts[i]`` of the bytes."""
    places = list(zip(pieces, starts, strict=True))
    reasons = {reason for piece in pieces for reason in piece.repeated}
    return Parsed(
        pa.concat_tables(piece.rows for piece in pieces),
        np.concatenate([piece.positions + start for piece, start in places]),
        sum(piece.records for piece in pieces),
        [replace(each, position=each.position + start) for piece, start in places for each in piece.rejected],
        np.concatenate([piece.filtered + start for piece, start in places]),
        {
            reason: np.concatenate(
                [piece.repeated[reason] + start for piece, start in places if reason in piece.repeated]
            )
            for reason in reasons
        },
    )


@dataclass(frozen=True)
class DocumentId:
    """The identity of a document: a newer document with the same kind and ``run_id`` replaces it."""

    kind: str
    run_id: str


@dataclass(frozen=True)
class ParsedDocument:
    """Everything in one raw object with rows in several tables: each record is a row or rejected.

    ``rows`` maps each table to rows of values, in the order of the table's record columns.
    """

    rows: Mapping[Table, Sequence[tuple[object, ...]]]
    rejected: list[Rejected]


def rows_of(table: Table, values: Sequence[tuple[object, ...]]) -> pa.Table:
    """Rows of the record columns of a table, from their values."""
    schema = pa.schema([table.arrow_schema.field(name) for name in table.record])
    columns = zip(*values, strict=True) if values else ((),) * len(schema)
    return pa.table([pa.array(each, field.type) for each, field in zip(columns, schema, strict=True)], schema=schema)


@dataclass(frozen=True)
class ParsedDocuments:
    """Everything in many raw objects: for each table its record columns, and the number of each row's object.

    String columns may be dictionary-encoded. ``rejected`` pairs each record with the number of its object.
    """

    rows: Mapping[Table, Sequence[tuple[pa.Table, Ints]]]
    rejected: Sequence[tuple[int, Rejected]]


Parser = Callable[[bytes, Positions], Parsed]
"""Bytes of one or many raw objects to rows. A parser is pure: it reads no files, clocks or settings.

Object ``i`` begins at ``starts[i]`` (the second argument) and ends where the next one begins; ``starts`` ascends. A
parser of a format with a header in each file finds the headers there. Bad input becomes rejected records, never an
exception.
"""
