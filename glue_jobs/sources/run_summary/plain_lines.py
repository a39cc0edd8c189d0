"""The lines of many summaries at once, as far as they are proven to have the form that the programs write.

A plain line has the keys of its section in the order of the first such line, each once, and numbers of digits alone.
The fallback, `parser.parse_summary`, reads every line; both give the same rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from glue_jobs.columns.arrays import mapped_dictionary
from glue_jobs.columns.byte_search import find_bytes, windows
from glue_jobs.columns.numpy_types import Bytes, Flags, Places
from glue_jobs.sources.run_summary.kinds import COLUMNS, Section

NEWLINE, SEMICOLON, EQUALS, DOT = b"\n;=."

# Texts are compared as numbers of this size.
BYTES_PER_WORD = 8
MAX_TEXT = 16
# Two words. Longer numbers, which may not have 64 bits, are left to the fallback.
MAX_DIGITS = 16


Words = npt.NDArray[np.uint64]


@dataclass(frozen=True)
class PlainRows:
    """The rows of a section, and the numbers of their lines."""

    columns: dict[str, pa.Array]
    lines: Places


class TextIndex:
    """A text of ASCII or UTF-8 that ends with a line break, and where its lines, separators and digits are."""

    def __init__(self, data: bytes) -> None:
        # So that words can be read at every byte.
        self.data = data + bytes(MAX_TEXT + BYTES_PER_WORD)
        self.text: Bytes = np.frombuffer(self.data, np.uint8)
        marks = find_bytes(self.text, lambda block: (block == SEMICOLON) | (block == EQUALS) | (block == NEWLINE))
        kinds = self.text[marks]
        self.semicolons, self.equals = marks[kinds == SEMICOLON], marks[kinds == EQUALS]
        ends = marks[kinds == NEWLINE]
        starts = np.append(0, ends[:-1] + 1)
        filled = ends > starts
        self.starts, self.ends = starts[filled], ends[filled]
        self._words = windows(self.data, "<u8")

    def has(self, places: Places, text: str) -> Flags:
        """At which of the places the text stands; it has up to `MAX_TEXT` bytes of ASCII."""
        found: Flags = np.ones(len(places), dtype=bool)
        for at in range(0, len(text), BYTES_PER_WORD):
            part = text[at : at + BYTES_PER_WORD].encode()
            mask = np.uint64((1 << (8 * len(part))) - 1)
            found &= (self._words[places + at] & mask) == np.uint64(int.from_bytes(part, "little"))
        return found

    def is_integer(self, starts: Places, ends: Places) -> Flags:
        """Which values are digits alone, and few enough."""
        sizes = ends - starts
        found: Flags = (sizes > 0) & (sizes <= MAX_DIGITS) & _all_digits(self._padded(starts, sizes))
        if (sizes > BYTES_PER_WORD).any():
            found &= _all_digits(self._padded(starts + BYTES_PER_WORD, sizes - BYTES_PER_WORD))
        return found

    def is_decimal(self, starts: Places, ends: Places) -> Flags:
        """Which values are digits with at most one dot, which is between them, and few enough."""
        sizes = ends - starts
        inside = (self.text[starts] != DOT) & (self.text[np.maximum(ends - 1, 0)] != DOT)
        words = self._padded(starts, sizes)
        # The high bit of each byte that is a dot, and at worst of one behind it: then there are two.
        differing = words ^ _of_bytes(DOT)
        dots = (differing - _of_bytes(1)) & ~differing & _of_bytes(0x80)
        is_single = (dots & (dots - np.uint64(1))) == 0
        # A dot is two less than the digit 0.
        digits = words + (dots >> np.uint64(6))
        found: Flags = (sizes > 0) & (sizes <= BYTES_PER_WORD) & inside & is_single & _all_digits(digits)
        return found

    def _padded(self, starts: Places, sizes: Places) -> Words:
        """The word at each of the places, with zeros behind the given number of bytes."""
        left = (np.clip(sizes, 0, BYTES_PER_WORD) * 8).astype(np.uint64)
        # A shift by 64 bits is none.
        mask = np.where(left == 64, ~np.uint64(0), (np.uint64(1) << (left & np.uint64(63))) - np.uint64(1))
        words: Words = (self._words[starts] & mask) | (_of_bytes(ord("0")) & ~mask)
        return words

    def texts(self, starts: Places, ends: Places) -> pa.Array:
        """The texts from each start to each end; they follow each other."""
        offsets = np.empty(2 * len(starts), np.int32)
        offsets[0::2], offsets[1::2] = starts, ends
        if not len(starts):
            return pa.array([], pa.string())
        buffers = [None, pa.py_buffer(offsets), pa.py_buffer(self.data)]
        between = pa.StringArray.from_buffers(len(offsets) - 1, buffers[1], buffers[2])
        return between.take(pa.array(np.arange(0, len(offsets), 2)))


def _of_bytes(byte: int) -> np.uint64:
    """A word of equal bytes."""
    return np.uint64(byte * 0x0101010101010101)


def _all_digits(words: Words) -> Flags:
    """Which words are eight digits: the high half of each byte is 3, also after 6 is added."""
    high, threes = _of_bytes(0xF0), _of_bytes(0x30)
    found: Flags = ((words & high) == threes) & (((words + _of_bytes(6)) & high) == threes)
    return found


def plain_rows(index: TextIndex, section: Section, lines: Places, skipped: int = 0, exact: bool = False) -> PlainRows:
    """The rows of those of the lines, which begin with the first key of the section, that are plain.

    ``skipped`` pairs stand before the section's own. ``exact`` says that a line has no more pairs.
    """
    keys = _order(index, section, lines, skipped)
    if keys is None:
        return PlainRows({}, lines[:0])
    starts, ends = index.starts[lines], index.ends[lines]
    first_equals = np.searchsorted(index.equals, starts) + skipped
    first_semicolon = np.searchsorted(index.semicolons, starts) + skipped
    enough = (first_equals + len(keys) <= np.searchsorted(index.equals, ends)) & (
        first_semicolon + len(keys) <= np.searchsorted(index.semicolons, ends)
    )
    if exact or not section.rest:
        enough &= first_equals + len(keys) == np.searchsorted(index.equals, ends)
        enough &= first_semicolon + len(keys) == np.searchsorted(index.semicolons, ends)
    enough &= index.text[ends - 1] == SEMICOLON
    lines, ends = lines[enough], ends[enough]
    first_equals, first_semicolon = first_equals[enough], first_semicolon[enough]
    key_starts = index.semicolons[first_semicolon - 1] + 1 if skipped else starts[enough]
    plain = np.ones(len(lines), dtype=bool)
    values: dict[str, tuple[Places, Places]] = {}
    for number, key in enumerate(keys):
        equals = index.equals[first_equals + number]
        value_ends = ends - 1 if key == section.rest else index.semicolons[first_semicolon + number]
        plain &= (equals - key_starts == len(key)) & index.has(key_starts, key)
        plain &= value_ends > equals
        values[key] = equals + 1, value_ends
        key_starts = value_ends + 1
    types = {column.name: column.type for column in section.table.columns}
    for key, (value_starts, value_ends) in values.items():
        kind = types.get(COLUMNS.get(key, key))
        if kind == "bigint":
            plain &= index.is_integer(value_starts, value_ends)
        elif kind == "double":
            plain &= index.is_decimal(value_starts, value_ends)
        elif key.endswith("cvg"):
            plain &= ~((value_ends - value_starts == 1) & (index.text[value_starts] == ord("~")))
    return _columns(index, section, lines[plain], {key: (a[plain], b[plain]) for key, (a, b) in values.items()})


def _order(index: TextIndex, section: Section, lines: Places, skipped: int) -> Sequence[str] | None:
    """The keys of the first line, if they are those of the section."""
    if not len(lines):
        return None
    line = index.data[index.starts[lines[0]] : index.ends[lines[0]]]
    keys = [pair.partition(b"=")[0].decode("ascii", "replace") for pair in line.split(b";")[skipped:]]
    keys = (
        keys[: keys.index(section.rest) + 1] if section.rest and section.rest in keys else [key for key in keys if key]
    )
    is_known = {*section.keys} <= {*keys} <= {*section.keys} | section.optional and len({*keys}) == len(keys)
    return keys if is_known else None


def _columns(index: TextIndex, section: Section, lines: Places, values: dict[str, tuple[Places, Places]]) -> PlainRows:
    columns: dict[str, pa.Array] = {}
    types = {column.name: column.type for column in section.table.columns}
    for key, places in values.items():
        name = COLUMNS.get(key, key)
        texts = index.texts(*places)
        if key == section.label:
            split, known = _split(section, texts.dictionary_encode())
            columns |= split
            if not known.all():
                keep = np.flatnonzero(known)
                rest = {each: (starts[keep], ends[keep]) for each, (starts, ends) in values.items()}
                return _columns(index, section, lines[keep], rest)
        elif types.get(name) in ("bigint", "double"):
            columns[name] = texts.cast(pa.int64() if types[name] == "bigint" else pa.float64())
        elif name in types or key == "sra":
            # Coverages hardly ever repeat.
            columns[name] = texts if key.endswith("cvg") else texts.dictionary_encode()
    return PlainRows(columns, lines)


def _split(section: Section, labels: pa.DictionaryArray) -> tuple[dict[str, pa.Array], Flags]:
    """The columns of a label, each distinct one of which is split once, and which rows have one that can be split."""
    if section.split is None:
        return {COLUMNS[section.label]: labels}, np.ones(len(labels), dtype=bool)
    parts: list[dict[str, str]] = []
    known = []
    for label in labels.dictionary.to_pylist():
        try:
            parts.append({**section.split(label)})
            known.append(True)
        except ValueError:
            parts.append({})
            known.append(False)
    names = next((each.keys() for each in parts if each), ())
    columns = {
        name: mapped_dictionary(labels, pa.array([each.get(name) for each in parts], pa.string())) for name in names
    }
    return columns, np.array(known, dtype=bool)[labels.indices.to_numpy()]
