"""The same life of a lake in a folder with SQLite, and on S3 with the Glue Data Catalog, through Spark."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from chispa import assert_df_equality
from pyspark.sql import types

import glue_jobs.ingest.events.chunk_task
import glue_jobs.ingest.events.stage_events
from glue_jobs.errors import LakeError, LostRaceError
from glue_jobs.lake import Lake
from glue_jobs.query.duckdb.lake_engine import sources
from glue_jobs.query.duckdb.query_engine import QueryEngine
from glue_jobs.tables.ingested_object import INGESTED_OBJECT
from glue_jobs.tables.model import TYPES, Column
from glue_jobs.workers.spark import session
from tests.disturbed import disturbed
from tests.end_to_end.lakes import contents, event_numbers, run, without_spark
from tests.end_to_end.sources import ACCESS_LOGS, CLOUDTRAIL, Raw, Source, events

DAY = date(2024, 5, 7)

# Parsers do not know where a lake is, so one source shows what each store does.
STORED = {"folder": CLOUDTRAIL, "s3": ACCESS_LOGS}

SPARK_TYPES: dict[str, types.DataType] = {
    "string": types.StringType(),
    "int": types.IntegerType(),
    "bigint": types.LongType(),
    "double": types.DoubleType(),
    "boolean": types.BooleanType(),
    "date": types.DateType(),
    "timestamp": types.TimestampNTZType(),
    "binary": types.BinaryType(),
    "array<string>": types.ArrayType(types.StringType()),
}


@pytest.fixture(params=STORED)
def places(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Raw, Lake]:
    """A raw path, and the lake."""
    source = STORED[request.param]
    if request.param == "folder":
        return Raw(source, str(tmp_path / "raw")), Lake(str(tmp_path / "lake"), "usage_lake")
    request.getfixturevalue("s3_for_workers")
    new_bucket = request.getfixturevalue("new_bucket")
    lake = new_bucket()
    # Catalogs outlive a test: each test has a database of its own.
    return Raw(source, f"{new_bucket()}/raw"), Lake(f"{lake}/lake", lake.removeprefix("s3://").replace("-", "_"))


def test_late_rows_of_tasks_are_stored_once_in_one_file_a_day(
    places: tuple[Raw, Lake], monkeypatch: pytest.MonkeyPatch
) -> None:
    without_spark(monkeypatch)
    raw, lake = places
    for number in range(4):
        first = max(number * 10 - 5, 0)
        raw.deliver(DAY, number, events(DAY, range(first, number * 10 + 10)))
    # Each object is at least one task, and the rows of every task are too few for a data file.
    monkeypatch.setattr(glue_jobs.ingest.events.chunk_task, "split_late_rows", lambda parts, days: ([], [*parts]))
    monkeypatch.setattr(glue_jobs.ingest.events.stage_events, "chunk_size", lambda *_: 500)
    assert run(raw, lake).totals.duplicates == 15
    assert event_numbers(raw, lake) == Counter(range(40))
    rows = lake.load(raw.source.pipeline.table)
    assert [file.rows for file in rows.files()] == [40]


def test_the_life_of_a_lake(places: tuple[Raw, Lake]) -> None:
    raw, lake = places
    assert lake.catalog_type == ("glue" if lake.location.startswith("s3://") else "sqlite")

    for number in range(3):
        raw.deliver(DAY, number, events(DAY, range(number * 10, number * 10 + 10)), bad=1)
    assert run(raw, lake).totals.rows == 30
    assert run(raw, lake).run_id is None

    # Delivered again under another name, and grown: only what was not there yet becomes rows.
    raw.deliver(DAY, 3, events(DAY, range(5, 15)))
    grown = raw.deliver(DAY, 2, events(DAY, range(20, 35)), bad=1)
    summary = run(raw, lake)
    assert (summary.totals.objects, summary.totals.rows, summary.totals.duplicates) == (2, 5, 20)
    found = contents(lake, raw.source.pipeline)
    assert Counter(dict(row)["key"] for row in found.ledger)[grown] == 2

    # Before the window, inside it, and an old event in a new object.
    raw.deliver(DAY - timedelta(days=9), 4, events(DAY, [100]))
    raw.deliver(DAY - timedelta(days=2), 5, events(DAY - timedelta(days=30), [101]))
    assert run(raw, lake).totals.rows == 1
    assert dict(event_numbers(raw, lake)) == dict.fromkeys([*range(35), 101], 1)

    statement = f'SELECT count(*) AS "rows", min(event_date) AS first_day FROM {raw.source.pipeline.table.name}'
    with QueryEngine(sources(lake)) as engine:
        assert engine.run(statement).to_pylist() == [{"rows": 36, "first_day": DAY - timedelta(days=30)}]
        (sums,) = engine.run('SELECT sum(records) AS records, sum("rows") AS "rows" FROM ingested_object').to_pylist()
    assert (int(sums["records"]), int(sums["rows"])) == (60, 36)


def test_of_two_commits_from_the_same_state_one_is_refused(
    places: tuple[Raw, Lake], monkeypatch: pytest.MonkeyPatch
) -> None:
    raw, lake = places
    table = raw.source.pipeline.table
    without_spark(monkeypatch)
    raw.deliver(DAY, 0, events(DAY, [1]))
    run(raw, lake)
    first, second = lake.load(table), lake.load(table)
    first.append([], {"by": "first"})
    with pytest.raises(LostRaceError, match=f"another run committed to {table.name} first"):
        second.append([], {"by": "second"})
    assert [summary.get("by") for summary in lake.load(table).summaries()] == ["first", None]
    assert event_numbers(raw, lake) == Counter([1])


@pytest.mark.parametrize("source", STORED.values(), ids=lambda source: source.title)
def test_a_glue_table_has_the_columns_and_their_descriptions(source: Source, s3_endpoint: str, bucket: str) -> None:
    lake = Lake(bucket, bucket.removeprefix("s3://").replace("-", "_"))
    for table in (source.pipeline.table, INGESTED_OBJECT):
        lake.create(table)
        stored = boto3.client("glue").get_table(DatabaseName=lake.database, Name=table.name)["Table"]
        columns = stored["StorageDescriptor"]["Columns"]
        assert [(column["Name"], column["Type"], column.get("Comment")) for column in columns] == [
            (column.name, column.type, column.description) for column in table.columns
        ]
        # Athena looks at the parameters of the catalog, not at Iceberg's own metadata.
        assert stored["Parameters"]["use_iceberg_parquet_column_index"] == "true"


def test_two_runs_that_add_the_same_new_column_both_go_on(tmp_path: Path) -> None:
    mood = Column(len(INGESTED_OBJECT.columns) + 1, "mood", "string", "How it was that day.")
    newer = replace(INGESTED_OBJECT, columns=(*INGESTED_OBJECT.columns, mood))
    first, second = (Lake(str(tmp_path), "usage_lake") for _ in range(2))
    first.create(INGESTED_OBJECT)
    with disturbed(first._catalog, "load_table", lambda: second.create(newer), after=True):
        first.create(newer)
    assert "mood" in first.load(newer).rows(("mood",)).column_names


def test_the_catalog_is_asked_where_the_lake_is(s3_endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_GLUE", s3_endpoint)
    boto3.client("s3").create_bucket(
        Bucket="a-lake-in-frankfurt", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"}
    )
    catalog: Any = Lake("s3://a-lake-in-frankfurt", "usage_lake")._catalog
    assert catalog.glue.meta.region_name == "eu-central-1"
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://192.0.2.1:9")
    monkeypatch.setattr("glue_jobs.lake.iceberg_catalog.region", lambda _: "eu-central-1")
    catalog = Lake("s3://a-lake-in-frankfurt", "usage_lake")._catalog
    assert catalog.glue.meta.endpoint_url == s3_endpoint


def test_a_table_another_program_made_is_refused(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path), "usage_lake")
    lake.create(INGESTED_OBJECT)
    other = [replace(column, field_id=column.field_id + 100) for column in INGESTED_OBJECT.columns]
    with pytest.raises(LakeError, match="the table was made by another program, so use another --database"):
        lake.create(replace(INGESTED_OBJECT, columns=tuple(other)))


@pytest.mark.parametrize("source", STORED.values(), ids=lambda source: source.title)
def test_spark_reads_the_rows_that_were_written(source: Source, tmp_path: Path) -> None:
    raw, lake = Raw(source, str(tmp_path / "raw")), Lake(str(tmp_path / "lake"), "usage_lake")
    some = [*events(DAY, range(5)), *events(DAY + timedelta(days=1), range(5, 9))]
    raw.deliver(DAY, 0, some)
    run(raw, lake)
    table = source.pipeline.table
    files = [file.address for file in lake.load(table).files()]
    assert set(SPARK_TYPES) == set(TYPES)
    declared = [types.StructField(column.name, SPARK_TYPES[column.type]) for column in table.columns]
    inferred = session().read.option("mergeSchema", True).parquet(*files)
    assert {(field.name, field.dataType) for field in inferred.schema} <= {
        (field.name, field.dataType) for field in declared
    }
    frame = session().read.schema(types.StructType(declared)).parquet(*files)
    names = list(source.row(some[0]))
    kinds = {field.name: field for field in declared}
    expected: list[tuple[Any, ...]] = [tuple(source.row(event)[name] for name in names) for event in some]
    wanted = session().createDataFrame(expected, types.StructType([kinds[name] for name in names]))
    assert_df_equality(frame.select(*names), wanted, ignore_row_order=True, ignore_nullable=True)


def test_a_lake_on_s3_is_opened_without_a_question_to_anybody_else(
    s3_endpoint: str, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pyarrow.fs.resolve_s3_region", lambda **_: pytest.fail("AWS was asked without credentials"))
    Lake(bucket, bucket.removeprefix("s3://").replace("-", "_")).create(INGESTED_OBJECT)
