"""Other programs rewrite, delete and expire what a lake holds; runs before and after lose and double nothing."""

from __future__ import annotations

from collections import Counter
from contextlib import nullcontext
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyiceberg.manifest import DataFileContent

import glue_jobs.lake.table.history
from glue_jobs.errors import LakeError, LostRaceError
from glue_jobs.lake import Lake, LoadedTable
from glue_jobs.query.duckdb.lake_engine import open_engine
from glue_jobs.sources.s3_access_log.table import S3_ACCESS_LOG
from glue_jobs.sources.tables import TABLES
from glue_jobs.tables.ingested_object import INGESTED_OBJECT
from glue_jobs.tables.model import Table
from tests.disturbed import appends_to, disturbed
from tests.end_to_end.lakes import contents, event_numbers, orphans, run, said, without_spark
from tests.end_to_end.sources import ACCESS_LOGS, CLOUDTRAIL, Raw, Source, events
from tests.lake.maintenance import delete_rows, expire, iceberg, rewrite, scatter

DAY = date(2024, 5, 7)


@pytest.fixture(params=(ACCESS_LOGS, CLOUDTRAIL), ids=lambda source: source.title)
def raw(request: pytest.FixtureRequest, tmp_path: Path) -> Raw:
    source: Source = request.param
    return Raw(source, str(tmp_path / "raw"))


def test_a_run_looks_at_its_window_only_after_all_tables_were_rewritten_and_expired(raw: Raw, lake: str) -> None:
    raw.deliver(DAY, 0, events(DAY, range(5)))
    run(raw, lake)
    opened = Lake(lake, "usage_lake")
    for table in TABLES:
        if opened.has(table) and iceberg(opened, table).current_snapshot():
            rewrite(opened, table)
            expire(opened, table)
    # Of a day before the window: a run that has lost its watermark takes it.
    raw.deliver(DAY - timedelta(days=9), 1, events(DAY, [100]))
    assert f"from {DAY - timedelta(days=3)} on" in said(raw, lake)
    assert event_numbers(raw, lake) == Counter(range(5))


