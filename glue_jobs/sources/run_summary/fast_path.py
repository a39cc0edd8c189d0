"""Parse many summaries at once: plain ones together, each of the others by the fallback."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from glue_jobs.columns.arrays import dictionary_array
from glue_jobs.columns.byte_search import is_utf8
from glue_jobs.columns.numpy_types import Flags, Places
from glue_jobs.read.parsed import ParsedDocuments, Positions, Rejected, rows_of
from glue_jobs.sources.run_summary.kinds import Kind
from glue_jobs.sources.run_summary.parser import COMMENT_MARK, parse_summary
from glue_jobs.sources.run_summary.plain_lines import PlainRows, TextIndex, plain_rows
from glue_jobs.tables.model import Table

Documents = Sequence[tuple[Kind, str]]
Rows = defaultdict[Table, list[tuple[pa.Table, Places]]]

MARK = COMMENT_MARK.encode()


def parse_summaries(documents: Documents, data: bytes, starts: Positions) -> ParsedDocuments:
    """The rows of the summaries, document ``i`` of which begins at ``starts[i]`` and ends where the next one begins."""
    rows: Rows = defaultdict(list)
    rejected: list[tuple[int, Rejected]] = []
    plain = _parse_plain(documents, data, starts, rows) if is_utf8(data) else np.zeros(len(documents), dtype=bool)
    ends = [*starts[1:].tolist(), len(data)]
    for number in np.flatnonzero(~plain).tolist():
        kind, run = documents[number]
        parsed = parse_summary(kind, run, data[starts[number] : ends[number]])
        for table, values in parsed.rows.items():
            if values:
                rows[table].append((rows_of(table, values), np.full(len(values), number, np.int64)))
        rejected += [(number, each) for each in parsed.rejected]
    return ParsedDocuments(rows, rejected)


def _parse_plain(documents: Documents, data: bytes, starts: Positions, rows: Rows) -> Flags:
    """Add the rows of all plain summaries; returns which ones these are."""
    index = TextIndex(data if data.endswith(b"\n") else data + b"\n")
    owners = np.searchsorted(starts, index.starts, side="right") - 1
    runs = pa.array([run for _, run in documents])
    plain: Flags = np.zeros(len(documents), dtype=bool)
    for kind in {kind.name: kind for kind, _ in documents}.values():
        of_kind = np.array([each is kind for each, _ in documents])
        lines = np.flatnonzero(of_kind[owners])
        parts = [*_rows_of_kind(index, kind, lines, owners, runs)]
        good = np.zeros(len(index.starts), dtype=bool)
        for _, part in parts:
            good[part.lines] = True
        bad = np.bincount(owners[lines][~good[lines]], minlength=len(documents))
        plain |= of_kind & (bad == 0) & (np.bincount(owners[lines], minlength=len(documents)) > 0)
        for table, part in parts:
            kept = np.flatnonzero(plain[owners[part.lines]])
            if len(kept):
                found = owners[part.lines[kept]]
                columns = {**part.columns, "run_id": dictionary_array(owners[part.lines].astype(np.int32), runs)}
                whole = pa.table({name: columns[name] for name in table.record})
                rows[table].append((whole if len(kept) == len(part.lines) else whole.take(pa.array(kept)), found))
    return plain


def _rows_of_kind(
    index: TextIndex, kind: Kind, lines: Places, owners: Places, runs: pa.Array
) -> Iterator[tuple[Table, PlainRows]]:
    """The plain rows of each section. A line that is none, or not in its place, is in none of them."""
    skipped = 1 if kind.has_prefix else 0
    if kind.has_prefix:
        lines = lines[_has_prefix(index, lines, owners, runs)]
    is_first = np.diff(owners[lines], prepend=-1) != 0
    first, rest = lines[is_first], lines[~is_first]
    yield kind.comment.table, _comments(index, kind, first, owners, runs)
    if not len(rest):
        return
    offsets = index.starts[rest]
    if kind.has_prefix:
        offsets = index.semicolons[np.searchsorted(index.semicolons, offsets)] + 1
    numbers = np.full(len(rest), -1)
    for number, section in enumerate(kind.sections):
        numbers[index.has(offsets, f"{section.keys[0]}=")] = number
    # A section that is over does not begin again.
    follows = np.diff(owners[rest], prepend=-1) == 0
    in_order = ~follows | (np.diff(numbers, prepend=-1) >= 0)
    for number, section in enumerate(kind.sections):
        yield section.table, plain_rows(index, section, rest[(numbers == number) & in_order], skipped)


def _has_prefix(index: TextIndex, lines: Places, owners: Places, runs: pa.Array) -> Flags:
    """Which lines begin with ``sra=``, their run and a semicolon."""
    starts = index.starts[lines]
    at = np.searchsorted(index.semicolons, starts)
    ends = np.append(index.semicolons, 0)[at]
    found: Flags = index.has(starts, "sra=") & (ends >= starts + 4) & (ends <= index.ends[lines])
    chosen = np.flatnonzero(found)
    texts = index.texts(starts[chosen] + 4, ends[chosen])
    found[chosen] = pc.equal(texts, runs.take(pa.array(owners[lines[chosen]]))).to_numpy(zero_copy_only=False)
    return found


def _comments(index: TextIndex, kind: Kind, lines: Places, owners: Places, runs: pa.Array) -> PlainRows:
    """The rows of the first lines, the pairs in which are separated by commas too."""
    texts = [
        index.data[start:end]
        for start, end in zip(index.starts[lines].tolist(), index.ends[lines].tolist(), strict=True)
    ]
    marked = np.array([text.count(MARK) == 1 for text in texts], dtype=bool)
    lines = lines[marked]
    if not len(lines):
        return PlainRows({}, lines)
    text = b"\n".join(text for text, is_marked in zip(texts, marked.tolist(), strict=True) if is_marked)
    own = TextIndex(text.replace(MARK, b"").replace(b",", b";") + b"\n")
    found = plain_rows(own, kind.comment, np.arange(len(lines)), 1 if kind.has_prefix else 0, exact=True)
    if not len(found.lines):
        return PlainRows({}, lines[:0])
    expected = runs.take(pa.array(owners[lines[found.lines]]))
    is_own = pc.equal(found.columns["sra"].cast(pa.string()), expected)
    columns = {name: values.filter(is_own) for name, values in found.columns.items()}
    return PlainRows(columns, lines[found.lines[is_own.to_numpy(zero_copy_only=False)]])
