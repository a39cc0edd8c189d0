"""Duplicates in new files, against the naive way to find them."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from glue_jobs.ingest.duplicates import across_files
from glue_jobs.ingest.duplicates.across_files import Day, find_duplicates
from glue_jobs.ingest.staging.data_files import NewFile, write_file
from glue_jobs.sources.cloudfront_log.table import CLOUDFRONT_LOG
from glue_jobs.sources.s3_access_log.table import S3_ACCESS_LOG
from glue_jobs.tables.model import Table
from tests.ingest.duplicates.duplicate_rows import DAY, EVENTS, FILES, NAMED, Row, identity


def write(table: Table, folder: Path, files: list[list[Row]]) -> list[NewFile]:
    written = []
    for number, rows in enumerate(files):
        content = pa.Table.from_pylist([{**DAY, **row} for row in rows], schema=table.arrow_schema)
        written.append(write_file(table, content, f"{folder}/{number}.parquet", DAY))
    return written


def day(table: Table, folder: Path, stored: list[list[Row]], new: list[list[Row]]) -> Day:
    old = [(file.address, file.rows) for file in write(table, folder / "stored", stored)]
    return Day(old, write(table, folder / "new", new))


def once(table: Table, rows: list[Row]) -> list[Row]:
    """The rows without duplicates, which a file never has of its own rows."""
    return list({identity(table, row): row for row in rows[::-1]}.values())[::-1]


def expected(table: Table, stored: list[list[Row]], new: list[list[Row]]) -> tuple[set[str], Counter[str]]:
    """The naive way: the rows to drop, as texts of file and row, and how many by object."""
    known = {identity(table, row) for rows in stored for row in rows}
    places = [(row["source_object"], file, number) for file, rows in enumerate(new) for number, row in enumerate(rows)]
    dropped, counts = set(), Counter[str]()
    for source, file, number in sorted(places):
        text = identity(table, new[file][number])
        if text in known:
            dropped.add(f"{file}:{number}")
            counts[source] += 1
        known.add(text)
    return dropped, counts


def found(table: Table, the_day: Day) -> tuple[set[str], Counter[str]]:
    dropped, counts = set(), Counter[str]()
    for duplicates in find_duplicates(table, the_day):
        assert duplicates.rows.tolist() == sorted(set(duplicates.rows.tolist()))
        assert duplicates.counts.total() == len(duplicates.rows)
        dropped |= {f"{the_day.new.index(duplicates.file)}:{number}" for number in duplicates.rows.tolist()}
        counts += duplicates.counts
    return dropped, counts


# Rows of NAMED without an id are compared in every column.
@given(
    st.sampled_from([EVENTS, NAMED]),
    FILES,
    st.integers(0, 5),
    st.sampled_from([3, 7, 10**9]),
    st.sampled_from([1, 3, 10**9]),
)
def test_exactly_the_duplicates_are_found(
    tmp_path_factory: pytest.TempPathFactory, table: Table, files: list[list[Row]], split: int, numbers: int, rows: int
) -> None:
    files = [once(table, rows) for rows in files]
    stored, new = files[: min(split, len(files) - 1)], files[min(split, len(files) - 1) :]
    the_day = day(table, tmp_path_factory.mktemp("day"), stored, new)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(across_files, "HASHES_PER_ROUND", numbers)
        patch.setattr(across_files, "ROWS_PER_BATCH", rows)
        assert found(table, the_day) == expected(table, stored, new)


LINE: Row = {
    **{column.name: None for column in S3_ACCESS_LOG.columns},
    **{"bucket": "b", "request_id": "R1", "operation": "REST.GET.OBJECT", "key_raw": "k", "key": "k", **DAY},
    **{"event_time": datetime(2024, 5, 7, 1), "source_object": "o1"},
}
OTHER: dict[str, list[Any]] = {
    "string": ["x", "", "k\x1f"],
    "int": [0, 2**31 - 1],
    "bigint": [0, 2**63 - 1],
    "timestamp": [datetime(2024, 5, 7, 2)],
    "boolean": [True, False],
    "array<string>": [[], [""], ["x"], ["x", "y"], ["x\x1fy"]],
}


def test_a_line_that_differs_in_any_one_field_stays(tmp_path: Path) -> None:
    types = {column.name: column.type for column in S3_ACCESS_LOG.columns}
    near = [{**LINE, name: value} for name in S3_ACCESS_LOG.compared for value in OTHER[types[name]]]
    assert find_duplicates(S3_ACCESS_LOG, day(S3_ACCESS_LOG, tmp_path, [[LINE]], [near])) == []
    (duplicates,) = find_duplicates(S3_ACCESS_LOG, day(S3_ACCESS_LOG, tmp_path, [near], [near]))
    assert duplicates.rows.tolist() == list(range(len(near)))


def test_lines_that_differ_only_in_derived_columns_are_duplicates(tmp_path: Path) -> None:
    renamed = {**LINE, "account": "a", "repository": "r", "is_own": True, "key_raw": "other", "source_object": "o2"}
    (duplicates,) = find_duplicates(S3_ACCESS_LOG, day(S3_ACCESS_LOG, tmp_path, [[LINE]], [[renamed]]))
    assert (duplicates.rows.tolist(), duplicates.counts) == ([0], Counter({"o2": 1}))


def test_lines_of_a_multi_object_delete_share_a_request_id_and_stay(tmp_path: Path) -> None:
    lines = [{**LINE, "operation": "BATCH.DELETE.OBJECT", "key": f"k{number}"} for number in range(50)]
    assert find_duplicates(S3_ACCESS_LOG, day(S3_ACCESS_LOG, tmp_path, [], [lines[:25], lines[25:]])) == []
    again = day(S3_ACCESS_LOG, tmp_path, [lines[10:20]], [lines[15:30]])
    assert [each.rows.tolist() for each in find_duplicates(S3_ACCESS_LOG, again)] == [[0, 1, 2, 3, 4]]


def test_of_new_rows_the_one_of_the_first_object_stays_whatever_the_order_of_files(tmp_path: Path) -> None:
    files = [[{**LINE, "source_object": name}] for name in ("o3", "o1", "o2")]
    for order in ([0, 1, 2], [2, 1, 0], [1, 0, 2]):
        the_day = day(S3_ACCESS_LOG, tmp_path, [], [files[number] for number in order])
        counts = sum((each.counts for each in find_duplicates(S3_ACCESS_LOG, the_day)), Counter[str]())
        assert counts == Counter({"o2": 1, "o3": 1})


def test_a_stored_file_of_an_older_table_is_compared_too(tmp_path: Path) -> None:
    the_day = day(S3_ACCESS_LOG, tmp_path, [[LINE]], [[LINE, {**LINE, "source_region": "eu-west-1"}]])
    ((address, _),) = the_day.stored
    older = pq.read_table(address, partitioning=None)
    assert "source_region" not in older.column_names
    pq.write_table(older.select(older.column_names[::-1]), address)
    (duplicates,) = find_duplicates(S3_ACCESS_LOG, the_day)
    assert duplicates.rows.tolist() == [0]


def test_a_day_is_as_long_as_its_files(tmp_path: Path) -> None:
    assert len(day(S3_ACCESS_LOG, tmp_path, [[LINE, LINE]], [[LINE]])) == 3


def viewed(name: str, count: int) -> list[Row]:
    """Equal records, without an id of the request, in one raw object."""
    return [{"event_time": datetime(2024, 5, 7, 1), **DAY, "source_object": name}] * count


@pytest.mark.parametrize("table", [CLOUDFRONT_LOG, S3_ACCESS_LOG], ids=lambda table: table.name)
def test_equal_records_without_a_request_id_are_dropped_as_often_as_a_copy_of_their_object_has_them(
    tmp_path: Path, table: Table
) -> None:
    # An object in several files, one of another name, a copy with one record more, and a longer version of an object.
    stored = [viewed("a/E1.gz", 2), viewed("a/E1.gz", 1) + viewed("a/E2.gz", 2)]
    new = [viewed("b/E1.gz", 4), viewed("a/E2.gz", 1), viewed("a/E2.gz", 2) + viewed("a/E3.gz", 2)]
    dropped, counts = found(table, day(table, tmp_path, stored, new))
    assert counts == Counter({"b/E1.gz": 3, "a/E2.gz": 2})
    assert dropped == {"0:0", "0:1", "0:2", "1:0", "2:0"}