@pytest.mark.parametrize("table", [S3_ACCESS_LOG, INGESTED_OBJECT], ids=lambda table: table.name)
def test_old_snapshots_that_another_program_expires_during_a_run_cost_at_most_that_run(
    table: Table, tmp_path: Path, lake: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    raw, opened = Raw(ACCESS_LOGS, str(tmp_path / "raw")), Lake(lake, "usage_lake")
    monkeypatch.setattr(glue_jobs.lake.table.history, "SNAPSHOTS_KEPT", 3)
    for number in range(4):
        raw.deliver(DAY, number, events(DAY, [number]))
        if number < 3:
            run(raw, lake)
    expired = disturbed(LoadedTable, "append", lambda: expire(opened, table), when=appends_to(table.name))
    lost = pytest.raises(LostRaceError, match="start it again") if table == S3_ACCESS_LOG else nullcontext()
    with expired, lost:
        run(raw, lake)
    run(raw, lake)
    assert event_numbers(raw, lake) == Counter(range(4))


def test_lines_delivered_again_after_another_arrow_program_rewrote_their_day_are_duplicates(
    raw: Raw, lake: str
) -> None:
    raw.deliver(DAY, 0, events(DAY, range(5)))
    run(raw, lake)
    opened, table = Lake(lake, "usage_lake"), raw.source.pipeline.table
    rewrite(opened, table)
    (stored,) = opened.load(table).files()
    assert "large_string" in {str(field.type) for field in pq.read_schema(stored.address)}
    raw.deliver(DAY, 1, events(DAY, range(3, 8)))
    assert run(raw, lake).totals.duplicates == 2
    assert event_numbers(raw, lake) == Counter(range(8))


def test_rows_that_another_program_deleted_stay_deleted_until_they_are_delivered_again(
    raw: Raw, lake: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_spark(monkeypatch)
    monkeypatch.setattr("glue_jobs.ingest.staging.compaction.MIN_FILES", 2)
    raw.deliver(DAY, 0, events(DAY, range(5)))
    run(raw, lake)
    opened, table = Lake(lake, "usage_lake"), raw.source.pipeline.table
    everything = event_numbers(raw, lake)
    delete_rows(opened, table, [1, 3])
    left = event_numbers(raw, lake)
    deleted = everything - left
    assert deleted.total() == 2
    with open_engine(opened) as engine:
        assert engine.run(f"SELECT count(*) AS n FROM {table.name}").to_pylist() == [{"n": 3}]
    for number in range(1, 4):
        raw.deliver(DAY, number, events(DAY, [number * 10]))
        run(raw, lake)
    assert event_numbers(raw, lake) == left + Counter([10, 20, 30])
    raw.deliver(DAY, 4, events(DAY, range(5)))
    assert run(raw, lake).totals.duplicates == 3
    assert event_numbers(raw, lake) == everything + Counter([10, 20, 30])


def test_deletes_by_value_which_pyiceberg_cannot_read_are_refused_in_a_sentence(raw: Raw, lake: str) -> None:
    raw.deliver(DAY, 0, events(DAY, range(5)))
    run(raw, lake)
    delete_rows(Lake(lake, "usage_lake"), raw.source.pipeline.table, [1], DataFileContent.EQUALITY_DELETES)
    with pytest.raises(LakeError, match=r"equality deletes.*let that program rewrite its data files"):
        event_numbers(raw, lake)
    raw.deliver(DAY, 1, events(DAY, [7]))
    with pytest.raises(LakeError, match="equality deletes"):
        run(raw, lake)


def files(lake: str, source: Source) -> list[str]:
    return [file.address for file in Lake(lake, "usage_lake").load(source.pipeline.table).files()]


def deliver_late_rows(raw: Raw, lake: str, numbers: range) -> None:
    """A run for each number, which adds one row to the same day."""
    for number in numbers:
        raw.deliver(DAY + timedelta(days=1), number, events(DAY, [number]))
        run(raw, lake)


def test_many_small_files_of_a_day_become_one_and_the_old_ones_are_deleted_in_time(
    tmp_path: Path, lake: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    raw = Raw(ACCESS_LOGS, str(tmp_path / "raw"))
    monkeypatch.setattr("glue_jobs.ingest.staging.compaction.MIN_FILES", 3)
    monkeypatch.setattr("glue_jobs.lake.table.history.SNAPSHOTS_KEPT", 2)
    deliver_late_rows(raw, lake, range(2))
    small = files(lake, raw.source)
    assert len(small) == 2
    deliver_late_rows(raw, lake, range(2, 3))
    # The stored ones are one file, beside the run's own.
    assert sorted(file.rows for file in Lake(lake, "usage_lake").load(raw.source.pipeline.table).files()) == [1, 2]
    assert all(Path(address).exists() for address in small)
    deliver_late_rows(raw, lake, range(3, 6))
    assert not any(Path(address).exists() for address in small)
    assert event_numbers(raw, lake) == Counter(range(6))
    assert orphans(lake) == set()


STEPS = st.lists(
    st.sampled_from(
        ["deliver", "deliver again", "run", "rewrite", "scatter", "expire", "delete a day", "delete rows", "run"]
    ),
    min_size=3,
    max_size=8,
)


@settings(max_examples=4, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STEPS, st.sampled_from([ACCESS_LOGS, CLOUDTRAIL]))
def test_any_maintenance_between_runs_loses_and_doubles_nothing(steps: list[str], source: Source) -> None:
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        without_spark(patch)
        patch.setattr("glue_jobs.ingest.staging.compaction.MIN_FILES", 2)
        # Each run deletes at once what nothing refers to, in one table after the other.
        patch.setattr("glue_jobs.ingest.maintenance.orphan_files.COMMITS_PER_ROUND", 0)
        patch.setattr("glue_jobs.ingest.maintenance.orphan_files.ORPHAN_AFTER", timedelta(0))
        raw, lake = Raw(source, f"{folder}/raw"), f"{folder}/lake"
        opened, table = Lake(lake, "usage_lake"), raw.source.pipeline.table
        delivered: set[int] = set()
        stored: set[int] = set()
        pending: set[int] = set()
        for number, step in enumerate([*steps, "deliver", "run"]):
            days = [DAY, DAY + timedelta(days=number % 2)]
            if step == "deliver":
                new = {number * 10 + place for place in range(5)}
                raw.deliver(days[1], number, events(DAY, new))
                delivered |= new
                pending |= new
            elif step == "deliver again":
                raw.deliver(days[1], number, events(DAY, delivered))
                pending |= delivered
            elif step == "run":
                if raw.objects:
                    run(raw, lake)
                    stored |= pending
                    pending = set()
            elif stored:
                for each in (table, INGESTED_OBJECT):
                    if step == "rewrite":
                        rewrite(opened, each)
                    elif step == "scatter":
                        scatter(opened, each, commits=1 + number % 3)
                    elif step == "expire":
                        expire(opened, each)
                if step == "delete rows":
                    before = event_numbers(raw, lake)
                    delete_rows(opened, table, [0, 2])
                    stored -= (before - event_numbers(raw, lake)).keys()
                if step == "delete a day":
                    iceberg(opened, table).delete(f"event_date = '{DAY}'")
                    stored = set()
        for each in (table, INGESTED_OBJECT):
            for snapshot in iceberg(opened, each).snapshots():
                iceberg(opened, each).scan(snapshot_id=snapshot.snapshot_id).to_arrow()
        assert event_numbers(raw, lake) == Counter(stored)
        ledger = contents(lake, raw.source.pipeline).ledger
        assert ledger.total() == len(raw.objects)
