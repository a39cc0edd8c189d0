"""Types of uploaded values: their join does not depend on the order, and every value can be read back."""

from __future__ import annotations

import json
from functools import reduce
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from glue_jobs.sources.upload.parser.csv_values import column_of_texts, type_of_texts
from glue_jobs.sources.upload.types import (
    BIGINT,
    BOOLEAN,
    DOUBLE,
    MAX_FIELDS,
    NOTHING,
    TEXT,
    WHOLE,
    Type,
    arrow_type,
    joined,
)
from glue_jobs.sources.upload.values import column_of, converted, type_of

# Whole numbers up to 2**53 and beyond, texts that look like numbers, empty objects and lists, and what is in others.
scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**64), 2**64),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from(["", "1", "007", "x", "true", "\u20ac", "[]"]),
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "b", "c"]), inner, max_size=3),
    max_leaves=6,
)
files = st.lists(st.lists(values, min_size=1, max_size=3), min_size=1, max_size=4)


def means_the_same(stored: Any, given: Any, kind: Type) -> bool:
    """Whether a stored value has all that was given; text holds JSON, or the text itself."""
    if given is None:
        return stored is None
    if kind == TEXT or isinstance(stored, str):
        return stored == given if isinstance(given, str) else equal(json.loads(stored), given)
    if isinstance(kind, dict):
        return all(means_the_same(stored.get(name), each, kind[name]) for name, each in given.items())
    if isinstance(kind, list):
        pairs = zip(stored, given, strict=True)
        return all(means_the_same(one, other, kind[0]) for one, other in pairs)
    return bool(stored == given)


def equal(one: Any, other: Any) -> bool:
    """Whether two JSON values are equal but for fields without a value, and values that became text in an object."""
    if isinstance(one, dict) and isinstance(other, dict):
        names = {name for name, value in other.items() if value is not None}
        return all(name in one and equal(one[name], other[name]) for name in names)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(equal, one, other))
    if isinstance(one, str) and not isinstance(other, str) and other is not None:
        return equal(json.loads(one), other)
    return bool(one == other)


@given(files, st.randoms())
def test_the_order_of_files_does_not_matter_and_every_value_can_be_read_back(
    given_files: list[list[Any]], random: Any
) -> None:
    types = [type_of(each) for each in given_files]
    wanted = reduce(joined, types, NOTHING)
    shuffled = random.sample(types, len(types))
    assert reduce(joined, shuffled, NOTHING) == joined(wanted, wanted) == wanted
    # Stored first with what the first files have together, as an earlier run did.
    step: Type = NOTHING
    for each, kind in zip(given_files, types, strict=True):
        step = joined(step, kind)
        column = converted(converted(column_of(each, kind), kind, step), step, wanted)
        assert column.type == arrow_type(wanted)
        assert all(means_the_same(stored, one, wanted) for stored, one in zip(column.to_pylist(), each, strict=True))


@pytest.mark.parametrize(
    ("one", "other", "both"),
    [
        (WHOLE, BIGINT, BIGINT),
        (WHOLE, DOUBLE, DOUBLE),
        # Beyond 2**53, a double does not have every whole number.
        (BIGINT, DOUBLE, TEXT),
        (BOOLEAN, WHOLE, TEXT),
        (NOTHING, BOOLEAN, BOOLEAN),
        ({"a": WHOLE}, {"b": TEXT}, {"a": WHOLE, "b": TEXT}),
        ({"a": WHOLE}, {"a": TEXT}, {"a": TEXT}),
        ({"a": WHOLE}, WHOLE, TEXT),
        ([WHOLE], [DOUBLE], [DOUBLE]),
        ({str(n): WHOLE for n in range(MAX_FIELDS)}, {"one more": WHOLE}, TEXT),
    ],
)
def test_two_types_have_the_narrowest_that_holds_both(one: Type, other: Type, both: Type) -> None:
    assert joined(one, other) == joined(other, one) == both


@pytest.mark.parametrize(
    ("texts", "kind", "stored"),
    [
        (["1", "-2", "0"], WHOLE, [1, -2, 0]),
        (["-9007199254740992", "9007199254740992"], WHOLE, [-(2**53), 2**53]),
        (["-9007199254740993"], BIGINT, [-9007199254740993]),
        (["9007199254740993"], BIGINT, [9007199254740993]),
        (["9223372036854775808"], TEXT, ["9223372036854775808"]),
        (["1", "2.50", "-1e3"], DOUBLE, [1.0, 2.5, -1000.0]),
        (["0.30000000000000004"], DOUBLE, [0.30000000000000004]),
        (["0.123456789012345678"], TEXT, ["0.123456789012345678"]),
        (["1.5", "9007199254740993"], TEXT, ["1.5", "9007199254740993"]),
        (["1e999"], TEXT, ["1e999"]),
        (["007", "1"], TEXT, ["007", "1"]),
        (["+1"], TEXT, ["+1"]),
        (["-0"], DOUBLE, [-0.0]),
        (["true", "false"], BOOLEAN, [True, False]),
        (["True"], TEXT, ["True"]),
        ([None, None], NOTHING, [None, None]),
        (["2024-01-15"], TEXT, ["2024-01-15"]),
    ],
)
def test_texts_of_a_csv_file_are_numbers_only_if_they_say_no_more(
    texts: list[str | None], kind: Type, stored: list[Any]
) -> None:
    column = pa.array(texts, pa.string())
    assert type_of_texts(column) == kind
    assert column_of_texts(column, kind).to_pylist() == stored


@pytest.mark.parametrize("value", [5, 2**53, -1, 1.5, 1e22, 1e-7])
def test_a_number_becomes_the_same_text_whatever_its_column_held_before(value: float) -> None:
    kind = type_of([value])
    at_once = converted(column_of([value], kind), kind, TEXT)
    by_way_of_double = converted(converted(column_of([value], kind), kind, DOUBLE), DOUBLE, TEXT)
    assert at_once == by_way_of_double
    assert float(at_once[0].as_py()) == value


def test_an_object_whose_fields_have_one_name_in_a_table_is_json_text() -> None:
    assert type_of([{"A": 1, "a": 2}]) == TEXT
    assert column_of([{"A": 1, "a": 2}], TEXT).to_pylist() == ['{"A":1,"a":2}']
