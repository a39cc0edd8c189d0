"""A lake of the program before commit plans had a version: new runs go on with it, and finish what was unfinished.

``recorded_lake.zip`` has the objects of two buckets, and where the metadata of each table is. Each pipeline has
ingested some objects, and its last run was killed right after the commit of its rows.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from pyiceberg.catalog import load_catalog

from glue_jobs.ingest.ingest import IngestRequest, ingest
from glue_jobs.ingest.staging.run_notes import CommitPlan, read_note
from glue_jobs.lake import Lake
from glue_jobs.progress import PlainReporter
from glue_jobs.sources.pipelines import BY_NAME, Pipeline
from glue_jobs.sources.tables import TABLES
from glue_jobs.storage import storage_for
from tests.end_to_end.lakes import KEEP, Contents, Rows, contents, event_numbers, run, said, without_spark
from tests.end_to_end.sources import ACCESS_LOGS, CLOUDTRAIL, Raw, Source, events
from tests.inventories import Inventory, records
from tests.lake.test_columns import with_more_columns

RECORDED = Path(__file__).parent / "recorded_lake.zip"
BUCKETS = ("recorded-raw", "recorded-lake")
DATABASE = "recorded_lake"
# The sources of events that the program had then.
OF_THE_TIME = (ACCESS_LOGS, CLOUDTRAIL)
DAY = date(2024, 5, 7)
YOUNGER = ("country", "place", "network", "reader_id", "remote_prefix", "reader_key", "bucket_owner_account_id")
FIRST_SNAPSHOT = datetime(2024, 5, 1, 1, 30)


@pytest.fixture
def lake(s3_endpoint: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lake]:
    """The recorded lake, as it was left."""
    without_spark(monkeypatch)
    s3, glue = boto3.client("s3"), boto3.client("glue")
    for bucket in BUCKETS:
        s3.create_bucket(Bucket=bucket)
    catalog = load_catalog("recorded", type="glue", **{"s3.endpoint": s3_endpoint})
    catalog.create_namespace(DATABASE)
    with zipfile.ZipFile(RECORDED) as recorded:
        *objects, tables = recorded.namelist()
        for name in objects:
            bucket, _, key = name.partition("/")
            s3.put_object(Bucket=bucket, Key=key, Body=recorded.read(name))
        for name, metadata in json.loads(recorded.read(tables)).items():
            catalog.register_table((DATABASE, name), metadata)
    yield Lake("s3://recorded-lake/lake", DATABASE)
    glue.delete_database(Name=DATABASE)
    for bucket in BUCKETS:
        addresses = [entry.address for entry in storage_for(f"s3://{bucket}").list(f"s3://{bucket}/")]
        storage_for(f"s3://{bucket}").delete(addresses)
        s3.delete_bucket(Bucket=bucket)


def recorded_raw(source: Source) -> Raw:
    raw = Raw(source, f"s3://recorded-raw/{source.pipeline.name}")
    storage = storage_for(raw.address)
    raw.objects = {entry.address: storage.get(entry.address) for entry in storage.list(f"{raw.address}/")}
    return raw


def contents_of(lake: Lake | str, pipeline: Pipeline) -> Contents:
    """What the lake holds of one pipeline, without the times when this test wrote the raw objects."""
    found = contents(lake, pipeline)
    # Recorded rows have nothing in columns that are younger.
    rows = Counter({tuple(item for item in row if item[0] not in YOUNGER): n for row, n in found.rows.items()})
    return replace(
        found, rows=rows, ledger=of_pipeline(found.ledger, pipeline), rejected=of_pipeline(found.rejected, pipeline)
    )


def of_pipeline(rows: Rows, pipeline: Pipeline) -> Rows:
    kept: Rows = Counter()
    for row, count in rows.items():
        if pipeline.name in dict(row).values():
            kept[tuple(item for item in row if item[0] != "last_modified")] += count
    return kept


def assert_nothing_is_left(lake: Lake, pipeline: str) -> None:
    folder = f"{lake.location}/_runs/{DATABASE}/{pipeline}/"
    assert list(storage_for(folder).list(folder)) == []


@pytest.mark.parametrize("source", OF_THE_TIME, ids=lambda source: source.title)
def test_new_runs_finish_the_old_one_and_go_on_exactly(source: Source, lake: Lake, tmp_path: Path) -> None:
    raw, fresh = recorded_raw(source), str(tmp_path / "fresh")
    assert contents_of(lake, source.pipeline).ledger.total() == 2
    assert "finished the commit of run 20261128T" in said(raw, lake, config=KEEP)
    assert_nothing_is_left(lake, source.pipeline.name)
    run(raw, fresh, config=KEEP)
    assert contents_of(lake, source.pipeline) == contents_of(fresh, source.pipeline)
    assert contents_of(lake, source.pipeline).sums["records"] == raw.records
    assert run(raw, lake, config=KEEP).run_id is None

    raw.deliver(DAY + timedelta(days=2), 4, events(DAY + timedelta(days=1), range(25, 35)), bad=1)
    totals = run(raw, lake, config=KEEP).totals
    assert (totals.objects, totals.rows, totals.duplicates, totals.rejected) == (1, 5, 5, 1)
    run(raw, fresh, config=KEEP)
    assert contents_of(lake, source.pipeline) == contents_of(fresh, source.pipeline)
    assert dict(event_numbers(raw, lake)) == dict.fromkeys([*range(15), *range(20, 35)], 1)


def test_new_runs_of_inventories_finish_the_old_one_and_go_on_exactly(lake: Lake) -> None:
    pipeline, raw = BY_NAME["s3_inventory_object"], Inventory("s3://recorded-raw/s3_inventory_object")

    def ingest_inventories() -> str:
        stream = io.StringIO()
        ingest(IngestRequest(pipeline, raw.address, lake, keep_snapshots=2), PlainReporter(stream))
        return stream.getvalue()

    def snapshots(of: Any, column: str | None = None) -> dict[int, int]:
        """By number of the day: rows, or the sum of a column."""
        found: Counter[int] = Counter()
        for row, count in of.items():
            values = dict(row)
            found[(values["snapshot_time"] - FIRST_SNAPSHOT).days] += count * (values[column] if column else 1)
        return dict(sorted(found.items()))

    before = contents_of(lake, pipeline)
    assert (snapshots(before.rows), snapshots(before.totals, "objects")) == ({1: 6, 2: 5, 3: 3}, {0: 3, 1: 6})
    expired = [address for plan in plans(lake, pipeline.name) for address in plan.expired_files]
    assert any("/data/" in address for address in expired)
    assert "finished the commit of run 20261128T" in ingest_inventories()
    assert_nothing_is_left(lake, pipeline.name)
    there = {entry.address for entry in storage_for(lake.location).list(f"{lake.location}/")}
    assert there.isdisjoint(expired)
    after = contents_of(lake, pipeline)
    assert (snapshots(after.rows), snapshots(after.totals, "objects")) == ({1: 6, 2: 5, 3: 3}, {0: 3, 1: 6, 2: 5, 3: 3})
    assert snapshots(after.changes).keys() == {1, 2, 3}
    assert after.sums == {"records": 22, "rows": 21, "rejected": 0, "duplicates": 1, "filtered": 0}

    raw.deliver(FIRST_SNAPSHOT + timedelta(days=4), records(7))
    ingest_inventories()
    last = contents_of(lake, pipeline)
    assert (snapshots(last.rows), snapshots(last.totals, "objects")[4]) == ({3: 3, 4: 7}, 7)
    assert last.sums["rows"] == 28


def plans(lake: Lake, pipeline: str) -> list[CommitPlan]:
    folder = f"{lake.location}/_runs/{DATABASE}/{pipeline}/"
    storage = storage_for(folder)
    names = [entry.address for entry in storage.list(folder) if entry.address.endswith("/commit.json")]
    found = [read_note(CommitPlan, storage.get(name), name) for name in names]
    return [plan for plan in found if plan is not None]


def test_every_table_takes_more_columns(lake: Lake) -> None:
    for table in TABLES:
        # The lake is older than some tables.
        lake.create(table)
        rows = lake.load(table).rows((table.columns[0].name,)).num_rows
        more = with_more_columns(table)
        lake.create(more)
        found = lake.load(more).rows((table.columns[0].name, "mood", "moods", "more"))
        assert found["moods"].null_count == found["more"].null_count == found.num_rows == rows
