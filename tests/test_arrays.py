"""Arrow columns as single arrays and as ranks."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from glue_jobs.arrays import one_chunk, ranks


@pytest.mark.parametrize("chunks", [[], [["a"]], [["a", None], ["b"]], [["a"], []]])
@pytest.mark.parametrize("type_", [pa.string(), pa.dictionary(pa.int32(), pa.string())])
def test_a_column_of_any_number_of_chunks_becomes_one_array(chunks: list[list[str | None]], type_: pa.DataType) -> None:
    column = pa.chunked_array([pa.array(chunk, pa.string()).cast(type_) for chunk in chunks], type_)
    array = one_chunk(column)
    assert (array.type, array.to_pylist()) == (type_, [value for chunk in chunks for value in chunk])


@settings(deadline=None, max_examples=80)
@given(st.lists(st.one_of(st.none(), st.integers(-(2**63), 2**63 - 1), st.just(2**63 - 1)), max_size=20))
def test_ranks_of_numbers_follow_their_order_nulls_last(values: list[int | None]) -> None:
    numbers = ranks(pa.chunked_array([values], pa.int64())).tolist()
    for left, left_number in zip(values, numbers, strict=True):
        for right, right_number in zip(values, numbers, strict=True):
            assert (left == right) == (left_number == right_number)
            if left is not None and (right is None or left < right):
                assert left_number < right_number
