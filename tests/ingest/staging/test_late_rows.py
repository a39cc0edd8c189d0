"""Late rows: which rows are late, and that they come back as they were written."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from glue_jobs.config import Config
from glue_jobs.enrich.reference_data import ReferenceData
from glue_jobs.ingest.staging import late_rows as late_rows
from glue_jobs.ingest.staging.data_files import partitions, with_schema
from glue_jobs.ingest.staging.late_rows import (
    MAX_ROWS_PER_DAY,
    ROWS_PER_STREAM,
    TASK_ROWS_PER_DAY_ROW,
    TASK_ROWS_PER_LATE_ROW,
    read_late_rows,
    split_late_rows,
    write_late_rows,
)
from glue_jobs.ingest.staging.run_folder import RunFolder
from glue_jobs.ingest.staging.task_context import TaskContext
from glue_jobs.sources.pipeline import EventPipeline
from glue_jobs.sources.pipelines import BY_NAME
from glue_jobs.tables.model import Table
from tests.ingest.staging.test_data_files import full_rows

PIPELINES = [pipeline for pipeline in BY_NAME.values() if isinstance(pipeline, EventPipeline)]
TABLE = replace(BY_NAME["s3_access_log"].table, sort=())


@pytest.fixture
def context(tmp_path: Path) -> TaskContext:
    return a_context(PIPELINES[0], tmp_path)


def a_context(pipeline: EventPipeline, folder: Path) -> TaskContext[EventPipeline]:
    return TaskContext(pipeline, Config(), ReferenceData(), RunFolder(f"{folder}/run", "r1"), date(2024, 5, 9), {})


def part(day: int, rows: int) -> tuple[dict[str, object], pa.Table]:
    return {"event_date": date(2024, 5, 1) + timedelta(day)}, pa.table({"number": range(rows)})


@pytest.mark.parametrize(
    ("sizes", "few"),
    [
        ([1], []),
        ([TASK_ROWS_PER_DAY_ROW - 1, 1], [1]),
        ([TASK_ROWS_PER_DAY_ROW - 2, 1], []),
        ([31, 31, 31], []),
        ([MAX_ROWS_PER_DAY * TASK_ROWS_PER_DAY_ROW, MAX_ROWS_PER_DAY], [MAX_ROWS_PER_DAY]),
        ([MAX_ROWS_PER_DAY * TASK_ROWS_PER_DAY_ROW, MAX_ROWS_PER_DAY + 1], []),
        # At most a quarter of all rows is late.
        ([1] * TASK_ROWS_PER_DAY_ROW, [1] * (TASK_ROWS_PER_DAY_ROW // TASK_ROWS_PER_LATE_ROW)),
        ([TASK_ROWS_PER_DAY_ROW, 2, 1, 1, 2] * 10, [1] * 20 + [2] * 20),
    ],
)
def test_a_day_is_late_if_it_has_few_rows_beside_all_others(sizes: list[int], few: list[int]) -> None:
    many, others = split_late_rows((part(day, size) for day, size in enumerate(sizes, 1)), frozenset())
    assert sorted(rows.num_rows for _, rows in others) == few
    assert sorted(rows.num_rows for _, rows in [*many, *others]) == sorted(sizes)


def test_the_days_of_the_objects_become_files_however_small_they_are() -> None:
    parts = [part(1, TASK_ROWS_PER_DAY_ROW), part(2, 1), part(3, 1)]
    many, few = split_late_rows(parts, frozenset({parts[1][0]["event_date"], None}))
    assert (many, few) == ([parts[0], parts[1]], [parts[2]])


@pytest.mark.parametrize("pipeline", PIPELINES, ids=lambda pipeline: pipeline.name)
def test_late_rows_come_back_with_every_type(pipeline: EventPipeline, tmp_path: Path) -> None:
    table: Table = pipeline.table
    first = full_rows(table)
    days = [{**row, "event_date": date(2024, 5, day)} for day in (7, 8, 9) for row in first]
    rows = with_schema(table, pa.Table.from_pylist(days, schema=table.arrow_schema))
    parts = list(partitions(table, rows))
    some = write_late_rows(a_context(pipeline, tmp_path), parts)
    assert [(each.partition, each.rows) for each in some] == [(partition, 2) for partition, _ in parts]
    for each, (_, expected) in zip(some, parts, strict=True):
        back = read_late_rows([each])
        assert back.to_pylist() == expected.to_pylist()
        assert with_schema(table, back).schema.equals(expected.schema, check_metadata=True)
    assert read_late_rows(some).to_pylist() == rows.to_pylist()


def test_texts_keep_their_dictionary_but_only_the_values_they_have(
    context: TaskContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(late_rows, "ROWS_PER_STREAM", 4)
    values = pa.array([f"value {number}" for number in range(1_000)])
    codes = pa.array([7, 900, None, 7], pa.int32())
    rows = pa.table({"key": pa.DictionaryArray.from_arrays(codes, values)})
    one, other = write_late_rows(context, [({}, rows), ({}, rows[:1])])
    assert read_late_rows([one])["key"].to_pylist() == ["value 7", "value 900", None, "value 7"]
    assert read_late_rows([one])["key"].chunk(0).dictionary.to_pylist() == ["value 7", "value 900"]
    assert read_late_rows([other])["key"].chunk(0).dictionary.to_pylist() == ["value 7"]


def test_small_days_share_a_stream(context: TaskContext) -> None:
    some = write_late_rows(context, [part(1, 300), part(2, 200), part(3, 200), part(4, ROWS_PER_STREAM), part(5, 1)])
    assert [number for number, _ in enumerate(some) if some[number].stream != some[number - 1].stream] == [0, 2, 3, 4]
    assert [each.first for each in some] == [0, 300, 0, 0, 0]
    assert read_late_rows([some[1]])["number"].to_pylist() == [*range(200)]
    assert read_late_rows([some[2], some[0]])["number"].to_pylist() == [*range(200), *range(300)]


def test_parts_of_several_tasks_are_one_table_whether_or_not_their_texts_have_a_dictionary(
    context: TaskContext,
) -> None:
    plain = pa.table({"key": ["a", "b"]})
    encoded = pa.table({"key": pa.array(["b", "c"]).dictionary_encode()})
    some = [write_late_rows(context, [({}, rows)])[0] for rows in (plain, encoded)]
    assert read_late_rows(some)["key"].to_pylist() == ["a", "b", "b", "c"]


def test_late_rows_are_announced_so_that_a_run_that_gives_up_deletes_them(context: TaskContext) -> None:
    (one,) = write_late_rows(context, [part(7, 3)])
    assert context.folder.announced() == [one.address]
    context.folder.abandon()
    assert not Path(one.address).exists()


def test_without_late_rows_nothing_is_written(context: TaskContext) -> None:
    assert write_late_rows(context, []) == []
    assert not Path(context.folder.address).exists()
