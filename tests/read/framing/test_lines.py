"""Whole lines come out, however the bytes arrive and however an object is split."""

from __future__ import annotations

import itertools
import tracemalloc
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glue_jobs.read.framing import lines
from glue_jobs.read.framing.lines import LineReader, OverlongLine

LONGEST = 12

texts = st.lists(st.sampled_from([b"", b"a", b"bc", b"\r", b"12345678", b"x" * 12, b"y" * 13, b"z" * 40]), max_size=12)
objects = st.builds(lambda parts, end: b"\n".join(parts) + end, texts, st.sampled_from([b"", b"\n"]))
cuts = st.lists(st.integers(0, 200), max_size=8)


def pieces(data: bytes, edges: list[int]) -> Iterator[bytes]:
    places = [0, *sorted(edge for edge in edges if edge <= len(data)), len(data)]
    yield from (data[start:end] for start, end in itertools.pairwise(places))


def single_lines(found: tuple[int, bytes | OverlongLine]) -> Iterator[tuple[int, bytes, bool]]:
    """Offset, bytes (or the beginning) and whether it is overlong, for each line that is not empty."""
    offset, text = found
    if isinstance(text, OverlongLine):
        yield offset, text.beginning, True
        return
    for line in text.splitlines(keepends=True) if b"\r" not in text else _split(text):
        if line.rstrip(b"\n"):
            yield offset, line.rstrip(b"\n"), False
        offset += len(line)


def _split(text: bytes) -> list[bytes]:
    return [line + b"\n" for line in text.split(b"\n")[:-1]] + [text.split(b"\n")[-1]]


def expected(data: bytes, start: int = 0, end: int | None = None) -> list[tuple[int, bytes, bool]]:
    """The simple way: all lines of the object that begin in the range."""
    offset, found = 0, []
    for line in data.split(b"\n"):
        if line and start <= offset < (len(data) if end is None else end):
            too_long = len(line) > lines.MAX_LINE_BYTES
            found.append((offset, line[: lines.MAX_RECORD_BYTES] if too_long else line, too_long))
        offset += len(line) + 1
    return found


def read(data: bytes, start: int, end: int, edges: list[int], overhang: int) -> list[tuple[int, bytes, bool]]:
    reader = LineReader(start)
    found = [each for piece in pieces(data[max(start - 1, 0) : end], edges) for each in reader.feed(piece)]
    rest = (data[at : at + overhang] for at in range(end, len(data), overhang))
    return [line for each in (*found, *reader.finish(rest)) for line in single_lines(each)]


@pytest.fixture(autouse=True)
def short_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "MAX_LINE_BYTES", LONGEST)
    monkeypatch.setattr(lines, "MAX_RECORD_BYTES", 5)


@given(objects, cuts)
def test_an_object_in_any_pieces_gives_its_lines(data: bytes, edges: list[int]) -> None:
    assert read(data, 0, len(data), edges, 7) == expected(data)


@given(objects, cuts, cuts, st.integers(1, 50))
def test_ranges_have_all_lines_once(data: bytes, parts: list[int], edges: list[int], overhang: int) -> None:
    places = sorted({0, *(part for part in parts if part < len(data)), len(data)})
    found = [read(data, start, end, edges, overhang) for start, end in itertools.pairwise(places)]
    assert [line for part in found for line in part] == expected(data)
    for part, (start, end) in zip(found, itertools.pairwise(places), strict=True):
        assert part == expected(data, start, end)


def test_carriage_returns_stay_with_their_line() -> None:
    assert list(LineReader().feed(b"a\r\nb\r\n")) == [(0, b"a\r\nb\r\n")]


def test_an_overlong_line_is_not_held_in_memory() -> None:
    reader = LineReader()
    tracemalloc.start()
    for _ in range(200):
        assert not list(reader.feed(bytes(100_000)))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1_000_000
    assert list(reader.feed(b"\nb\n")) == [(0, OverlongLine(bytes(5))), (20_000_001, b"b\n")]


def test_the_reason_for_an_overlong_line_names_the_limit() -> None:
    assert OverlongLine(b"").reason == "the line is longer than 16 MiB"


def test_nothing_more_of_an_overlong_line_is_fetched() -> None:
    reader = LineReader()
    assert not list(reader.feed(b"x" * 20))
    rest = iter([b"y" * 20, b"z" * 20])
    assert list(reader.finish(rest)) == [(0, OverlongLine(b"xxxxx"))]
    assert list(rest) == [b"y" * 20, b"z" * 20]


def test_an_abandoned_line_is_not_finished() -> None:
    reader = LineReader()
    assert list(reader.feed(b"a\nbroken")) == [(0, b"a\n")]
    assert (reader.position, reader.abandon(), list(reader.finish(iter(())))) == (2, b"broken", [])


def test_an_abandoned_overlong_line_is_not_rejected_twice() -> None:
    reader = LineReader()
    assert not list(reader.feed(b"x" * 20))
    assert (reader.abandon(), list(reader.finish(iter(())))) == (b"xxxxx", [])


def test_an_overlong_line_stands_alone_even_at_the_beginning() -> None:
    assert list(LineReader().feed(b"x" * 20 + b"\nab\n")) == [(0, OverlongLine(b"xxxxx")), (21, b"ab\n")]


def test_a_range_within_one_line_has_no_lines_and_reads_nothing_more() -> None:
    reader = LineReader(5)
    assert not list(reader.feed(b"abc"))
    following = iter([b"def\n"])
    assert list(reader.finish(following)) == []
    assert list(following) == [b"def\n"]
