"""Columns that a newer version of the program declares get the field ids they are declared with, wherever they are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from glue_jobs.errors import LakeError
from glue_jobs.ingest.staging.data_files import write_file
from glue_jobs.lake import Lake
from glue_jobs.sources.tables import TABLES
from glue_jobs.tables.model import Column, Table
from tests.lake.maintenance import iceberg, rewrite

FIRST = Table(
    name="event",
    description="As declared at first, and twice later.",
    columns=(Column(1, "id", "string", "Id."), Column(2, "tags", "array<string>", "Tags.", 3)),
    partitions=(),
)
SECOND = replace(FIRST, columns=(*FIRST.columns, Column(4, "notes", "array<string>", "Notes.", 5)))
# Declared in another order than they were added.
THIRD = replace(SECOND, columns=(Column(6, "size", "int", "Size."), *SECOND.columns))


def with_more_columns(table: Table) -> Table:
    """The declaration with a plain column, an array and another plain column added."""
    last = max(max(column.field_id, column.element_id or 0) for column in table.columns)
    mood = Column(last + 1, "mood", "string", "How it was.")
    moods = Column(last + 2, "moods", "array<string>", "How else it was.", last + 3)
    more = Column(last + 4, "more", "bigint", "How much.")
    return replace(table, columns=(*table.columns, mood, moods, more))


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
@pytest.mark.parametrize("exists", [False, True], ids=["a new lake", "an existing lake"])
def test_every_table_takes_more_columns(exists: bool, table: Table, tmp_path: Path) -> None:
    lake, more = Lake(str(tmp_path / "lake"), "usage_lake"), with_more_columns(table)
    if exists:
        lake.create(table)
    lake.create(more)
    assert lake.load(more).rows(("mood", "moods", "more")).num_rows == 0


@pytest.mark.parametrize("versions", [[THIRD], [FIRST, THIRD], [FIRST, SECOND, THIRD]])
def test_whichever_version_created_the_table_the_last_one_finds_its_ids(versions: list[Table], tmp_path: Path) -> None:
    lake = Lake(str(tmp_path / "lake"), "usage_lake")
    for version in versions:
        lake.create(version)
    assert lake.load(THIRD).rows(("size", "id", "tags", "notes")).num_rows == 0


def test_columns_that_no_run_has_added_yet_are_read_as_null(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path / "lake"), "usage_lake")
    lake.create(FIRST)
    loaded = lake.load(THIRD)
    for rows in (loaded.rows(("size", "id")), loaded.rows_between(("size", "id"), None, None, None)):
        assert {field.name: str(field.type) for field in rows.schema} == {"size": "int32", "id": "large_string"}


@pytest.mark.parametrize("column", [Column(7, "size", "int", "Size."), Column(4, "more", "array<string>", "More.", 6)])
def test_ids_that_iceberg_would_not_give_are_refused(column: Column, tmp_path: Path) -> None:
    lake = Lake(str(tmp_path / "lake"), "usage_lake")
    with pytest.raises(LakeError, match=f"column {column.name} of event has field id 4 in the lake"):
        lake.create(replace(FIRST, columns=(*FIRST.columns, column)))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (
            lambda update: update.rename_column("mood", "spirit"),
            "renamed the column mood of event to spirit; rename it",
        ),
        (lambda update: update.delete_column("mood"), "dropped the column mood of event, and Iceberg gives a new one"),
    ],
    ids=["renamed", "dropped"],
)
def test_a_column_that_another_program_took_away_is_told_and_not_added_once_more(
    change: Callable[[Any], object], sentence: str, tmp_path: Path
) -> None:
    lake, table = Lake(str(tmp_path / "lake"), "usage_lake"), with_more_columns(FIRST)
    lake.create(table)
    with iceberg(lake, table).update_schema() as update:
        change(update)
    before = iceberg(lake, table).schema()
    with pytest.raises(LakeError, match=f"another program {sentence}"):
        lake.create(table)
    assert iceberg(lake, table).schema() == before


def test_a_table_that_another_program_partitions_otherwise_is_not_written_and_its_files_are_not_misread(
    tmp_path: Path,
) -> None:
    lake = Lake(str(tmp_path / "lake"), "usage_lake")
    table = replace(FIRST, partitions=("id",), sort=())
    lake.create(table)
    rows = pa.Table.from_pylist([{"id": "a", "tags": []}], schema=table.arrow_schema)
    address = f"{lake.load(table).location}/data/a.parquet"
    files = [write_file(table, rows, address, {"id": "a"}).descriptor]
    with iceberg(lake, table).update_spec() as update:
        update.remove_field("id")
    sentence = "another program changed the partitions of event"
    for use in (lake.create, lambda each: lake.load(each).append(files, {})):
        with pytest.raises(LakeError, match=sentence):
            use(table)
    assert lake.load(table).files() == []
    iceberg(lake, table).append(rows)
    with iceberg(lake, table).update_spec() as update:
        update.add_identity("id")
    # Files that were written meanwhile have no value of the partition.
    lake.load(table).append(files, {})
    with pytest.raises(LakeError, match=sentence):
        lake.load(table).files()
    rewrite(lake, table)
    assert sorted(file.partition for file in lake.load(table).files()) == [("a",)]
