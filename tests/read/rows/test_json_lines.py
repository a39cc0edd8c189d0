"""Tables of JSON lines hold what a decoder of single lines reads, and what they do not hold is left over."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from glue_jobs.read.rows.json_lines import FEW_LINES, PARTS_PER_SPLIT, read_json_lines

TYPES = {"size": pa.int64(), "name": pa.string(), "public": pa.bool_()}

TEXTS = st.text(st.characters(exclude_categories=("Cs",)), max_size=6)
VALUES = st.none() | TEXTS | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.just([1]) | st.just({})
NAMES = st.sampled_from(["size", "name", "public", "added", "a.b"])
OBJECTS = st.dictionaries(NAMES, VALUES).map(lambda each: json.dumps(each).encode())
DAMAGED = st.sampled_from(
    [
        b'{"name": "a", "name": "b"}',
        b'{"name": "\xff"}',
        b'{"name": "\\ud800"}',
        b'{"size": 1}{"size": 2}',
        b'{"size": 1},',
        b'{"name": {}',
        b"}{",
        b"{",
        b"[]",
        b'{"size": 01}',
        b'{"name": "a\tb"}',
        b'{"\\u006eame": "a"}',
        b"{} ",
    ]
)


def decoded(line: bytes) -> dict[str, Any]:
    return {name: value for name, value in msgspec.json.decode(line).items() if value is not None}


def crowd(*lines: bytes) -> list[bytes]:
    return [*lines, *[b'{"size": 1, "name": "a"}'] * FEW_LINES]


@given(st.lists(OBJECTS | DAMAGED, max_size=5), st.lists(OBJECTS, max_size=3), st.sampled_from([1, FEW_LINES]))
@example([b'{"size": 1}{"size": 2}', b"{"], [], FEW_LINES)
def test_every_line_is_in_a_table_as_it_is_decoded_alone_or_left_over(
    odd: list[bytes], usual: list[bytes], times: int
) -> None:
    lines = crowd(*odd, *usual * times)
    tables, others = read_json_lines(lines, TYPES)
    numbers = others.tolist()
    for rows, places in tables:
        assert {*TYPES} <= {*rows.column_names}
        for number, row in zip(places.tolist(), rows.to_pylist(), strict=True):
            numbers.append(number)
            assert {name: value for name, value in row.items() if value is not None} == decoded(lines[number])
    assert sorted(numbers) == list(range(len(lines)))


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ({"size": 5}, pa.int64()),
        ({"size": None}, pa.int64()),
        ({"size": "5"}, pa.string()),
        ({"public": "Yes"}, pa.string()),
        ({"added": 5}, pa.int64()),
        ({"added": False}, pa.bool_()),
        ({"added": None}, pa.string()),
        ({"added": "5"}, pa.string()),
    ],
)
def test_a_column_has_the_expected_type_unless_its_values_are_texts(line: dict[str, Any], kind: pa.DataType) -> None:
    lines = [json.dumps(line).encode()] * (FEW_LINES + 1)
    ((rows, _),), others = read_json_lines(lines, TYPES)
    assert (rows.schema.field(next(iter(line))).type, others.tolist()) == (kind, [])


def test_an_odd_line_takes_few_others_with_it() -> None:
    lines = [b'{"size": 1}'] * 5_000 + [b'{"size": 1.5}'] + [b'{"size": 1}'] * 5_000
    tables, others = read_json_lines(lines, TYPES)
    assert 5_000 in others
    assert len(others) <= FEW_LINES * PARTS_PER_SPLIT
    assert sum(rows.num_rows for rows, _ in tables) == 10_001 - len(others)
