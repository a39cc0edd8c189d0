"""Hashes of rows: equal rows have equal ones, different rows different ones."""

from __future__ import annotations

import itertools
from datetime import datetime

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from glue_jobs.ingest.duplicates.row_hash import round_of_hash, row_hashes

alphabet = st.sampled_from(["", "a", "b", "aa", "ab", "\0", "ä", "日本", "x" * 7, "x" * 8, "x" * 9, "/key/", "😀"])
texts = st.one_of(st.lists(alphabet, max_size=6).map("".join), st.text(max_size=20))
optional = st.one_of(st.none(), texts)


def text(values: list[str | None], chunks: int = 1) -> pa.ChunkedArray:
    edges = [len(values) * number // chunks for number in range(chunks + 1)]
    return pa.chunked_array([values[a:b] for a, b in itertools.pairwise(edges)], pa.string())


@given(st.lists(texts, unique=True, min_size=1, max_size=60), st.integers(1, 4))
def test_different_texts_have_different_hashes(values: list[str], chunks: int) -> None:
    assert len(set(row_hashes([text([*values], chunks)]).tolist())) == len(values)


@given(st.lists(optional, min_size=1, max_size=30), st.lists(optional, max_size=5), st.integers(1, 4))
def test_a_hash_depends_on_the_value_alone(values: list[str | None], others: list[str | None], chunks: int) -> None:
    alone = [int(row_hashes([text([value])])[0]) for value in values]
    assert row_hashes([text(values, chunks)]).tolist() == alone
    shifted = text([*others, *values, *others]).slice(len(others), len(values))
    assert row_hashes([shifted]).tolist() == alone


@given(st.lists(st.tuples(texts, texts), unique=True, min_size=1, max_size=40))
def test_rows_of_two_columns_differ_when_a_value_or_the_order_does(rows: list[tuple[str, str]]) -> None:
    first, second = zip(*rows, strict=True)
    assert len(set(row_hashes([text([*first]), text([*second])]).tolist())) == len(rows)


def test_equal_and_swapped_values_of_two_columns_are_told_apart() -> None:
    first, second = text(["a", "b", "a", "b", "c"]), text(["a", "b", "b", "a", "c"])
    assert len(set(row_hashes([first, second]).tolist())) == 5


@given(st.lists(st.integers(-(2**63), 2**63 - 1), unique=True, min_size=1, max_size=60))
def test_different_numbers_have_different_hashes(values: list[int]) -> None:
    assert len(set(row_hashes([pa.chunked_array([values], pa.int64())]).tolist())) == len(values)


def test_null_has_the_hash_of_an_empty_text_or_of_zero() -> None:
    assert len(set(row_hashes([text([None, ""])]).tolist())) == 1
    assert len(set(row_hashes([pa.chunked_array([[None, 0]], pa.int64())]).tolist())) == 1
    assert row_hashes([text([None, None])]).tolist() == row_hashes([text(["", None])]).tolist()


def test_bytes_under_a_null_do_not_count() -> None:
    hidden = pa.array(["secret", "other"]).buffers()
    validity = pa.array([None, "x"]).buffers()[0]
    array = pa.Array.from_buffers(pa.string(), 2, [validity, *hidden[1:]])
    assert array.to_pylist() == [None, "other"]
    assert row_hashes([pa.chunked_array([array])]).tolist() == row_hashes([text([None, "other"])]).tolist()


def test_times_and_flags_have_hashes() -> None:
    times = pa.chunked_array([[datetime(2024, 5, 7), datetime(2024, 5, 8), None]], pa.timestamp("us"))
    assert len(set(row_hashes([times]).tolist())) == 3
    assert len(set(row_hashes([pa.chunked_array([[True, False]])]).tolist())) == 2


@given(st.lists(st.floats(allow_nan=False), unique=True, min_size=1, max_size=60))
def test_different_doubles_have_different_hashes(values: list[float]) -> None:
    assert len(set(row_hashes([pa.chunked_array([values], pa.float64())]).tolist())) == len(values)
    assert len(set(row_hashes([pa.chunked_array([[None, 0.0, -0.0]], pa.float64())]).tolist())) == 1


def test_no_rows_have_no_hashes() -> None:
    for empty in (text([]), pa.chunked_array([], pa.string()), pa.chunked_array([], pa.int64())):
        assert row_hashes([empty]).tolist() == []
        assert row_hashes([empty, empty]).tolist() == []


def test_similar_values_are_spread_over_all_rounds() -> None:
    names = pa.chunked_array([[f"REQUEST{number:09}" for number in range(20_000)]])
    seconds = pa.chunked_array([range(0, 20_000 * 10**6, 10**6)], pa.int64())
    for column in (names, seconds):
        for rounds in (2, 3, 8):
            shares = np.bincount(round_of_hash(row_hashes([column]), rounds).astype(np.int64), minlength=rounds)
            assert shares.max() < 1.2 * 20_000 / rounds
