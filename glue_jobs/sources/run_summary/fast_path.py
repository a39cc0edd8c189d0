"""Parse many summaries at once: plain ones column by column, all others one by one with the fallback.

A plain line has each key of its section once, in the order of the section's first line, and numbers without sign or
exponent. A summary is plain if all its lines are. The fallback, `parser.parse_summary`, returns the same rows.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from glue_jobs.columns.arrays import dictionary_array, flags_of, mapped_dictionary
from glue_jobs.columns.byte_search import find_bytes, is_utf8
from glue_jobs.columns.numpy_types import Flags, Places
from glue_jobs.read.parsed import ParsedDocuments, Positions, Rejected, rows_of
from glue_jobs.sources.run_summary.kinds import COLUMNS, Kind, Section
from glue_jobs.sources.run_summary.parser import COMMENT_MARK, parse_summary
from glue_jobs.tables.model import Table, arrow_type

Documents = Sequence[tuple[Kind, str]]
Rows = defaultdict[Table, list[tuple[pa.Table, Places]]]

NEWLINE = ord("\n")
WINDOWS_NEWLINE = b"\r\n"

# Longer numbers, and those with a sign or an exponent, are left to the fallback.
NUMBERS = {"bigint": r"^[0-9]{1,16}$", "double": r"^[0-9]{1,15}(?:[.][0-9]{1,15})?$"}


def parse_summaries(documents: Documents, data: bytes, starts: Positions) -> ParsedDocuments:
    """The rows of the summaries. Document ``i`` begins at ``starts[i]`` and ends where the next one begins."""
    rows: Rows = defaultdict(list)
    rejected: list[tuple[int, Rejected]] = []
    may_be_plain = is_utf8(data) and WINDOWS_NEWLINE not in data and not data.endswith(WINDOWS_NEWLINE[:1])
    plain = _parse_plain(documents, data, starts, rows) if may_be_plain else np.zeros(len(documents), dtype=bool)
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
    """Add the rows of all plain summaries; returns flags of these summaries."""
    lines, line_starts = _lines(data)
    owners = np.searchsorted(starts, line_starts, side="right") - 1
    runs = pa.array([run for _, run in documents])
    # For each document, the number of lines that are not known to be plain.
    left = np.bincount(owners, minlength=len(documents))
    plain: Flags = left > 0
    found: list[tuple[Table, dict[str, pa.Array], Places]] = []
    for kind in {kind.name: kind for kind, _ in documents}.values():
        of_kind = np.flatnonzero(np.array([each is kind for each, _ in documents])[owners])
        for section, places in _sections(kind, lines, owners, of_kind):
            columns, plain_lines = plain_rows(kind, section, lines.take(places), runs.take(owners[places]))
            found.append((section.table, columns, owners[places[plain_lines]]))
            left -= np.bincount(found[-1][2], minlength=len(documents))
    plain &= left == 0
    for table, columns, of_rows in found:
        kept = plain[of_rows]
        if kept.any():
            columns |= {"run_id": dictionary_array(of_rows.astype(np.int32), runs)}
            whole = pa.table({name: columns[name] for name in table.record})
            rows[table].append((whole if kept.all() else whole.filter(pa.array(kept)), of_rows[kept]))
    return plain


def _lines(data: bytes) -> tuple[pa.StringArray, Places]:
    """The lines of a text with their line ends, and their positions; empty lines are left out."""
    data = data if data.endswith(b"\n") else data + b"\n"
    ends = find_bytes(np.frombuffer(data, np.uint8), lambda block: block == NEWLINE) + 1
    starts = np.append(0, ends[:-1])
    offsets = np.append(starts, len(data)).astype(np.int32)
    lines = pa.StringArray.from_buffers(len(ends), pa.py_buffer(offsets), pa.py_buffer(data))
    filled = ends > starts + 1
    return lines.filter(pa.array(filled)), starts[filled]


def _sections(kind: Kind, lines: pa.StringArray, owners: Places, of_kind: Places) -> Iterator[tuple[Section, Places]]:
    """The lines of each section, by their first key. A line after a later section belongs to none."""
    is_first = np.diff(owners[of_kind], prepend=-1) != 0
    yield kind.comment, of_kind[is_first]
    rest = of_kind[~is_first]
    texts, prefix = lines.take(rest), "sra=[^;]*;" if kind.has_prefix else ""
    numbers = np.full(len(rest), -1)
    for number, section in enumerate(kind.sections):
        numbers[flags_of(pc.match_substring_regex(texts, f"^{prefix}{section.keys[0]}="))] = number
    follows = np.diff(owners[rest], prepend=-1) == 0
    in_order = ~follows | (np.diff(numbers, prepend=-1) >= 0)
    for number, section in enumerate(kind.sections):
        yield section, rest[(numbers == number) & in_order]


def plain_rows(
    kind: Kind, section: Section, lines: pa.StringArray, runs: pa.StringArray
) -> tuple[dict[str, pa.Array], Places]:
    """The columns of a section's plain lines, and the indices of these; ``runs`` has the run of each line."""
    is_comment = section is kind.comment
    marks = pc.count_substring(lines, COMMENT_MARK)
    chosen = np.flatnonzero(pc.equal(marks, 1) if is_comment else np.ones(len(lines), bool))
    lines, runs = lines.take(chosen), runs.take(chosen)
    if is_comment:
        # A comment separates its pairs with commas too.
        lines = pc.replace_substring(pc.replace_substring(lines, COMMENT_MARK, ""), ",", ";")
    keys = _order(kind, section, lines)
    if keys is None:
        return {}, chosen[:0]
    # The run precedes the keys. A line end follows the last separator, unless a name is the rest of the line.
    width = kind.has_prefix + len(keys) + (not section.rest)
    split = pc.split_pattern(lines, ";", max_splits=width - 1 if section.rest else None)
    fits = np.flatnonzero(pc.equal(pc.list_value_length(split), width))
    texts, chosen, runs = split.take(fits).flatten(), chosen[fits], runs.take(fits)
    parts = [texts.take(np.arange(number, len(texts), width)) for number in range(width)]
    tests = [pc.ends_with(parts[-1], ";\n") if section.rest else pc.equal(parts[-1], "\n")]
    if kind.has_prefix:
        tests.append(pc.equal(parts.pop(0), pc.binary_join_element_wise("sra=", runs, "")))
    types = {column.name: column.type for column in section.table.columns}
    columns: dict[str, pa.Array] = {}
    for key, part in zip(keys, parts, strict=False):
        name = COLUMNS.get(key, key)
        tests.append(pc.starts_with(part, f"{key}="))
        value = pc.utf8_slice_codeunits(part, len(key) + 1, -len(";\n") if key == section.rest else None)
        if key == section.label:
            split_labels, can_be_split = _split(section, value.dictionary_encode())
            columns |= split_labels
            tests.append(can_be_split)
        elif types.get(name) in NUMBERS:
            is_number = pc.match_substring_regex(value, NUMBERS[types[name]])
            tests.append(is_number)
            columns[name] = pc.if_else(is_number, value, None).cast(arrow_type(types[name]))
        elif key == "sra":
            tests.append(pc.equal(value, runs))
        elif name == "coverage_bins":
            # Coverages hardly ever repeat.
            tests.append(pc.not_equal(value, "~"))
            columns[name] = value
        elif name in types:
            columns[name] = value.dictionary_encode()
    plain = np.flatnonzero(np.logical_and.reduce([flags_of(test) for test in tests]))
    return {name: column.take(plain) for name, column in columns.items()}, chosen[plain]


