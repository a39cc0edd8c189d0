"""Changes between two snapshots, compared as a whole or by key ranges."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from glue_jobs.ingest.snapshots.changed_objects import COLUMNS, count_changes, sum_changes
from glue_jobs.ingest.snapshots.key_ranges import RowGroup, key_ranges
from glue_jobs.sources.s3_inventory_object.table import S3_INVENTORY_OBJECT

SCHEMA = pa.schema([S3_INVENTORY_OBJECT.arrow_schema.field(name) for name in COLUMNS])
THEN, LATER = datetime(2024, 4, 1), datetime(2024, 4, 2)


def objects(*rows: dict[str, Any]) -> pa.Table:
    defaults = {"size": 1, "last_modified_date": THEN, "account": "a", "repository": "r"}
    return pa.Table.from_pylist([{**defaults, **row} for row in rows], schema=SCHEMA)


def nonzero_counts(before: pa.Table, after: pa.Table) -> dict[tuple[str | None, str | None], dict[str, int]]:
    """The counts by data set, without zeros."""
    return {
        (row.pop("account"), row.pop("repository")): {name: value for name, value in row.items() if value}
        for row in sum_changes([count_changes(before, after)]).to_pylist()
    }


def test_added_removed_and_unchanged_objects_are_counted() -> None:
    found = nonzero_counts(
        objects({"key": "kept", "size": 3}, {"key": "gone", "size": 5}, {"key": "moved", "repository": "old"}),
        objects({"key": "new", "size": None}, {"key": "kept", "size": 3}, {"key": "moved", "repository": None}),
    )
    assert found == {
        ("a", "r"): {
            "objects_before": 2,
            "objects_after": 2,
            "bytes_before": 8,
            "bytes_after": 3,
            "added_objects": 1,
            "removed_objects": 1,
            "removed_bytes": 5,
        },
        ("a", None): {"objects_before": 1, "objects_after": 1, "bytes_before": 1, "bytes_after": 1},
    }


@pytest.mark.parametrize(
    ("sizes", "unknown"),
    [
        ((None, 1), {"bytes_before", "removed_bytes"}),
        ((1, None), {"bytes_after", "added_bytes", "rewritten_bytes"}),
        ((1, 1), set()),
    ],
)
def test_bytes_of_a_snapshot_without_sizes_are_null(sizes: tuple[int | None, int | None], unknown: set[str]) -> None:
    before = objects({"key": "gone", "size": sizes[0]}, {"key": "kept", "size": sizes[0]})
    after = objects({"key": "kept", "size": sizes[1]}, {"key": "new", "repository": "s", "size": sizes[1]})
    ranges = [count_changes(before, after), count_changes(before, objects()), count_changes(objects(), after)]
    for row in [*sum_changes(ranges[:1]).to_pylist(), *sum_changes(ranges).to_pylist()]:
        assert {name for name, value in row.items() if value is None} == unknown


@pytest.mark.parametrize(
    ("before", "after", "is_rewritten"),
    [
        ({}, {}, False),
        ({}, {"size": 2}, True),
        ({}, {"last_modified_date": LATER}, True),
        ({"e_tag": "x"}, {"e_tag": "y"}, True),
        ({"e_tag": "x"}, {"e_tag": None}, False),
        ({"last_modified_date": None}, {"last_modified_date": LATER}, False),
        ({"e_tag": None}, {"e_tag": "y", "size": 2}, True),
    ],
)
def test_an_object_is_rewritten_if_a_value_that_both_snapshots_know_differs(
    before: dict[str, Any], after: dict[str, Any], is_rewritten: bool
) -> None:
    ((_, found),) = nonzero_counts(objects({"key": "k", **before}), objects({"key": "k", **after})).items()
    assert (found["bytes_before"], found["bytes_after"]) == (1, after.get("size", 1))
    assert found.get("rewritten_objects", 0) == is_rewritten
    assert found.get("rewritten_bytes", 0) == (after.get("size", 1) if is_rewritten else 0)


def test_only_current_objects_count() -> None:
    old = {"key": "k", "is_latest": False, "is_delete_marker": False, "size": 9}
    marker = {"key": "k", "is_latest": True, "is_delete_marker": True, "size": None}
    latest = {"key": "k", "is_latest": True, "is_delete_marker": False}
    assert nonzero_counts(objects(latest, old), objects(marker, old)) == {
        ("a", "r"): {"objects_before": 1, "bytes_before": 1, "removed_objects": 1, "removed_bytes": 1}
    }
    assert nonzero_counts(objects(), objects(marker)) == {}


some_objects = st.dictionaries(
    st.text("ab/é", min_size=1, max_size=4),
    st.tuples(st.sampled_from((0, 1, None)), st.sampled_from(("x", "y", None)), st.sampled_from(("r", "s", None))),
    max_size=12,
)


@given(before=some_objects, after=some_objects, max_bytes=st.integers(1, 9), ordered=st.booleans())
def test_the_counts_of_all_key_ranges_are_those_of_the_whole_snapshots(
    before: dict[str, Any], after: dict[str, Any], max_bytes: int, ordered: bool
) -> None:
    def table(some: dict[str, Any]) -> pa.Table:
        rows = [{"key": key, "size": a, "e_tag": b, "repository": c} for key, (a, b, c) in some.items()]
        return objects(*(sorted(rows, key=lambda row: row["key"]) if ordered else rows))

    def groups(rows: pa.Table) -> list[RowGroup]:
        found = []
        for start in range(0, rows.num_rows, 3):
            keys = rows.slice(start, 3)["key"].to_pylist()
            found.append(RowGroup("", start, len(keys), min(keys), max(keys)))
        return found

    sides = table(before), table(after)
    parts = []
    for keys in key_ranges(*map(groups, sides), max_bytes):
        some = []
        for rows, chosen in zip(sides, (keys.before, keys.after), strict=True):
            read = pa.concat_tables([rows.slice(0, 0), *(rows.slice(group.number, 3) for group in chosen)])
            some.append(
                read.filter(pa.array([_is_in(key, keys.low, keys.high) for key in read["key"].to_pylist()], pa.bool_()))
            )
        parts.append(count_changes(*some))
    assert _rows(sum_changes(parts)) == _rows(sum_changes([count_changes(*sides)]))


def _is_in(key: str, low: str, high: str | None) -> bool:
    return key >= low and (high is None or key < high)


def _rows(table: pa.Table) -> Counter[tuple[Any, ...]]:
    return Counter(tuple(row.values()) for row in table.to_pylist())
