"""Pieces of a buffer as texts: they are what Python cuts out."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from glue_jobs.sources.cloudtrail_s3_event.parser.pieces import Span, joined, spans_of, values_of

places = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), max_size=8)


def span(pairs: list[tuple[int, int]], length: int) -> Span:
    cut = [sorted((min(first, length), min(second, length))) for first, second in pairs]
    begins, ends = zip(*cut, strict=True) if cut else ((), ())
    return np.array(begins, np.int64), np.array(ends, np.int64)


@given(st.text(alphabet="abc", max_size=60), places, st.integers(1, 3))
def test_pieces_of_any_length_and_place_are_joined_row_by_row(text: str, pairs: list[tuple[int, int]], n: int) -> None:
    begins, ends = span(pairs, len(text))
    found = joined(text.encode(), *[(begins, ends)] * n)
    found.validate(full=True)
    assert found.to_pylist() == [text[begin:end] * n for begin, end in zip(begins, ends, strict=True)]
    if len(found):
        (firsts, lasts), data = spans_of(found)
        assert joined(data, (firsts, lasts)).equals(found)


def test_a_value_is_found_from_the_end_and_else_from_the_beginning() -> None:
    texts = ['x,"id":"aaaa","b":1', 'long,"id":"bbbb","b":1', 'x,"id":"cccc","b":12', '"b":1', 'x,"id":"dd"']
    data = "".join(texts).encode()
    ends = np.cumsum([len(text) for text in texts])
    found = joined(data, values_of(data, (ends - [len(text) for text in texts], ends), b',"id":"', (4,)))
    assert found.to_pylist() == ["aaaa", "bbbb", "cccc", "", ""]


def test_nothing_is_a_value_when_one_is_not_plain() -> None:
    data = b'"id":"aaaa""id":"b\\"b"'
    begins, ends = np.array([0, 11]), np.array([11, 22])
    assert joined(data, values_of(data, (begins, ends), b'"id":"', (4,))).to_pylist() == ["", ""]
