"""Fast path for access log lines: ``pyarrow.csv`` reads a whole buffer, and rows proven correct are kept.

A buffer may mix layouts, which mostly differ in the number of columns. A sample of lines suggests the layout to read;
lines of other layouts are read again on their own. If rows cannot be matched with lines (a quoted text swallows a line
end, a value does not fit its type), the buffer is split and read again in parts. Small parts and unproven lines are
left to the fallback.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from glue_jobs.columns.arrays import as_single_array
from glue_jobs.columns.numpy_types import Flags, Places
from glue_jobs.sources.s3_access_log.parser.columns import COLUMNS, ZONE, Layout, build_table, read_columns
from glue_jobs.sources.s3_access_log.parser.line_index import LineIndex
from glue_jobs.sources.s3_access_log.parser.proof import UnmatchedRowsError, prove_places, prove_shapes
from glue_jobs.sources.s3_access_log.parser.values import DISTINCT, TAIL, TAIL_LENGTHS

MAX_EXTRA_FIELDS = 8
# Reading this many lines again, or fewer, costs as much as the fallback.
FALLBACK_LINES = 64
SAMPLED_LINES = 15
PARTS_PER_SPLIT = 8
MAX_LAYOUTS_PER_BUFFER = 8


@dataclass
class FastPathResult:
    """Tables with the line numbers of their rows, and the numbers of the lines that are left to the fallback."""

    tables: list[pa.Table] = field(default_factory=list)
    lines: list[Places] = field(default_factory=list)
    unproven: list[Places] = field(default_factory=list)


def parse_fast(index: LineIndex, lines: Places) -> FastPathResult:
    """Rows of the numbered lines that are proven; all other lines are in ``unproven``."""
    result = FastPathResult()
    tasks = [(lines, MAX_LAYOUTS_PER_BUFFER)]
    while tasks:
        lines, layouts = tasks.pop()
        layout = _most_common_layout(index, lines) if layouts and len(lines) > FALLBACK_LINES else None
        if layout is None:
            result.unproven.append(lines)
            continue
        try:
            others = _read_layout(index, lines, layout, result)
        except (UnmatchedRowsError, pa.ArrowInvalid):
            tasks += [(part, layouts) for part in reversed(np.array_split(lines, PARTS_PER_SPLIT))]
        else:
            tasks.append((others, layouts - 1))
    return result


def _most_common_layout(index: LineIndex, lines: Places) -> Layout | None:
    """The most common layout in a sample of the lines, among those that S3 writes; None if there is none."""
    sample = lines[:: max(1, len(lines) // SAMPLED_LINES)]
    layouts = Counter(Layout.of(index.line(number)) for number in sample)
    before_tail = len(COLUMNS) - len(TAIL)
    tails = {*TAIL_LENGTHS, *range(len(TAIL), len(TAIL) + MAX_EXTRA_FIELDS + 1)}
    return next((layout for layout, _ in layouts.most_common() if layout.columns - before_tail in tails), None)


def _read_layout(index: LineIndex, lines: Places, layout: Layout, result: FastPathResult) -> Places:
    """Add the proven rows of one layout to ``result``; return the lines of other layouts."""
    text, starts, ends = index.gather(lines)
    table, skipped = read_columns(text, layout)
    if table.num_rows + len(skipped) != len(lines):
        raise UnmatchedRowsError
    has_layout: Flags = np.ones(len(lines), dtype=bool)
    has_layout[skipped] = False
    others: Places = lines[~has_layout]
    arrays = {name: as_single_array(column) for name, column in zip(table.column_names, table.columns, strict=True)}
    starts, ends, lines = starts[has_layout], ends[has_layout], lines[has_layout]
    if not len(lines):
        return others
    quotes = index.quotes[lines]
    proven = prove_places(index.bytes_of(text), starts, ends, arrays, int(quotes.sum()))
    encoded = {name: _encoded(name, array) for name, array in arrays.items() if name in COLUMNS}
    proven &= prove_shapes(encoded, quotes)
    extra = [arrays[name] for name in table.column_names[len(COLUMNS) :]]
    rows, is_real_time = build_table({name: array for name, array in encoded.items() if name != ZONE}, extra)
    proven &= is_real_time
    if not proven.all():
        result.unproven.append(lines[~proven])
        rows, lines = rows.filter(pa.array(proven)).combine_chunks(), lines[proven]
    result.tables.append(rows)
    result.lines.append(lines)
    return others


def _encoded(name: str, array: pa.Array) -> pa.Array:
    return array.dictionary_encode() if pa.types.is_string(array.type) and name not in DISTINCT else array
