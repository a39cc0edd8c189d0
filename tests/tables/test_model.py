"""Declaring tables: mistakes are found when the module is imported."""

from __future__ import annotations

from dataclasses import replace

import pyarrow as pa
import pytest

from glue_jobs.sources.pipelines import PIPELINES
from glue_jobs.sources.tables import TABLES
from glue_jobs.tables.model import FIELD_ID, MAX_DESCRIPTION_BYTES, READER, Column, Table, arrow_type, leaf_ids

NAME = Column(1, "name", "string", "Who.")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ((1, "size", "long", "How much."), "column size: type 'long' is none of string, int, bigint"),
        ((1, "size", "int", ""), "column size: a description has 1 to 255 bytes"),
        ((1, "size", "int", "ä" * 128), "column size: a description has 1 to 255 bytes"),
        ((1, "more", "array<string>", "More."), "column more: an array has an element_id, other types have none"),
        ((1, "size", "int", "How much.", 2), "column size: an array has an element_id, other types have none"),
    ],
)
def test_a_wrong_column_is_refused(arguments: tuple[object, ...], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        Column(*arguments)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "columns",
    [
        (NAME, Column(2, "name", "int", "Again.")),
        (NAME, Column(1, "other", "int", "Same id.")),
        (NAME, Column(2, "more", "array<string>", "Its elements have the id of name.", 1)),
    ],
)
def test_a_name_or_an_id_belongs_to_one_column(columns: tuple[Column, ...]) -> None:
    with pytest.raises(ValueError, match="table t: a column name or a field id is used twice"):
        Table("t", "d", columns, partitions=())


GROUPS = (
    "partitions",
    "sort",
    "identity",
    "same",
    "derived",
    "statistics",
    "file_constants",
    "texts_with_addresses",
    "texts_with_own_address",
    "keys",
    "callers",
)


@pytest.mark.parametrize("place", GROUPS)
def test_an_unknown_column_is_named(place: str) -> None:
    with pytest.raises(ValueError, match="table t: no such column: nmae"):
        Table("t", "d", (NAME,), **{"partitions": (), place: ("nmae",)})  # type: ignore[arg-type]


def test_a_table_with_an_address_has_the_columns_that_stand_for_it() -> None:
    with pytest.raises(ValueError, match="table t: no such column: reader_id, reader_key, remote_prefix"):
        Table("t", "d", (NAME,), partitions=(), address="name")


def test_records_are_compared_by_their_ids_or_by_all_that_no_setting_changes() -> None:
    names = ("id", "time", "ip", "agent", "query", *READER, "object")
    columns = tuple(Column(number, name, "string", "x") for number, name in enumerate(names, 1))
    derived = (*READER, "object")
    plain = Table("t", "d", columns, (), derived=derived)
    assert plain.compared == plain.compared_without_same == ("id", "time", "ip", "agent", "query")
    of_readers = replace(plain, address="ip", texts_with_addresses=("agent",), texts_with_own_address=("query",))
    assert of_readers.compared == ("id", "time")
    assert of_readers.compared_without_same == ("id", "time", "reader_id")
    with_ids = replace(of_readers, same=("id",))
    assert (with_ids.compared, with_ids.compared_without_same) == (("id",), ("id", "time", "reader_id"))


def test_a_description_may_be_as_long_as_glue_keeps() -> None:
    assert Column(1, "name", "string", "x" * MAX_DESCRIPTION_BYTES)


def test_the_schema_has_ids_of_columns_and_elements() -> None:
    schema = Table("t", "d", (NAME, Column(2, "more", "array<string>", "More.", 3)), partitions=()).arrow_schema
    assert schema.field("name").metadata == {b"PARQUET:field_id": b"1"}
    assert schema.field("more").type.value_field.metadata == {b"PARQUET:field_id": b"3"}
    assert schema.types == [pa.string(), arrow_type("array<string>")]


def test_an_inferred_type_keeps_the_ids_that_are_in_it() -> None:
    element = pa.field("element", pa.string(), metadata={FIELD_ID: "5"})
    column = Column(4, "tags", "", "", arrow_type=pa.list_(element))
    schema = Table("t", "d", (NAME, column), partitions=()).arrow_schema
    assert schema.field("tags").type.value_field.metadata == {b"PARQUET:field_id": b"5"}
    assert (leaf_ids(column), leaf_ids(NAME)) == ([5], [1])


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_tables_keep_to_the_rules(table: Table) -> None:
    assert not set(table.identity) & set(table.derived)
    # Rows are only compared when they share their identity, so rows that are the same must share it.
    assert not table.same or set(table.identity) <= set(table.same)
    assert set(table.partitions) <= {column.name for column in table.columns}
    assert all(column.name == column.name.lower() for column in table.columns)


def test_a_lake_has_every_table_of_every_source() -> None:
    assert {table for pipeline in PIPELINES for table in pipeline.tables} <= set(TABLES)
    assert len(set(TABLES)) == len(TABLES)


def test_every_pipeline_is_called_like_its_table() -> None:
    assert [pipeline.name for pipeline in PIPELINES] == [pipeline.table.name for pipeline in PIPELINES]
    for pipeline in PIPELINES:
        assert "source_object" not in pipeline.table.compared
