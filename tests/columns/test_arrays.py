"""Helpers for Arrow columns keep values and types."""

from __future__ import annotations

from random import Random

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from glue_jobs.columns.arrays import (
    as_single_array,
    drop_unused_values,
    mapped_dictionary,
    ranks,
    take_rows,
)


@pytest.mark.parametrize("chunks", [[], [["a"]], [["a", None], ["b"]], [["a"], []]])
@pytest.mark.parametrize("type_", [pa.string(), pa.dictionary(pa.int32(), pa.string())])
def test_a_column_of_any_number_of_chunks_becomes_one_array(chunks: list[list[str | None]], type_: pa.DataType) -> None:
    column = pa.chunked_array([pa.array(chunk, pa.string()).cast(type_) for chunk in chunks], type_)
    array = as_single_array(column)
    assert (array.type, array.to_pylist()) == (type_, [value for chunk in chunks for value in chunk])


@given(st.lists(st.one_of(st.none(), st.integers(-(2**63), 2**63 - 1), st.just(2**63 - 1)), max_size=20))
def test_ranks_sort_like_the_numbers_with_nulls_last(values: list[int | None]) -> None:
    numbers = ranks(pa.chunked_array([values], pa.int64())).tolist()
    for left, left_number in zip(values, numbers, strict=True):
        for right, right_number in zip(values, numbers, strict=True):
            assert (left == right) == (left_number == right_number)
            if left is not None and (right is None or left < right):
                assert left_number < right_number


@given(st.lists(st.one_of(st.none(), st.floats(allow_nan=False)), max_size=20))
def test_ranks_sort_like_the_doubles_with_nulls_last(values: list[float | None]) -> None:
    numbers = ranks(pa.chunked_array([values], pa.float64())).tolist()
    assert [values[at] for at in np.argsort(numbers, kind="stable")] == sorted(
        values, key=lambda value: (value is None, value or 0)
    )


@given(
    st.lists(st.tuples(st.sampled_from(["a", "b", None]), st.booleans(), st.integers(0, 9)), max_size=8), st.randoms()
)
def test_rows_are_taken_in_any_order(rows: list[tuple[str | None, bool, int]], random: Random) -> None:
    names = pa.array([name for name, _, _ in rows], pa.string())
    columns = {"name": names, "coded": names.dictionary_encode(), "is": [is_so for _, is_so, _ in rows]}
    table = pa.table({**columns, "none": pa.nulls(len(rows), pa.int64()), "number": [number for _, _, number in rows]})
    order = random.sample(range(len(rows)), random.randint(0, len(rows)))
    expected = [table.to_pylist()[place] for place in order]
    assert take_rows(table, np.array(order, np.int64)).to_pylist() == expected


@given(st.lists(st.one_of(st.none(), st.integers(0, 48)), max_size=60), st.integers(0, 40))
def test_a_dictionary_keeps_the_values_in_use(values: list[int | None], start: int) -> None:
    some = pa.array(values, pa.int64()).dictionary_encode().slice(start)
    found = drop_unused_values(some)
    assert (found.type, found.to_pylist()) == (some.type, some.to_pylist())
    assert sorted(found.dictionary.to_pylist()) == sorted({value for value in values[start:] if value is not None})
    assert drop_unused_values(pa.array(values, pa.int64())).to_pylist() == values


def test_nulls_stay_null_when_unused_values_are_dropped() -> None:
    array = pa.array([*range(40), None, 39]).dictionary_encode().slice(38)
    assert drop_unused_values(array).to_pylist() == [38, 39, None, 39]
    assert drop_unused_values(array).dictionary.to_pylist() == [38, 39]


def test_values_of_a_dictionary_become_others_some_of_them_equal_or_null() -> None:
    array = pa.array(["a", "b", None, "c", "d", "a"]).dictionary_encode()
    mapped = mapped_dictionary(array, pa.array(["x", None, "y", "x"]))
    assert mapped.to_pylist() == ["x", None, None, "y", "x", "x"]
    assert mapped.dictionary.to_pylist() == ["x", "y"]