def _order(kind: Kind, section: Section, lines: pa.StringArray) -> Sequence[str] | None:
    """The keys of the first line; None if they are not the keys of the section."""
    pairs = lines[0].as_py().strip("\n").split(";")[kind.has_prefix :] if len(lines) else []
    keys = [key for pair in pairs if (key := pair.partition("=")[0])]
    keys = keys[: keys.index(section.rest) + 1] if section.rest in keys else keys
    is_known = {*section.keys} <= {*keys} <= {*section.keys} | section.optional and len({*keys}) == len(keys)
    return keys if is_known else None


def _split(section: Section, labels: pa.DictionaryArray) -> tuple[dict[str, pa.Array], pa.BooleanArray]:
    """The columns in a label, and flags of the rows whose label can be split. Each distinct label is split once."""
    parts: list[Mapping[str, str]] = []
    for label in labels.dictionary.to_pylist():
        try:
            parts.append(section.split(label) if section.split else {COLUMNS[section.label]: label})
        except ValueError:
            parts.append({})
    names = next((each.keys() for each in parts if each), ())
    columns = {
        name: mapped_dictionary(labels, pa.array([each.get(name) for each in parts], pa.string())) for name in names
    }
    return columns, pa.array(map(bool, parts), pa.bool_()).take(labels.indices)
