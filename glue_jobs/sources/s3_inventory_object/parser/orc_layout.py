"""What the footer of an ORC file says: where its stripes are, and what is known of its columns.

Source: https://orc.apache.org/specification/ORCv1/
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import deflate

from glue_jobs.sources.s3_inventory_object.parser.protobuf import Message


class Field:
    """The numbers of fields, of a file's postscript and footer, and of the messages in it."""

    FOOTER_LENGTH, COMPRESSION, BLOCK, METADATA_LENGTH, WRITER, STATISTICS_LENGTH = 1, 2, 3, 5, 6, 7
    HEADER_LENGTH, CONTENT_LENGTH, STRIPES, TYPES, METADATA, ROWS, STATISTICS, STRIDE, ENCRYPTION = *range(1, 9), 10
    # Of a stripe, in the order of `Stripe`.
    OF_STRIPE = range(1, 6)
    # Of a type.
    KIND, SUBTYPES, NAMES = 1, 2, 3
    # Of a stripe's footer, and of the streams in it.
    STREAMS, STREAM_KIND, STREAM_COLUMN, STREAM_LENGTH = 1, 1, 2, 3
    # Of statistics, and of those of text.
    VALUES, OF_TEXT, LEAST, MOST, SUM = 1, 4, 1, 2, 3


Piece = bytes | bytearray | memoryview

ZLIB = 1
TEXT = 7

# Writers before had wrong bounds of texts: https://issues.apache.org/jira/browse/HIVE-8732
RIGHT_BOUNDS = 1

# A postscript's length is one byte, the last of the file.
LONGEST_POSTSCRIPT = 255


@dataclass(frozen=True)
class Stripe:
    """Where a stripe begins, how long its index, values and footer are, in bytes, and how many rows it has."""

    offset: int
    index: int
    values: int
    footer: int
    rows: int


@dataclass(frozen=True)
class Layout:
    """A file whose stripes are packed with zlib, at most ``block`` bytes at a time.

    ``columns`` are the numbers of a column and of those within it, by its name, ``same`` the texts of those columns
    that have the same one on every row.
    """

    stripes: tuple[Stripe, ...]
    columns: Mapping[str, range]
    same: Mapping[str, str]
    block: int
    footer: Message
    postscript: Message


def layout_of(source: Any) -> Layout | None:
    """The layout of a ``pyarrow.NativeFile``; none if it is no ORC file, or packed or encrypted in another way."""
    try:
        return _layout(source)
    except (LookupError, ValueError, deflate.DeflateError):
        return None


def read(source: Any, start: int, length: int) -> memoryview:
    """So many bytes of the file.

    Raises:
        ValueError: it has not as many.
    """
    source.seek(max(start, 0))
    data = memoryview(source.read_buffer(length))
    if start < 0 or len(data) != length:
        raise ValueError("the file ends early")
    return data


def chunks(packed: memoryview) -> Iterator[tuple[bool, memoryview]]:
    """Whether each chunk of a packed stream is left as it was, and its bytes.

    Raises:
        ValueError: the last one ends early.
    """
    place = 0
    while place < len(packed):
        header = int.from_bytes(packed[place : place + 3], "little")
        end = place + 3 + (header >> 1)
        if end > len(packed):
            raise ValueError("a chunk ends early")
        yield bool(header & 1), packed[place + 3 : end]
        place = end


def unpacked(packed: memoryview, block: int) -> list[Piece]:
    """A stream as it was before it was packed, in pieces.

    Raises:
        ValueError, deflate.DeflateError: it is damaged.
    """
    return [data if left else deflate.deflate_decompress(data, block) for left, data in chunks(packed)]


def message(packed: memoryview, block: int) -> Message:
    """The message in such a stream; raises as `unpacked`."""
    return Message(b"".join(unpacked(packed, block)))


def _layout(source: Any) -> Layout | None:
    size: int = source.size()
    length = min(size, LONGEST_POSTSCRIPT + 1)
    tail = bytes(read(source, size - length, length))
    postscript = Message(tail[-1 - tail[-1] : -1])
    if postscript.number(Field.COMPRESSION) != ZLIB:
        return None
    block, length = postscript.number(Field.BLOCK), postscript.number(Field.FOOTER_LENGTH)
    footer = message(read(source, size - 1 - tail[-1] - length, length), block)
    if footer.texts(Field.ENCRYPTION):
        return None
    stripes = tuple(Stripe(*map(stripe.number, Field.OF_STRIPE)) for stripe in footer.messages(Field.STRIPES))
    types, statistics = footer.messages(Field.TYPES), footer.messages(Field.STATISTICS)
    names = [name.decode() for name in types[0].texts(Field.NAMES)]
    firsts = [*types[0].packed(Field.SUBTYPES), len(types)]
    columns = {name: range(*each) for name, each in zip(names, pairwise(firsts), strict=True)}
    rows, known = footer.number(Field.ROWS), postscript.number(Field.WRITER) >= RIGHT_BOUNDS
    texts = {name: only_text(types[each[0]], statistics[each[0]], rows) for name, each in columns.items() if known}
    same = {name: text for name, text in texts.items() if text is not None}
    return Layout(stripes, columns, same, block, footer, postscript)


def only_text(kind: Message, statistics: Message, rows: int) -> str | None:
    """The text that a column has on every row; none if there are several, or it is no column of text."""
    if kind.number(Field.KIND) != TEXT or statistics.number(Field.VALUES) != rows:
        return None
    for of_text in statistics.messages(Field.OF_TEXT):
        # Bounds of texts that were cut short are fields of other numbers. A sum is written as twice itself.
        least, most, length = of_text.texts(Field.LEAST), of_text.texts(Field.MOST), of_text.number(Field.SUM) // 2
        if least == most and len(least) == 1 and length == len(least[0]) * rows:
            return least[0].decode()
    return None
