"""The fast parser of S3 server access logs: whole buffers through ``pyarrow.csv``, kept where that is proven right.

A few lines are looked at to see how many columns there are; lines with another number are tried again among their
like. What cannot be matched with its lines (a quoted text swallowed a line end, a value did not fit its type) is tried
again without the lines that have two blanks in a row, then in smaller pieces; the smallest are left to the careful
parser, as are the lines without proof.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from glue_jobs.columns.arrays import as_single_array
from glue_jobs.columns.byte_search import Flags, Places
from glue_jobs.sources.s3_access_log.parser.columns import (
    COLUMNS,
    ZONE,
    build_table,
    encode,
    read_columns,
)
from glue_jobs.sources.s3_access_log.parser.line_index import LineSpans
from glue_jobs.sources.s3_access_log.parser.proof import Doubt, prove_places, prove_shapes
from glue_jobs.sources.s3_access_log.parser.values import DISTINCT, TAIL, TAIL_LENGTHS

MOST_EXTRA_FIELDS = 8
# A piece this small is left to the careful parser rather than tried again.
FEW_LINES = 64
SAMPLED_LINES = 15
SPLIT_INTO = 8
MOST_LAYOUTS = 8


@dataclass
class Plain:
    """What the fast parser read: tables with the line numbers of their rows, and the numbers of the lines it left."""

    tables: list[pa.Table] = field(default_factory=list)
    lines: list[Places] = field(default_factory=list)
    left: list[Places] = field(default_factory=list)


def parse_plain(spans: LineSpans, lines: Places) -> Plain:
    """Rows of the plain ones among the lines of the given numbers; the other lines are left."""
    plain = Plain()
    tasks = [(lines, MOST_LAYOUTS)]
    while tasks:
        lines, layouts = tasks.pop()
        if not len(lines):
            continue
        columns = _usual_columns(spans, lines) if layouts else None
        if columns is None:
            plain.left.append(lines)
            continue
        try:
            others = _read_layout(spans, lines, columns, plain)
        except (Doubt, pa.ArrowInvalid):
            odd = spans.double_blanks()[lines]
            if len(lines) <= FEW_LINES:
                plain.left.append(lines)
            elif odd.any():
                plain.left.append(lines[odd])
                tasks.append((lines[~odd], layouts))
            else:
                tasks += [(part, layouts) for part in reversed(np.array_split(lines, SPLIT_INTO))]
            continue
        if len(others) <= FEW_LINES:
            plain.left.append(others)
        else:
            tasks.append((others, layouts - 1))
    return plain


def _usual_columns(spans: LineSpans, lines: Places) -> int | None:
    """How many columns most of a few sampled lines have, if that is a layout of S3."""
    sample = lines[:: max(1, len(lines) // SAMPLED_LINES)]
    counts = Counter(_count_columns(spans.line(number)) for number in sample)
    usual = len(COLUMNS) - len(TAIL)
    layouts = {usual + tail for tail in (*TAIL_LENGTHS, *range(len(TAIL), len(TAIL) + MOST_EXTRA_FIELDS + 1))}
    return next((count for count, _ in counts.most_common() if count in layouts), None)


def _count_columns(line: bytes) -> int:
    outside = line.split(b'"')[::2]
    return sum(part.count(b" ") for part in outside) + 1


def _read_layout(spans: LineSpans, lines: Places, columns: int, plain: Plain) -> Places:
    """Adds the proven rows among the lines of one layout to ``plain``; returns the lines of other layouts."""
    text, starts, ends = spans.gather(lines)
    table, skipped = read_columns(text, columns)
    if table.num_rows + len(skipped) != len(lines):
        raise Doubt
    has_layout: Flags = np.ones(len(lines), dtype=bool)
    has_layout[skipped] = False
    others: Places = lines[~has_layout]
    arrays = {name: as_single_array(column) for name, column in zip(table.column_names, table.columns, strict=True)}
    if skipped:
        starts, ends, lines = starts[has_layout], ends[has_layout], lines[has_layout]
    if not len(lines):
        return others
    good = prove_places(spans.bytes_of(text), starts, ends, arrays, int(spans.quotes[lines].sum()))
    encoded = {name: _encoded(name, array) for name, array in arrays.items() if name in COLUMNS}
    good &= prove_shapes(encoded)
    rows, real = build_table(
        {n: a for n, a in encoded.items() if n != ZONE}, [arrays[n] for n in table.column_names[len(COLUMNS) :]]
    )
    good &= real
    if not good.all():
        plain.left.append(lines[~good])
        rows, lines = rows.filter(pa.array(good)).combine_chunks(), lines[good]
    plain.tables.append(rows)
    plain.lines.append(lines)
    return others


def _encoded(name: str, array: pa.Array) -> pa.Array:
    return encode(array) if pa.types.is_string(array.type) and name not in DISTINCT else array
