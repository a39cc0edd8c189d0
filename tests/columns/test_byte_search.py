"""Bytes found in a buffer: what is found is what Python finds one by one."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from glue_jobs.columns.byte_search import BLOCK_BYTES, find_bytes, windows

few_letters = st.text(alphabet="abc", max_size=60).map(str.encode)


@given(few_letters, st.integers(0, 2))
def test_bytes_are_found_across_blocks(text: bytes, before: int) -> None:
    data = b"x" * (BLOCK_BYTES - before) + text
    found = find_bytes(np.frombuffer(data, np.uint8), lambda block: block == ord("b"))
    assert found.tolist() == [place for place, letter in enumerate(data) if letter == ord("b")]


@given(few_letters.filter(bool))
def test_a_window_begins_at_each_byte(text: bytes) -> None:
    found = windows(text, "V1").tolist()
    assert found == [text[place : place + 1] for place in range(len(text))]
    if len(text) >= 8:
        words = [int.from_bytes(text[place : place + 8], "little") for place in range(len(text) - 7)]
        assert windows(text, "<u8").tolist() == words


def test_a_buffer_may_be_empty() -> None:
    assert find_bytes(np.frombuffer(b"", np.uint8), lambda block: block == 1).tolist() == []
