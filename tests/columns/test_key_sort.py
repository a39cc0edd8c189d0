"""Text is put in the order of its bytes, whatever it begins with."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

import glue_jobs.columns.key_sort
from glue_jobs.columns.key_sort import key_sort


def ordered(texts: list[str]) -> list[int]:
    """Positions by comparison of bytes."""
    return sorted(range(len(texts)), key=lambda place: texts[place].encode())


def check(texts: list[str]) -> None:
    found = key_sort(pa.array(["before", *texts], pa.string())[1:])
    assert (list(range(len(texts))) if found is None else found.tolist()) == ordered(texts)


alphabet = st.text("ab/\x00é\U0001f600-", max_size=14)
begun = st.builds(lambda start, end: start + end, st.sampled_from(["", "data/2024/", "data/2024/05/", "é/"]), alphabet)


@given(st.lists(begun, max_size=40))
def test_any_texts(texts: list[str]) -> None:
    check(texts)


@pytest.mark.parametrize("digits", [1, 3, 9, 30])
def test_many_keys_that_begin_alike(digits: int) -> None:
    random = np.random.default_rng(digits)
    numbers = random.integers(0, 10 ** min(digits, 9), 3_000)
    check([f"account-{number % 7}/repository-{number % 13}/{number:0{digits}d}.csv" for number in numbers.tolist()])


def test_more_beginnings_than_there_is_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(glue_jobs.columns.key_sort, "BITS", 62)
    check([f"{number % 50}/x{number}" for number in range(500)])


def test_texts_in_order_are_told_as_such() -> None:
    assert key_sort(pa.array(["a", "b", "b", "c"])) is None
    assert key_sort(pa.array([], pa.string())) is None
