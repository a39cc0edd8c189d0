"""Storage totals of a snapshot, added up over its parts."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from glue_jobs.sources.s3_inventory_object.daily_storage import DAILY_STORAGE
from glue_jobs.sources.s3_inventory_object.parser import SnapshotId
from glue_jobs.sources.s3_inventory_object.storage_totals import BY, partial_totals, total_storage

SNAPSHOT = SnapshotId("example-data", "daily", datetime(2024, 5, 7, 1, 30))

Row = tuple[str | None, str | None, str | None, str | None, bool | None, bool | None, int | None, datetime | None]


def table(rows: list[Row]) -> pa.Table:
    names = (*BY, "is_latest", "is_delete_marker", "size", "last_modified_date")
    types = [pa.string()] * 4 + [pa.bool_()] * 2 + [pa.int64(), pa.timestamp("us")]
    columns = [pa.array([row[number] for row in rows], kind) for number, kind in enumerate(types)]
    encoded = [column.dictionary_encode() for column in columns[:4]]
    keys = pa.array(["key"] * len(rows), pa.string())
    return pa.table([keys, *encoded, *columns[4:]], names=["key", *names])


def in_python(rows: list[Row]) -> dict[tuple[Any, ...], tuple[Any, ...]]:
    """The expected totals, one row after another."""
    found: dict[tuple[Any, ...], list[Any]] = {}
    for *names, latest, marker, size, modified in rows:
        sums = found.setdefault(tuple(names), [0, 0, 0, 0, 0, None, None])
        if marker:
            sums[4] += 1
        elif latest in (True, None):
            sums[0] += 1
            sums[1] += size or 0
            if modified is not None:
                sums[5] = min(sums[5] or modified, modified)
                sums[6] = max(sums[6] or modified, modified)
        else:
            sums[2] += 1
            sums[3] += size or 0
    return {names: tuple(sums) for names, sums in found.items()} or {
        (None, None, None, None): (0, 0, 0, 0, 0, None, None)
    }


names = st.sampled_from([None, "a", "b", "é"])
flags = st.sampled_from([None, True, False])
times = st.sampled_from([None, datetime(2024, 1, 1), datetime(2023, 1, 1, 5), datetime(2025, 1, 1)])
rows_of = st.lists(
    st.tuples(names, names, names, names, flags, flags, st.sampled_from([None, 0, 5, 2**45]), times), max_size=12
)


@given(st.lists(rows_of, max_size=3))
def test_totals_of_all_parts_are_those_of_the_whole_snapshot(parts: list[list[Row]]) -> None:
    totals = total_storage(SNAPSHOT, [partial_totals(table(part)) for part in parts])
    sums = DAILY_STORAGE.arrow_schema.names[7:14]
    found = {tuple(row[name] for name in BY): tuple(row[name] for name in sums) for row in totals.to_pylist()}
    assert len(found) == totals.num_rows
    assert found == in_python([row for part in parts for row in part])
    assert set(totals["source_bucket"].to_pylist()) == {"example-data"}


def test_a_snapshot_without_objects_has_one_row_of_zeros() -> None:
    (row,) = total_storage(SNAPSHOT, []).to_pylist()
    assert (row["inventory_id"], row["snapshot_time"], row["snapshot_date"], row["objects"]) == (
        "daily", datetime(2024, 5, 7, 1, 30), datetime(2024, 5, 7).date(), 0,
    )  # fmt: skip


@pytest.mark.parametrize("count", [1, 3])
def test_large_sums_are_exact(count: int) -> None:
    row = ("a", "b", "STANDARD", None, None, None, 2**60 + 1, None)
    (total,) = total_storage(SNAPSHOT, [partial_totals(table([row] * count))]).to_pylist()
    assert total["bytes"] == count * (2**60 + 1)


def test_totals_are_sorted_by_data_set_and_class_with_nulls_last() -> None:
    names = [("b", "r", "S"), (None, "r", "S"), ("a", "s", "S"), ("a", "r", None), ("a", "r", "S"), ("a", "r", "G")]
    totals = total_storage(SNAPSHOT, [partial_totals(table([(*each, None, None, None, 1, None)])) for each in names])
    found = [(row["account"], row["repository"], row["storage_class"]) for row in totals.to_pylist()]
    assert found == [names[5], names[4], names[3], names[2], names[0], names[1]]


def test_bytes_are_null_if_the_inventory_lacks_sizes() -> None:
    row = ("a", "b", "STANDARD", None, None, None, None, None)
    (total,) = total_storage(SNAPSHOT, [partial_totals(table([row]))], has_size=False).to_pylist()
    assert (total["objects"], total["bytes"], total["noncurrent_bytes"]) == (1, None, None)
    (empty,) = total_storage(SNAPSHOT, [], has_size=False).to_pylist()
    assert (empty["objects"], empty["bytes"]) == (0, 0)


def test_small_objects_are_versions_below_128_kb_with_a_known_size() -> None:
    # The flags are is_latest and is_delete_marker.
    rows = [(True, None, 131_071), (False, False, 5), (True, None, 131_072), (True, None, None), (True, True, 7)]
    parts = [partial_totals(table([("a", "b", "STANDARD", None, *flags, size, None)])) for *flags, size in rows]
    (total,) = total_storage(SNAPSHOT, parts).to_pylist()
    assert (total["small_objects"], total["small_bytes"]) == (2, 131_076)
    (total,) = total_storage(SNAPSHOT, parts, has_size=False).to_pylist()
    assert (total["small_objects"], total["small_bytes"]) == (None, None)


def test_rows_have_the_prefix_that_all_keys_of_the_snapshot_have_in_common() -> None:
    def part(*keys: str) -> pa.Table:
        rows = table([("a", key, None, None, None, None, 1, None) for key in keys])
        return partial_totals(rows.set_column(0, "key", pa.array(keys, pa.string())))

    def prefixes(*parts: pa.Table) -> set[str | None]:
        return set(total_storage(SNAPSHOT, parts)["key_prefix"].to_pylist())

    assert prefixes(part("acme/rain/1", "acme/rain/2"), part("acme/räin/1")) == {"acme/r"}
    assert prefixes(part("acme/rain/1")) == {"acme/rain/1"}
    assert prefixes(part("acme/1"), part("globex/1")) == {""}
    assert prefixes() == {None}
