"""The parser of S3 server access logs: bytes in, Arrow rows and rejected lines out, nothing else touched."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from glue_jobs.columns.byte_search import find
from glue_jobs.read.parsed import NO_POSITIONS, Parsed, Positions
from glue_jobs.sources.s3_access_log.parser.fallback import parse_lines
from glue_jobs.sources.s3_access_log.parser.fast_path import FEW_LINES, Plain, parse_plain
from glue_jobs.sources.s3_access_log.parser.line_index import LineSpans, find_byte

__all__ = ["parse_access_log"]

CARRIAGE_RETURN = 13
NOT_ASCII = 128
MOST_QUOTES = 6
FEW = 0.01


def parse_access_log(data: bytes | memoryview | pa.Buffer, starts: Positions = NO_POSITIONS) -> Parsed:
    """Rows and rejected lines of whole access-log lines; together every line that is not blank.

    Lines end at ``\\n`` only, the last one may lack it. Rows of lines that only the careful parser understood come
    last. ``starts`` is not needed: a line says by itself where it begins. Never raises for what the bytes say.
    """
    view = memoryview(data).cast("B") if len(data) else memoryview(b"")
    spans = LineSpans.of(view)
    plain_lines, odd_lines = _divide(spans)
    plain = parse_plain(spans, plain_lines) if len(spans) > FEW_LINES else Plain(left=[plain_lines])
    careful_lines = np.sort(np.concatenate([*plain.left, odd_lines]))
    careful = parse_lines((int(spans.starts[number]), spans.line(number)) for number in careful_lines)
    tables, positions = plain.tables, [spans.starts[lines] for lines in plain.lines]
    if careful.rows.num_rows or not tables:
        tables, positions = [*tables, careful.rows], [*positions, careful.positions]
    places = np.concatenate(positions)
    return Parsed(pa.concat_tables(tables), places, len(places) + len(careful.rejected), careful.rejected)


def _divide(spans: LineSpans) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Numbers of the lines ``pyarrow.csv`` may read, and of those with bytes it would read otherwise than we do."""
    data = spans.bytes_of(spans.data)
    # S3 writes two quotes around each of three fields; any more, or half a pair, were typed by a client.
    odd = (spans.quotes > MOST_QUOTES) | (spans.quotes % 2 == 1)
    doubled = spans.double_blanks()
    # A blank too many shifts the columns and costs all lines a second reading; but a popular client may write one.
    if np.count_nonzero(doubled) <= len(spans) * FEW:
        odd |= doubled
    text = spans.data.tobytes() if not isinstance(spans.data.obj, bytes) else spans.data.obj
    # To pyarrow a carriage return ends a line.
    if b"\r" in text:
        odd[_line_of(spans, find_byte(data, CARRIAGE_RETURN))] = True
    if not text.isascii():
        strange = _line_of(spans, find(data, lambda block: block >= NOT_ASCII))
        odd[[number for number in np.unique(strange) if not _is_utf8(spans.line(number))]] = True
    return np.flatnonzero(~odd), np.flatnonzero(odd)


def _line_of(spans: LineSpans, places: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    return np.searchsorted(spans.starts, places, side="right") - 1


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True
