"""Arrow rows to sorted Parquet files, one per partition value."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from glue_jobs.ingest.staging.data_files import (
    partition_path,
    partitions,
    read_file,
    with_schema,
    write_file,
)
from glue_jobs.lake import Lake
from glue_jobs.query.duckdb.lake_engine import sources
from glue_jobs.query.duckdb.query_engine import QueryEngine
from glue_jobs.sources.s3_access_log.table import S3_ACCESS_LOG
from glue_jobs.sources.tables import TABLES
from glue_jobs.tables.model import Column, Table
from glue_jobs.tables.subscriber import SUBSCRIBER

EVENTS = Table(
    name="event",
    description="What happened.",
    columns=(
        Column(1, "name", "string", "Who."),
        Column(2, "size", "bigint", "How much."),
        Column(3, "day", "date", "When."),
        Column(4, "source", "string", "Where."),
    ),
    partitions=("day", "source"),
    sort=("name", "size"),
)

VALUES: dict[str, Any] = {
    "string": "text",
    "int": 206,
    "bigint": 2**40,
    "double": 0.082,
    "boolean": True,
    "date": date(2024, 5, 7),
    "timestamp": datetime(2024, 5, 7, 1, 2, 3, 4),
    "binary": b"\x00\xff",
    "array<string>": ["a", ""],
}

rows = st.lists(
    st.tuples(
        st.one_of(st.none(), st.sampled_from(["", "a", "b", "ä", "\0", "日"])),
        st.one_of(st.none(), st.sampled_from([0, -1, 2**63 - 1, -(2**63), 5])),
        st.one_of(st.none(), st.sampled_from([date(1969, 12, 31), date(2024, 5, 7), date(2024, 5, 8)])),
        st.one_of(st.none(), st.sampled_from(["x", "y", "null"])),
    ),
    max_size=25,
)


def events(given_rows: list[tuple[Any, ...]], chunks: int, encoded: bool) -> pa.Table:
    parts = []
    for number in range(chunks):
        part = [dict(zip(EVENTS.arrow_schema.names, row, strict=True)) for row in given_rows[number::chunks]]
        parts.append(pa.Table.from_pylist(part, schema=EVENTS.arrow_schema))
    table = pa.concat_tables(parts)
    if not encoded:
        return table
    # Each chunk has a dictionary of its own, in its own order.
    return pa.concat_tables([part.set_column(0, "name", part["name"].dictionary_encode()) for part in parts])


def order(row: dict[str, Any]) -> tuple[Any, ...]:
    return tuple((value is None, value) if value is not None else (True, 0) for value in (row["name"], row["size"]))


@given(rows, st.integers(1, 3), st.booleans(), st.sets(st.integers(0, 24)))
def test_rows_are_split_by_partition_and_sorted(
    given_rows: list[tuple[Any, ...]], chunks: int, encoded: bool, places: set[int]
) -> None:
    table = events(given_rows, chunks, encoded)
    dropped = sorted(place for place in places if place < table.num_rows)
    given_rows = [tuple(row.values()) for number, row in enumerate(table.to_pylist()) if number not in dropped]
    parts = list(partitions(EVENTS, table, np.array(dropped, np.int64)))
    keys = [tuple(partition.values()) for partition, _ in parts]
    assert len(set(keys)) == len(keys) == len({row[2:] for row in given_rows})
    for partition, part in parts:
        found = part.to_pylist()
        assert all(row["day"] == partition["day"] and row["source"] == partition["source"] for row in found)
        assert found == sorted(found, key=order)
    together = [tuple(row.values()) for _, part in parts for row in part.to_pylist()]
    assert sorted(together, key=repr) == sorted(given_rows, key=repr)


def test_a_table_without_partitions_is_one_part() -> None:
    table = Table("t", "d", (Column(1, "name", "string", "Who."),), partitions=())
    ((partition, part),) = partitions(table, pa.table({"name": ["b", "a"]}))
    assert (partition, part["name"].to_pylist()) == ({}, ["b", "a"])


def test_no_rows_are_no_parts() -> None:
    assert list(partitions(EVENTS, EVENTS.arrow_schema.empty_table())) == []


def test_folders_are_named_like_those_of_hive() -> None:
    assert partition_path(EVENTS, {"day": date(2024, 5, 7), "source": None}) == "day=2024-05-07/source=null"


def full_rows(table: Table) -> list[dict[str, Any]]:
    """One row with every column, one with only the partition."""
    full = {column.name: VALUES[column.type] for column in table.columns}
    return [full, {name: full[name] if name in table.partitions else None for name in full}]


def written(table: Table, content: pa.Table, folder: Path) -> tuple[pq.ParquetFile, Any]:
    partition = {name: content[name][0].as_py() for name in table.partitions}
    address = f"{folder}/{partition_path(table, partition)}/x.parquet"
    file = write_file(table, with_schema(table, content), address, partition)
    assert (file.address, file.rows, dict(file.partition)) == (address, content.num_rows, partition)
    return pq.ParquetFile(address), file.descriptor


def test_columns_with_bounds_have_page_indexes(tmp_path: Path) -> None:
    file, _ = written(EVENTS, pa.Table.from_pylist(full_rows(EVENTS), schema=EVENTS.arrow_schema), tmp_path)
    columns = map(file.metadata.row_group(0).column, range(file.metadata.num_columns))
    assert {column.path_in_schema: column.has_column_index for column in columns} == {
        name: name in EVENTS.bounded for name in EVENTS.arrow_schema.names
    }


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_every_type_of_every_table_comes_back(table: Table, tmp_path: Path) -> None:
    content = full_rows(table)
    file, descriptor = written(table, pa.Table.from_pylist(content, schema=table.arrow_schema), tmp_path)
    back = file.read()
    assert back.to_pylist() == content
    assert [field.type for field in back.schema] == [field.type for field in table.arrow_schema]
    assert descriptor.record_count == 2
    assert descriptor.file_size_in_bytes == Path(descriptor.file_path).stat().st_size
    assert len(descriptor.partition) == len(table.partitions)


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_every_column_has_its_field_id_also_after_a_rewrite(table: Table, tmp_path: Path) -> None:
    file, _ = written(table, pa.Table.from_pylist(full_rows(table), schema=table.arrow_schema), tmp_path)
    again = write_file(table, file.read(), f"{tmp_path}/again", dict.fromkeys(table.partitions))
    for schema in (file.schema_arrow, pq.read_schema(again.address)):
        for column in table.columns:
            field = schema.field(column.name)
            assert field.metadata[b"PARQUET:field_id"] == str(column.field_id).encode()
            if column.element_id is not None:
                assert field.type.value_field.metadata[b"PARQUET:field_id"] == str(column.element_id).encode()


def test_files_have_bounds(tmp_path: Path) -> None:
    day = date(2024, 5, 7)
    content = [{"name": name, "size": 1, "day": day, "source": "x"} for name in ("a", "b", None)]
    _, descriptor = written(EVENTS, pa.Table.from_pylist(content, schema=EVENTS.arrow_schema), tmp_path)
    assert (descriptor.lower_bounds[1], descriptor.upper_bounds[1]) == (b"a", b"b")
    assert descriptor.null_value_counts[1] == 1
    assert descriptor.partition[0] == (day - date(1970, 1, 1)).days


def test_dictionaries_stay_dictionaries_in_files_and_when_they_are_read_again(tmp_path: Path) -> None:
    names = ["a", None, "b", "a"]
    columns = {"size": range(4), "day": [date(2024, 5, 7)] * 4, "source": ["x"] * 4}
    content = pa.table({"name": pa.array(names).dictionary_encode(), **columns})
    file, descriptor = written(EVENTS, content, tmp_path)
    assert file.read()["name"].to_pylist() == names
    assert file.read()["name"].type == pa.string()
    group = file.metadata.row_group(0)
    assert group.column(0).has_dictionary_page
    assert not group.column(3).has_dictionary_page
    rows = read_file(EVENTS, descriptor.file_path)
    assert pa.types.is_dictionary(rows["name"].type)
    assert rows["name"].to_pylist() == names
    again = write_file(EVENTS, rows, f"{tmp_path}/again", dict.fromkeys(EVENTS.partitions))
    assert pq.ParquetFile(again.address).metadata.row_group(0).column(0).has_dictionary_page
    assert pq.read_schema(again.address).field("name").metadata == {b"PARQUET:field_id": b"1"}


def test_numbers_have_a_dictionary_only_where_they_repeat(tmp_path: Path) -> None:
    for sizes, repeats in ((range(1_000), False), ([1, 2, 3, None] * 250, True)):
        content = [{"name": "a", "size": size, "day": date(2024, 5, 7), "source": "x"} for size in sizes]
        file, _ = written(EVENTS, pa.Table.from_pylist(content, schema=EVENTS.arrow_schema), tmp_path)
        assert file.metadata.row_group(0).column(1).has_dictionary_page == repeats
        assert file.read()["size"].to_pylist() == [*sizes]


def test_a_column_is_required_in_a_file_where_all_its_rows_have_a_value(tmp_path: Path) -> None:
    key, bucket = pa.array(["a", None]).dictionary_encode(), pa.array(["b", "b"]).dictionary_encode()
    content = pa.table({"bucket": bucket, "key": key, "request_id": ["x", None], "host_id": ["y", "z"]})
    columns = tuple(column for column in S3_ACCESS_LOG.columns if column.name in content.column_names)
    table = Table("some", "Some columns.", columns, partitions=())
    address = write_file(table, with_schema(table, content), f"{tmp_path}/x.parquet", {}).address
    assert {field.name for field in pq.read_schema(address) if not field.nullable} == {"bucket", "host_id"}
    assert pq.read_table(address)["key"].to_pylist() == ["a", None]


def test_files_that_differ_in_what_is_required_are_one_table_to_readers(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path), "usage_lake")
    lake.create(SUBSCRIBER)
    files = [
        write_file(
            SUBSCRIBER, pa.table([["1"], [name]], schema=SUBSCRIBER.arrow_schema), f"{tmp_path}/{name}.parquet", {}
        )
        for name in ("Ana", None)
    ]
    lake.load(SUBSCRIBER).append([file.descriptor for file in files], {})
    assert sorted(map(str, lake.load(SUBSCRIBER).rows(("name",))["name"].to_pylist())) == ["Ana", "None"]
    with QueryEngine(sources(lake)) as engine:
        answer = engine.run("SELECT count(*) AS every, count(name) AS named FROM subscriber")
    assert answer.to_pylist() == [{"every": 2, "named": 1}]


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_a_column_without_any_value_is_not_written_and_read_as_null(table: Table, tmp_path: Path) -> None:
    content = full_rows(table)[1:] * 2
    file, descriptor = written(table, pa.Table.from_pylist(content, schema=table.arrow_schema), tmp_path)
    # Columns by which readers skip files are always there.
    assert set(file.schema_arrow.names) == set(table.bounded)
    back = read_file(table, descriptor.file_path)
    assert (back.schema, back.to_pylist()) == (table.arrow_schema, content)


@pytest.mark.parametrize("rows", [2, 6_000])
def test_a_file_has_only_the_values_of_its_rows(tmp_path: Path, rows: int) -> None:
    names = pa.array([f"a name that is long enough to be seen {number}" for number in range(10_000)])
    columns = {"size": range(10_000), "day": [date(2024, 5, 7)] * 10_000, "source": ["x"] * 10_000}
    content = with_schema(EVENTS, pa.table({"name": names.dictionary_encode(), **columns}))
    file = write_file(EVENTS, content.slice(3_000, rows), f"{tmp_path}/few", dict.fromkeys(EVENTS.partitions))
    found = pq.ParquetFile(file.address, read_dictionary=["name"]).read()["name"].chunk(0)
    assert found.to_pylist() == names[3_000 : 3_000 + rows].to_pylist()
    assert len(found.dictionary) == rows
