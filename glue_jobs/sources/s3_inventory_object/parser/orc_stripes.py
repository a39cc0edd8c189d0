"""Stripes of an ORC file, each unpacked into a file of its own first: libdeflate takes half of Arrow's time for it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any

import deflate
import pyarrow as pa
import pyarrow.orc as paorc

from glue_jobs.columns.arrays import repeat_text
from glue_jobs.sources.s3_inventory_object.parser.orc_layout import (
    Field,
    Layout,
    Piece,
    Stripe,
    chunks,
    layout_of,
    message,
    read,
    unpacked,
)
from glue_jobs.sources.s3_inventory_object.parser.protobuf import Message, Value, written

MAGIC = b"ORC"

UNPACKED = 0

# The whole stripe is unpacked at once: a larger one is left to Arrow, which does it step by step.
MOST_UNPACKED = 128 * 2**20

# Streams of other kinds are indexes.
OF_VALUES = range(6)

# What of a footer and a postscript is true of the whole file only.
OF_FILE = {Field.HEADER_LENGTH, Field.CONTENT_LENGTH, Field.STRIPES, Field.METADATA, Field.ROWS, Field.STATISTICS,
           Field.STRIDE}  # fmt: skip
OF_PACKED = {Field.FOOTER_LENGTH, Field.COMPRESSION, Field.BLOCK, Field.METADATA_LENGTH, Field.STATISTICS_LENGTH}


def read_stripes(
    file: paorc.ORCFile, source: Any, names: Sequence[str], encoded: Collection[str]
) -> Iterator[pa.Table]:
    """The named columns of a file, a stripe at a time; those of ``encoded`` that are the same all over as dictionaries.

    ``source`` is the ``pyarrow.NativeFile`` that ``file`` reads.

    Raises:
        pa.ArrowException, OSError: it is damaged.
    """
    layout = layout_of(source)
    same = {name: layout.same[name] for name in names if name in encoded and name in layout.same} if layout else {}
    others = [name for name in names if name not in same]
    for number in range(file.nstripes):
        rows = _read_alone(layout, number, source, others) if layout else None
        if rows is None:
            yield pa.Table.from_batches([file.read_stripe(number, columns=list(names))])
            continue
        for name, text in same.items():
            rows = rows.append_column(name, repeat_text(text, rows.num_rows))
        yield rows


def _read_alone(layout: Layout, number: int, source: Any, names: Sequence[str]) -> pa.Table | None:
    """The named columns of a stripe; none if they are damaged, or more than is unpacked at once."""
    columns = {0, *(each for name in names for each in layout.columns[name])}
    try:
        file = _file(layout, layout.stripes[number], source, columns)
        return file and pa.Table.from_batches([paorc.ORCFile(pa.BufferReader(file)).read_stripe(0, columns=names)])
    except (LookupError, ValueError, OSError, pa.ArrowException, deflate.DeflateError):
        # Arrow says what is wrong with the file as it is.
        return None


def _file(layout: Layout, stripe: Stripe, source: Any, columns: Collection[int]) -> bytes | None:
    """A file of these columns of a stripe, unpacked; none if it would be large."""
    end = stripe.index + stripe.values
    packed = read(source, stripe.offset, end + stripe.footer)
    about = message(packed[end:], layout.block)
    kept = [(kind, number, values) for kind, number, values in _streams(about, packed) if number in columns]
    if layout.block * sum(1 for _, _, values in kept for _ in chunks(values)) > MOST_UNPACKED:
        return None
    pieces: list[Piece] = []
    streams: list[Value] = []
    for kind, number, values in kept:
        stream = unpacked(values, layout.block)
        pieces += stream
        numbers = (Field.STREAM_KIND, kind), (Field.STREAM_COLUMN, number), (Field.STREAM_LENGTH, _size(stream))
        streams.append((Field.STREAMS, written(numbers)))
    end_of_file = _end(layout, stripe.rows, _size(pieces), [*streams, *_others(about, {Field.STREAMS})])
    return b"".join([MAGIC, *pieces, *end_of_file])


def _size(pieces: Iterable[Piece]) -> int:
    return sum(map(len, pieces))


def _streams(about: Message, packed: memoryview) -> Iterator[tuple[int, int, memoryview]]:
    """Kind, column and bytes of each stream of values of a stripe."""
    place = 0
    for stream in about.messages(Field.STREAMS):
        kind, start = stream.number(Field.STREAM_KIND), place
        place += stream.number(Field.STREAM_LENGTH)
        if kind in OF_VALUES:
            yield kind, stream.number(Field.STREAM_COLUMN), packed[start:place]


def _end(layout: Layout, rows: int, length: int, about: Sequence[Value]) -> list[bytes]:
    """What follows a file's only stripe of so many bytes: its footer, the file's, and the postscript."""
    of_stripe = written(about)
    stripe = written(zip(Field.OF_STRIPE, (len(MAGIC), 0, length, len(of_stripe), rows), strict=True))
    footer = written([(Field.STRIPES, stripe), (Field.ROWS, rows), *_others(layout.footer, OF_FILE)])
    postscript = written(
        [(Field.FOOTER_LENGTH, len(footer)), (Field.COMPRESSION, UNPACKED), *_others(layout.postscript, OF_PACKED)]
    )
    return [of_stripe, footer, postscript, bytes([len(postscript)])]


def _others(message: Message, left_out: Collection[int]) -> list[Value]:
    return [(number, value) for number, value in message.fields if number not in left_out]
