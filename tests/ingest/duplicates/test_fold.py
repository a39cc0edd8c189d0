"""Rows folded to numbers: equal rows to equal ones, different rows to different ones."""

from __future__ import annotations

import itertools
from datetime import datetime

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from glue_jobs.ingest.duplicates.fold import fold

alphabet = st.sampled_from(["", "a", "b", "aa", "ab", "\0", "ä", "日本", "x" * 7, "x" * 8, "x" * 9, "/key/", "😀"])
texts = st.one_of(st.lists(alphabet, max_size=6).map("".join), st.text(max_size=20))
optional = st.one_of(st.none(), texts)


def text(values: list[str | None], chunks: int = 1) -> pa.ChunkedArray:
    edges = [len(values) * number // chunks for number in range(chunks + 1)]
    return pa.chunked_array([values[a:b] for a, b in itertools.pairwise(edges)], pa.string())


@given(st.lists(texts, unique=True, min_size=1, max_size=60), st.integers(1, 4))
def test_different_texts_have_different_numbers(values: list[str], chunks: int) -> None:
    assert len(set(fold([text([*values], chunks)]).tolist())) == len(values)


@given(st.lists(optional, min_size=1, max_size=30), st.lists(optional, max_size=5), st.integers(1, 4))
def test_a_number_depends_on_the_value_alone(values: list[str | None], others: list[str | None], chunks: int) -> None:
    alone = [int(fold([text([value])])[0]) for value in values]
    assert fold([text(values, chunks)]).tolist() == alone
    shifted = text([*others, *values, *others]).slice(len(others), len(values))
    assert fold([shifted]).tolist() == alone


@given(st.lists(st.tuples(texts, texts), unique=True, min_size=1, max_size=40))
def test_rows_of_two_columns_differ_when_a_value_or_the_order_does(rows: list[tuple[str, str]]) -> None:
    first, second = zip(*rows, strict=True)
    assert len(set(fold([text([*first]), text([*second])]).tolist())) == len(rows)


def test_equal_and_swapped_values_of_two_columns_are_told_apart() -> None:
    first, second = text(["a", "b", "a", "b", "c"]), text(["a", "b", "b", "a", "c"])
    assert len(set(fold([first, second]).tolist())) == 5


@given(st.lists(st.integers(-(2**63), 2**63 - 1), unique=True, min_size=1, max_size=60))
def test_different_numbers_have_different_numbers(values: list[int]) -> None:
    assert len(set(fold([pa.chunked_array([values], pa.int64())]).tolist())) == len(values)


def test_nulls_are_like_empty_texts_and_zeros() -> None:
    assert len(set(fold([text([None, ""])]).tolist())) == 1
    assert len(set(fold([pa.chunked_array([[None, 0]], pa.int64())]).tolist())) == 1
    assert fold([text([None, None])]).tolist() == fold([text(["", None])]).tolist()


def test_what_lies_under_a_null_does_not_count() -> None:
    hidden = pa.array(["secret", "other"]).buffers()
    validity = pa.array([None, "x"]).buffers()[0]
    array = pa.Array.from_buffers(pa.string(), 2, [validity, *hidden[1:]])
    assert array.to_pylist() == [None, "other"]
    assert fold([pa.chunked_array([array])]).tolist() == fold([text([None, "other"])]).tolist()


def test_times_and_flags_are_folded() -> None:
    times = pa.chunked_array([[datetime(2024, 5, 7), datetime(2024, 5, 8), None]], pa.timestamp("us"))
    assert len(set(fold([times]).tolist())) == 3
    assert len(set(fold([pa.chunked_array([[True, False]])]).tolist())) == 2


def test_no_rows_have_no_numbers() -> None:
    for empty in (text([]), pa.chunked_array([], pa.string()), pa.chunked_array([], pa.int64())):
        assert fold([empty]).tolist() == []
        assert fold([empty, empty]).tolist() == []
