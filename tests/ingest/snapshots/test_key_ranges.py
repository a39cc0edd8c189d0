"""Key ranges of snapshots, found by the statistics of row groups."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pyarrow as pa
import pytest

from glue_jobs.ingest.snapshots.changed_objects import COLUMNS
from glue_jobs.ingest.snapshots.key_ranges import RowGroup, key_ranges, read_range, row_groups
from glue_jobs.ingest.staging.data_files import write_file
from glue_jobs.sources.s3_inventory_object.table import S3_INVENTORY_OBJECT

PARTITION = {"source_bucket": "example-data", "snapshot_date": date(2024, 4, 1)}


def test_a_key_range_has_the_rows_of_all_files_with_its_keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("glue_jobs.ingest.staging.data_files.ROW_GROUP_ROWS", 2)
    addresses = []
    for number, keys in enumerate(("abcde", "cdxyz")):
        rows = pa.Table.from_pylist([{"key": key} for key in keys], schema=S3_INVENTORY_OBJECT.arrow_schema)
        addresses.append(str(tmp_path / f"{number}.parquet"))
        write_file(S3_INVENTORY_OBJECT, rows, addresses[-1], PARTITION)
    groups = row_groups(addresses)
    assert [(group.first, group.last) for group in groups[:3]] == [("a", "b"), ("c", "d"), ("e", "e")]
    assert groups[0].size == groups[1].size > groups[2].size > 0
    for low, high, expected in (("", "c", "ab"), ("b", "d", "bcc"), ("d", None, "ddexyz"), ("zz", None, "")):
        touched = [group for group in groups if group.overlaps(low, high)]
        found = read_range(touched, low, high)
        assert "".join(sorted(found["key"].to_pylist())) == expected
        assert found.column_names == list(COLUMNS)


def test_a_row_group_without_statistics_may_have_any_key() -> None:
    unknown = RowGroup("", 0, 1, None, None)
    assert unknown.overlaps("", "a")
    assert unknown.overlaps("x", None)


@pytest.mark.parametrize(
    ("low", "high", "overlaps"),
    [("", "b", False), ("", "b0", True), ("c", None, True), ("c0", None, False), ("b0", "b1", True)],
)
def test_a_row_group_overlaps_the_ranges_that_may_have_its_keys(low: str, high: str | None, overlaps: bool) -> None:
    assert RowGroup("", 1, 1, "b", "c").overlaps(low, high) == overlaps


def limits(max_bytes: int, *groups: tuple[str, int]) -> list[tuple[str, str | None, int]]:
    before = [RowGroup("", number, size, first, first + "9") for number, (first, size) in enumerate(groups)]
    return [(keys.low, keys.high, len(keys)) for keys in key_ranges(before[::2], before[1::2], max_bytes)]


def test_ranges_follow_each_other_and_hold_about_the_given_bytes() -> None:
    assert limits(10, ("a", 4), ("b", 4), ("c", 2), ("d", 1)) == [("", "d", 10), ("d", None, 1)]
    assert limits(9, ("a", 4), ("b", 4), ("c", 2), ("d", 1)) == [("", "c", 8), ("c", None, 3)]
    assert limits(1, ("a", 4), ("b", 4)) == [("", "b", 4), ("b", None, 4)]
    assert limits(5) == [("", None, 0)]


def test_row_groups_that_begin_with_the_same_key_are_in_one_range() -> None:
    assert limits(1, *[("a", 4)] * 3, ("b", 1)) == [("", "a", 0), ("a", "b", 12), ("b", None, 1)]
