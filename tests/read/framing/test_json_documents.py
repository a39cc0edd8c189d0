"""JSON documents from a stream of bytes: the pieces of a large document have every record once."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from glue_jobs.read.framing import json_documents, json_records
from glue_jobs.read.framing.json_documents import Documents
from glue_jobs.read.framing.json_values import ENDS_EARLY, Break, value_end
from glue_jobs.read.framing.lines import OverlongLine

# Records with bytes inside that look like the place between two records.
record = st.fixed_dictionaries(
    {"k": st.integers(0, 99)},
    optional={
        "more": st.lists(st.fixed_dictionaries({"k": st.just(1), "x": st.just('},{"k":')}), max_size=3),
        "text": st.sampled_from(['}, {"k":', "]}", '\\"},{"k":1']),
    },
)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_documents, "PIECE_BYTES", 100)
    monkeypatch.setattr(json_records, "TAIL_BYTES", 80)


def documents(data: bytes, step: int) -> tuple[list[tuple[int, bytes]], Documents]:
    reader = Documents()
    found = [each for start in range(0, len(data), step) for each in reader.feed(data[start : start + step])]
    return found, reader


def records(pieces: list[tuple[int, bytes]]) -> list[Any]:
    return [each for _, piece in pieces for each in json.loads(piece.decode("utf-8-sig"))["Records"]]


@pytest.mark.usefixtures("small")
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(record, max_size=30), st.integers(1, 200), st.sampled_from([None, 1]), st.booleans())
def test_every_record_is_in_one_piece(some: list[dict[str, Any]], step: int, indent: int | None, mark: bool) -> None:
    data = (b"\xef\xbb\xbf" if mark else b"") + json.dumps({"Records": some}, indent=indent).encode()
    found, reader = documents(data, step)
    assert records([*found, *reader.finish(iter(()))]) == some


@pytest.mark.usefixtures("small")
def test_a_large_document_comes_in_pieces_with_their_offsets() -> None:
    data = json.dumps({"Records": [{"k": number} for number in range(100)]}, separators=(",", ":")).encode()
    found, reader = documents(data, 30)
    found += reader.finish(iter(()))
    assert len(found) > 5
    assert max(len(piece) for _, piece in found) < 160
    for offset, piece in found[1:]:
        first = piece[len(json_records.HEAD) :][:7]
        assert data[offset + len(json_records.HEAD) :].startswith(first)


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("data", [b'{"k":[' + b"1," * 200 + b"2]}", b"x" * 500])
def test_a_document_without_a_place_to_split_comes_whole(data: bytes) -> None:
    found, reader = documents(data, 10)
    assert [*found, *reader.finish(iter(()))] == [(0, data)]


def test_an_empty_object_is_an_empty_line() -> None:
    assert list(Documents().finish(iter(()))) == [(0, b"\n")]


@pytest.mark.parametrize(
    ("data", "kept", "rest", "index"),
    [
        (b'{"Records":[{"k":1},{"k":2},{"k"', [{"k": 1}, {"k": 2}], b'{"k"', 2),
        (b'{"Records":[{"k":1},{"k":2}', [{"k": 1}, {"k": 2}], b"", 2),
        (b'{"Records":[{"k":1}]}', [{"k": 1}], b"", 1),
        (b'{"Records":[{"k":', [], b'{"Records":[{"k":', 0),
        (b"text", [], b"text", 0),
        (b"", [], b"", 0),
    ],
)
def test_whole_records_of_a_damaged_object_are_kept(data: bytes, kept: list[Any], rest: bytes, index: int) -> None:
    found, reader = documents(data, 10)
    assert found == []
    assert (reader.abandon(), reader.index) == (rest, index)
    assert records(list(reader.finish(iter(())))) == kept


ONE, TWO, THREE = (f'{{"Records":[{{"k":{number}}},{{"k":{number}}}]}}'.encode() for number in (1, 2, 3))
LINES = b'{"k":1}\n{"k":2}\n'


@pytest.mark.parametrize(
    ("data", "kept", "rest", "index"),
    [
        (ONE + TWO + THREE[:-12], ONE + TWO, THREE[:-12], 4),
        (ONE + b"\n" + TWO[:-2], ONE + b"\n" + TWO, b"", 4),
        (ONE + b"\n" + TWO, ONE + b"\n" + TWO, b"", 4),
        (LINES + b'{"k":', LINES, b'{"k":', 2),
        (b"[" + ONE + b"]" + LINES + b'{"k":', b"[" + ONE + b"]" + LINES, b'{"k":', 3),
    ],
)
def test_whole_documents_before_the_damage_are_kept(data: bytes, kept: bytes, rest: bytes, index: int) -> None:
    _, reader = documents(data, 10)
    assert (reader.abandon(), reader.index) == (rest, index)
    assert list(reader.finish(iter(()))) == [(0, kept)]


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_documents, "PIECE_BYTES", 100)
    monkeypatch.setattr(json_documents, "MAX_READ_RECORD_BYTES", 200)
    monkeypatch.setattr(json_documents, "MAX_GAP_BYTES", 20)
    monkeypatch.setattr(json_documents, "MAX_RECORD_BYTES", 30)


def split(data: bytes, step: int) -> tuple[list[int], list[bytes], int]:
    """The numbers of the records, the beginnings of those that are too large, and the most bytes that were held."""
    reader, held, found = Documents(), 0, []
    for start in range(0, len(data), step):
        found += reader.feed(data[start : start + step])
        held = max(held, sum(map(len, reader._parts)))
    found += reader.finish(iter(()))
    texts = [frame for _, frame in found if isinstance(frame, bytes)]
    numbers = [int(number) for text in texts for number in re.findall(rb'"k": ?([0-9]+)', text)]
    return numbers, [frame.beginning for _, frame in found if isinstance(frame, OverlongLine)], held


FORMS = {
    "document": (b'{"Records":[', b",", b"]}"),
    "list": (b"[", b", ", b"]"),
    "lines": (b"", b"\n", b"\n"),
}


@pytest.mark.usefixtures("tiny")
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("large", [(0,), (12,), (29,), (3, 4, 20)])
@pytest.mark.parametrize("length", [250, 3_000])
@pytest.mark.parametrize("step", [37, 10_000])
def test_a_record_that_is_too_large_is_told_and_the_others_are_kept(
    form: str, large: tuple[int, ...], length: int, step: int
) -> None:
    opening, between, closing = FORMS[form]
    some = [b'{"k":%d,"x":"%s"}' % (n, b"y" * (length if n in large else n)) for n in range(30)]
    numbers, beginnings, held = split(opening + between.join(some) + closing, step)
    told = [n for n in large if some[n][:30] in beginnings]
    assert numbers == [n for n in range(30) if n not in told]
    # Of lines in one piece, the parser sees which are too large.
    assert told == [*large] or form == "lines"
    assert step > 100 or held < 400


@pytest.mark.usefixtures("tiny")
@pytest.mark.parametrize("data", [b"x" * 5_000, b"[[[" * 2_000, b'{"Records":[{"k' + b"y" * 5_000, b"1\n" * 3_000])
def test_what_is_no_document_is_dropped_behind_its_beginning(data: bytes) -> None:
    _, (beginning,), held = split(data, 50)
    first = data.find(b"{", 1) if b"{" in data else 0
    assert beginning == data[first : first + 30]
    assert held < 400


def test_a_value_that_is_nested_too_deeply_is_not_called_cut_short() -> None:
    damaged, short = value_end(b"[" * 100_000, 0), value_end(b'{"a": ', 0)
    assert isinstance(damaged, Break) and damaged.reason.startswith("JSON: ")
    assert short == Break(6, ENDS_EARLY)
