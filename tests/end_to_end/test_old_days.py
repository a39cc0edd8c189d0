"""Small files of days without new rows become one, within bounds, whoever kills the run or commits meanwhile."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from pyiceberg.types import StringType

import glue_jobs.ingest.commit.commit
import glue_jobs.ingest.maintenance.old_days
import glue_jobs.ingest.maintenance.orphan_files
from glue_jobs.ingest.staging import compaction
from glue_jobs.ingest.staging.run_folder import RunFolder
from glue_jobs.ingest.staging.run_notes import CommitPlan
from glue_jobs.lake import Lake, LoadedTable
from glue_jobs.storage import storage_for
from glue_jobs.tables.ingested_object import INGESTED_OBJECT
from glue_jobs.tables.model import Table
from glue_jobs.tables.rejected_record import REJECTED_RECORD
from tests.disturbed import disturbed, failing
from tests.end_to_end.lakes import contents, event_numbers, left_over, let_a_day_pass, orphans, run, said, without_spark
from tests.end_to_end.sources import ACCESS_LOGS, Raw, events
from tests.lake.maintenance import iceberg, rewrite, scatter

OLD, SECOND, NEW = date(2024, 3, 1), date(2024, 3, 2), date(2024, 5, 7)
ROWS = ACCESS_LOGS.pipeline.table
OWN_FILE = f"20240507T010203-0123abcd-{0:032x}.parquet"


@pytest.fixture
def raw(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Raw:
    """Objects of two old days that a run has ingested, and one of a new day that no run has ingested yet."""
    without_spark(monkeypatch)
    monkeypatch.setattr(compaction, "MIN_FILES", 3)
    raw = Raw(ACCESS_LOGS, str(tmp_path / "raw"))
    raw.deliver(SECOND, 0, [*events(OLD, range(4)), *events(SECOND, range(10, 12))], bad=1)
    raw.deliver(SECOND, 9, events(SECOND, [12]))
    run(raw, str(tmp_path / "lake"))
    raw.deliver(NEW, 1, events(NEW, [200]))
    return raw


@pytest.fixture
def lake(raw: Raw, tmp_path: Path) -> Lake:
    """Each row of the old days is in a data file of its own."""
    lake = Lake(str(tmp_path / "lake"), "usage_lake")
    scatter(lake, ROWS)
    return lake


def files(lake: Lake, table: Table = ROWS) -> dict[Any, int]:
    """The number of files in each partition."""
    return dict(Counter(file.partition[-1] for file in lake.load(table).files()))


def addresses(lake: Lake) -> set[str]:
    return {file.address for file in lake.load(ROWS).files()}


EVERYTHING = Counter([*range(4), *range(10, 13)])
AFTER = {OLD: 1, SECOND: 1, NEW: 1}


def test_a_run_compacts_days_that_it_adds_nothing_to_and_no_day_twice(raw: Raw, lake: Lake) -> None:
    assert files(lake) == {OLD: 4, SECOND: 3}
    assert "7 small files of s3_access_log became 2" in said(raw, lake)
    assert files(lake) == AFTER
    before = addresses(lake)
    raw.deliver(NEW, 2, events(NEW, [201]))
    assert "became" not in said(raw, lake)
    assert before < addresses(lake)
    assert event_numbers(raw, lake) == EVERYTHING + Counter([200, 201])
    assert contents(lake, raw.source.pipeline).ledger.total() == 4
    assert (left_over(lake.location), orphans(lake.location)) == ([], set())


def test_files_of_several_commits_count_together(raw: Raw, tmp_path: Path) -> None:
    lake = Lake(str(tmp_path / "lake"), "usage_lake")
    scatter(lake, ROWS, commits=4)
    run(raw, lake)
    assert files(lake) == AFTER


def test_rows_of_a_compacted_day_are_known_when_they_are_delivered_again(raw: Raw, lake: Lake) -> None:
    run(raw, lake)
    raw.deliver(NEW, 2, events(OLD, range(4)))
    assert run(raw, lake).totals.duplicates == 4
    assert event_numbers(raw, lake) == EVERYTHING + Counter([200])


def test_a_run_with_nothing_new_compacts_too_and_then_changes_nothing(raw: Raw, lake: Lake) -> None:
    raw.objects.popitem()
    Path(raw.address, raw.source.object_name(NEW, 1)).unlink()
    assert run(raw, lake).run_id is None
    assert files(lake) == {OLD: 1, SECOND: 1}
    before = lake.load(ROWS).commits
    run(raw, lake)
    assert lake.load(ROWS).commits == before


def test_the_worst_day_comes_first_and_no_run_merges_more_than_its_bound(
    raw: Raw, lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compaction, "MAX_FILES_PER_RUN", 4)
    counts = []
    for number in range(2, 4):
        run(raw, lake)
        raw.deliver(NEW, number, events(NEW, [200 + number]))
        counts.append([files(lake)[each] for each in (OLD, SECOND)])
    assert counts == [[1, 3], [1, 1]]


def test_the_ledger_and_the_rejected_records_of_the_pipeline_are_compacted_and_no_others(raw: Raw, lake: Lake) -> None:
    before = contents(lake, raw.source.pipeline)
    for table in (INGESTED_OBJECT, REJECTED_RECORD):
        rows = lake.load(table).rows(tuple(table.arrow_schema.names))
        foreign = rows.set_column(rows.column_names.index(_owner(table)), _owner(table), [["other"] * len(rows)])
        for added in (rows, foreign):
            loaded = lake.load(table)
            loaded._iceberg.append(added.cast(table.arrow_schema))
            loaded._iceberg.append(added.cast(table.arrow_schema))
    run(raw, lake)
    for table in (INGESTED_OBJECT, REJECTED_RECORD):
        owners = Counter((file.partition, file.rows) for file in lake.load(table).files())
        assert {count for (partition, _), count in owners.items() if "other" in partition} == {2}
        assert 3 * (2 - (table == REJECTED_RECORD)) in {
            rows for (partition, rows) in owners if raw.source.pipeline.name in partition
        }
    assert contents(lake, raw.source.pipeline).rejected.total() == 5 * before.rejected.total()


def _owner(table: Table) -> str:
    return "pipeline" if table == INGESTED_OBJECT else "source"


def test_a_damaged_file_of_an_old_day_is_told_and_stops_nothing(raw: Raw, lake: Lake) -> None:
    (first, *_) = [file.address for file in lake.load(ROWS).files() if file.partition == (OLD,)]
    whole = Path(first).read_bytes()
    Path(first).write_bytes(b"PAR1")
    assert "4 small files of s3_access_log stay as they are: " in said(raw, lake)
    assert files(lake) == {**AFTER, OLD: 4}
    Path(first).write_bytes(whole)
    run(raw, lake)
    assert files(lake) == AFTER
    assert event_numbers(raw, lake) == EVERYTHING + Counter([200])


def test_columns_that_the_program_does_not_know_are_not_lost(raw: Raw, lake: Lake) -> None:
    with iceberg(lake, ROWS).update_schema() as update:
        update.add_column("mood", StringType())
    said(raw, lake)
    assert files(lake) == {OLD: 4, SECOND: 3, NEW: 1}


def test_a_lost_race_is_left_to_the_next_run(raw: Raw, lake: Lake) -> None:
    with disturbed(
        glue_jobs.ingest.maintenance.old_days, "_merged", lambda: rewrite(lake, ROWS, "event_date = '2024-03-02'")
    ):
        assert "small files of earlier days wait for the next run: another run committed" in said(raw, lake)
    assert files(lake) == {**AFTER, OLD: 4}
    run(raw, lake)
    assert files(lake) == AFTER
    assert event_numbers(raw, lake) == EVERYTHING + Counter([200])
    assert (left_over(lake.location), orphans(lake.location)) == ([], set())


class KilledError(BaseException):
    pass


# What is replaced, whether the kill is after it, and at which call.
KILLS = {
    "before the files": (compaction, "write_partitions", False, 1),
    "after some files": (compaction, "write_partitions", True, 2),
    # The first plan and the first two commits are those of the new object.
    "after the plan": (RunFolder, "write_commit", True, 2),
    "after the rows": (LoadedTable, "append", True, 3),
    "after the ledger": (LoadedTable, "append", True, 4),
    "before the folder is removed": (RunFolder, "remove", False, 2),
}


@pytest.mark.parametrize("where", KILLS)
def test_a_run_killed_while_it_compacts(where: str, raw: Raw, lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    scatter(lake, INGESTED_OBJECT)
    monkeypatch.setattr(compaction, "MIN_FILES", 2)
    owner, name, after, times = KILLS[where]
    with monkeypatch.context() as patch, pytest.raises(KilledError):
        # A killed process deletes nothing.
        patch.setattr(RunFolder, "abandon", lambda _: None)
        with failing(owner, name, KilledError(), after=after, nth=times):
            run(raw, lake)
    after_the_kill = contents(lake, raw.source.pipeline)
    assert event_numbers(raw, lake) == EVERYTHING + Counter([200])
    assert after_the_kill.ledger.total() == 3
    run(raw, lake)
    assert files(lake) == AFTER
    assert contents(lake, raw.source.pipeline) == after_the_kill
    let_a_day_pass(lake.location)
    run(raw, lake)
    assert (left_over(lake.location), orphans(lake.location)) == ([], set())
    assert contents(lake, raw.source.pipeline) == after_the_kill


def test_files_of_the_ledger_that_another_program_rewrote_meanwhile_are_not_doubled(
    raw: Raw, lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    scatter(lake, INGESTED_OBJECT)
    monkeypatch.setattr(compaction, "MIN_FILES", 2)

    def of_the_ledger(_lake: object, _pipeline: object, table: Table, plan: CommitPlan, *_: object) -> bool:
        return plan.only_moves and table == INGESTED_OBJECT

    rewrites = partial(rewrite, lake, INGESTED_OBJECT)
    with disturbed(glue_jobs.ingest.commit.commit, "_change_once", rewrites, when=of_the_ledger):
        assert "files of ingested_object became" in said(raw, lake)
    assert contents(lake, raw.source.pipeline).ledger.total() == 3
    assert (left_over(lake.location), orphans(lake.location)) == ([], set())


def test_a_run_reads_a_bounded_part_of_the_manifests_and_the_next_run_goes_on(
    raw: Raw, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake = Lake(str(tmp_path / "lake"), "usage_lake")
    scatter(lake, ROWS, commits=2)
    Path(raw.address, raw.source.object_name(NEW, 1)).unlink()
    # Neither of the two manifests alone has many files of a day.
    monkeypatch.setattr(glue_jobs.ingest.maintenance.old_days, "MAX_MANIFEST_BYTES", 1)
    monkeypatch.setattr(glue_jobs.ingest.maintenance.old_days, "MANY_MANIFEST_BYTES", 1)
    places, commits = [], []
    for _ in range(3):
        run(raw, lake)
        places.append(
            json.loads(lake.load(ROWS).note(glue_jobs.ingest.maintenance.old_days.LOOKED_AT) or "")[ROWS.name]
        )
        commits.append(lake.load(ROWS).commits)
    assert [place[0] for place in places] == [commits[0] - 2, commits[0], commits[0]]
    # A run that has read nothing new notes nothing.
    assert commits[1] == commits[0] + 1 == commits[2]


def test_a_lake_on_s3_is_kept_in_order_in_the_same_way(
    raw: Raw, new_bucket: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket = new_bucket()
    lake = Lake(f"{bucket}/lake", bucket.removeprefix("s3://").replace("-", "_"))
    run(raw, lake)
    scatter(lake, ROWS)
    storage, location = storage_for(bucket), lake.load(ROWS).location
    unused = [f"{location}/metadata/0a-m0.avro", f"{location}/data/event_date=2024-03-01/{OWN_FILE}"]
    for address in unused:
        storage.put(address, b"x")
    monkeypatch.setattr(glue_jobs.ingest.maintenance.orphan_files, "COMMITS_PER_ROUND", 0)
    monkeypatch.setattr(glue_jobs.ingest.maintenance.orphan_files, "ORPHAN_AFTER", timedelta(days=-1))
    assert "deleted 2 files of s3_access_log that nothing refers to" in said(raw, lake)
    there = {entry.address for entry in storage.list(f"{location}/")}
    assert there.isdisjoint(unused)
    assert {file.address for file in lake.load(ROWS).files()} <= there
    assert files(lake) == AFTER
    assert event_numbers(raw, lake) == EVERYTHING + Counter([200])
