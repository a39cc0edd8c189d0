"""Rows too few for a data file: which they are, and that they come back as they were."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from glue_jobs.config import Config
from glue_jobs.ingest import late_rows as aside
from glue_jobs.ingest.data_files import partitions, with_schema
from glue_jobs.ingest.late_rows import MOST, PART, TOGETHER, divided, read_aside, set_aside
from glue_jobs.ingest.staging import RunFolder
from glue_jobs.ingest.task_context import Job
from glue_jobs.sources.pipelines import BY_NAME, EventPipeline
from glue_jobs.tables.model import Table
from tests.ingest.test_data_files import full_rows

PIPELINES = [pipeline for pipeline in BY_NAME.values() if isinstance(pipeline, EventPipeline)]
TABLE = replace(BY_NAME["s3_access_log"].table, sort=())


@pytest.fixture
def job(tmp_path: Path) -> Job:
    return a_job(PIPELINES[0], tmp_path)


def a_job(pipeline: EventPipeline, folder: Path) -> Job:
    return Job(pipeline, Config(), RunFolder(f"{folder}/run", "r1"), date(2024, 5, 9), {})


def part(day: int, rows: int) -> tuple[dict[str, object], pa.Table]:
    return {"event_date": date(2024, 5, 1) + timedelta(day)}, pa.table({"number": range(rows)})


@pytest.mark.parametrize(
    ("sizes", "few"),
    [
        ([1], []),
        ([PART - 1, 1], [1]),
        ([PART - 2, 1], []),
        ([31, 31, 31], []),
        ([MOST * PART, MOST], [MOST]),
        ([MOST * PART, MOST + 1], []),
        # Of all rows a quarter at most: many small days are no late rows.
        ([1] * PART, [1] * (PART // 4)),
        ([PART, 2, 1, 1, 2] * 10, [1] * 20 + [2] * 20),
    ],
)
def test_few_is_a_small_part_of_all_rows_and_no_more_than_some_thousand(sizes: list[int], few: list[int]) -> None:
    many, others = divided((part(day, size) for day, size in enumerate(sizes, 1)), frozenset())
    assert sorted(rows.num_rows for _, rows in others) == few
    assert sorted(rows.num_rows for _, rows in [*many, *others]) == sorted(sizes)


def test_the_days_of_the_objects_become_files_however_small_they_are() -> None:
    parts = [part(1, PART), part(2, 1), part(3, 1)]
    many, few = divided(parts, frozenset({parts[1][0]["event_date"], None}))
    assert (many, few) == ([parts[0], parts[1]], [parts[2]])


@pytest.mark.parametrize("pipeline", PIPELINES, ids=lambda pipeline: pipeline.name)
def test_what_is_set_aside_comes_back_with_every_type(pipeline: EventPipeline, tmp_path: Path) -> None:
    table: Table = pipeline.table
    first = full_rows(table)
    days = [{**row, "event_date": date(2024, 5, day)} for day in (7, 8, 9) for row in first]
    rows = with_schema(table, pa.Table.from_pylist(days, schema=table.arrow_schema))
    parts = list(partitions(table, rows))
    some = set_aside(a_job(pipeline, tmp_path), parts)
    assert [(each.partition, each.rows) for each in some] == [(partition, 2) for partition, _ in parts]
    for each, (_, expected) in zip(some, parts, strict=True):
        back = read_aside([each])
        assert back.to_pylist() == expected.to_pylist()
        assert with_schema(table, back).schema.equals(expected.schema, check_metadata=True)
    assert read_aside(some).to_pylist() == rows.to_pylist()


def test_texts_keep_their_dictionary_but_only_the_values_they_have(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aside, "TOGETHER", 4)
    values = pa.array([f"value {number}" for number in range(1_000)])
    codes = pa.array([7, 900, None, 7], pa.int32())
    rows = pa.table({"key": pa.DictionaryArray.from_arrays(codes, values)})
    one, other = set_aside(job, [({}, rows), ({}, rows[:1])])
    assert read_aside([one])["key"].to_pylist() == ["value 7", "value 900", None, "value 7"]
    assert read_aside([one])["key"].chunk(0).dictionary.to_pylist() == ["value 7", "value 900"]
    assert read_aside([other])["key"].chunk(0).dictionary.to_pylist() == ["value 7"]


def test_days_of_few_rows_are_one_stream(job: Job) -> None:
    some = set_aside(job, [part(1, 300), part(2, 200), part(3, 200), part(4, TOGETHER), part(5, 1)])
    assert [number for number, _ in enumerate(some) if some[number].stream != some[number - 1].stream] == [0, 2, 3, 4]
    assert [each.first for each in some] == [0, 300, 0, 0, 0]
    assert read_aside([some[1]])["number"].to_pylist() == [*range(200)]
    assert read_aside([some[2], some[0]])["number"].to_pylist() == [*range(200), *range(300)]


def test_parts_of_several_tasks_are_one_table_whether_or_not_their_texts_have_a_dictionary(job: Job) -> None:
    plain = pa.table({"key": ["a", "b"]})
    encoded = pa.table({"key": pa.array(["b", "c"]).dictionary_encode()})
    some = [set_aside(job, [({}, rows)])[0] for rows in (plain, encoded)]
    assert read_aside(some)["key"].to_pylist() == ["a", "b", "b", "c"]


def test_it_is_announced_so_that_a_run_which_gives_up_takes_it_away(job: Job) -> None:
    (one,) = set_aside(job, [part(7, 3)])
    assert job.folder.announced() == [one.address]
    job.folder.abandon()
    assert not Path(one.address).exists()


def test_nothing_is_written_for_nothing(job: Job) -> None:
    assert set_aside(job, []) == []
    assert not Path(job.folder.address).exists()
