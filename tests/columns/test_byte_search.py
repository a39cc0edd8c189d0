"""Bytes found in a buffer: what is found is what Python finds one by one."""

from __future__ import annotations

import re

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from glue_jobs.columns.byte_search import BLOCK_BYTES, Words, find_bytes, word

few_letters = st.text(alphabet="abc", max_size=60).map(str.encode)


@given(few_letters, st.integers(0, 2))
def test_bytes_are_found_across_blocks(text: bytes, before: int) -> None:
    data = b"x" * (BLOCK_BYTES - before) + text
    found = find_bytes(np.frombuffer(data, np.uint8), lambda block: block == ord("b"))
    assert found.tolist() == [place for place, letter in enumerate(data) if letter == ord("b")]


@given(few_letters, few_letters.filter(lambda mark: 1 <= len(mark) <= 20))
def test_a_mark_is_where_it_stands(text: bytes, mark: bytes) -> None:
    data = text + mark + text
    # From well before the buffer to well behind it.
    places = np.arange(-20, len(data) + 20)
    found = Words(data).has(mark, places)
    assert found.tolist() == [place >= 0 and data.startswith(mark, place) for place in places.tolist()]


def test_a_mark_is_not_what_a_shorter_text_before_a_zero_byte_is() -> None:
    assert Words(b"abc\0abcd").has(b"abcd", np.array([0, 4])).tolist() == [False, True]


@given(few_letters.filter(bool))
def test_windows_and_bytes_are_those_of_the_buffer(text: bytes) -> None:
    words = Words(text)
    places = np.arange(len(text))
    assert words.is_at(ord("a"), places).tolist() == [letter == ord("a") for letter in text]
    whole = places[: max(len(text) - 7, 0)]
    assert words.at(whole).tolist() == [word(text[place : place + 8]) for place in whole.tolist()]


def test_a_buffer_may_be_empty() -> None:
    assert find_bytes(np.frombuffer(b"", np.uint8), lambda block: block == 1).tolist() == []
    assert Words(b"").has(b"12345678", np.zeros(0, np.int64)).tolist() == []


@given(st.text(alphabet="0012 9:", max_size=45).map(str.encode))
def test_numbers_are_read_back_from_where_they_end(text: bytes) -> None:
    ends = np.arange(-3, len(text) + 3)
    numbers, begins = Words(text).numbers_before(ends)
    for end, number, begin in zip(ends.tolist(), numbers.tolist(), begins.tolist(), strict=True):
        # One at the beginning of the buffer is left out: what is before it is not known.
        found = re.search(rb"[^0-9]([1-9][0-9]{0,14}|0)$", text[:end]) if 16 <= end <= len(text) else None
        assert begin == (found.start(1) if found else -1)
        assert not found or number == int(found.group(1))
