"""What a parser of raw objects gets, and what it returns: the rows it understood and the records it rejected."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from glue_jobs.columns.arrays import ENCODED
from glue_jobs.columns.numpy_types import Ints
from glue_jobs.tables.model import Table, arrow_type

Positions = npt.NDArray[np.int64]
"""Byte offsets into the data a parser gets."""

NO_POSITIONS: Positions = np.zeros(0, dtype=np.int64)

# A rejected record is stored up to this length.
MAX_RECORD_BYTES = 64 * 2**10

# A longer record is rejected unread, so that the memory of a worker does not depend on it. S3 cuts request headers at
# 8 KiB each, and CloudTrail the parameters of a request at 100 KiB.
MAX_READ_RECORD_BYTES = 16 * 2**20

# Sums of larger numbers may not fit into 64 bits, and a report that adds them up has no answer at all. The largest
# object of S3 has 50 TB: https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html
MAX_LOGGED_NUMBER = 10**15 - 1

# Of more rejected records in one piece of data, only the positions are kept. Lines of usual lengths are fewer.
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

    In formats that number their records, ``position`` is where the record's document begins, and ``index`` is the
    number of the record in that document, counted from 0. ``records`` is how many records it stands for.
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
    """What some bytes hold that were parsed in pieces; piece ``i`` begins at ``starts[i]`` of them."""
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
class ParsedDocument:
    """Everything in one raw object whose records are rows of several tables: each record is a row or rejected.

    ``rows`` has for each table the values of its record columns, in their order.
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
    """Everything in many raw objects: for each table its record columns, and the numbers of the objects of the rows.

    String columns may be dictionary-encoded. ``rejected`` has the number of the object of each record.
    """

    rows: Mapping[Table, Sequence[tuple[pa.Table, Ints]]]
    rejected: Sequence[tuple[int, Rejected]]


class Parser(Protocol):
    """Bytes of raw objects to rows. A parser is pure: it reads no files, clocks or settings."""

    def __call__(self, data: bytes, starts: Positions) -> Parsed:
        """Parse the bytes of one or many objects.

        Object ``i`` begins at ``starts[i]`` and ends where the next one begins; ``starts`` ascends. A parser of a
        format with a header in each file finds the headers there. Bad input becomes rejected records, never an
        exception.
        """
