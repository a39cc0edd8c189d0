"""Which snapshots a run compares, and which rows of daily_change it replaces."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from glue_jobs.config import Config
from glue_jobs.ingest.snapshots.daily_changes import IngestedFiles, stage_daily_changes
from glue_jobs.ingest.staging.change import Change
from glue_jobs.ingest.staging.data_files import write_file
from glue_jobs.ingest.staging.run_folder import RunFolder
from glue_jobs.ingest.staging.task_context import TaskContext
from glue_jobs.lake import StoredFile
from glue_jobs.progress import PlainReporter
from glue_jobs.sources.pipeline import SnapshotPipeline
from glue_jobs.sources.pipelines import PIPELINES
from glue_jobs.sources.s3_inventory_object.parser import SnapshotId
from glue_jobs.sources.s3_inventory_object.table import S3_INVENTORY_OBJECT

FIRST = datetime(2024, 5, 1, 1, 30)

(PIPELINE,) = (each for each in PIPELINES if isinstance(each, SnapshotPipeline))


def snapshot(day: int, inventory_id: str = "daily") -> SnapshotId:
    return SnapshotId("example-data", inventory_id, FIRST + timedelta(days=day))


def file_of(each: SnapshotId, address: str = "/file", deletes: bool = False, joined: bool = False) -> StoredFile:
    constants = (None, None) if joined else (each.inventory_id, each.time)
    return StoredFile(address, 1, (*each.partition.values(),), deletes, constants, None)  # type: ignore[arg-type]


class Stored:
    """A table of the lake: its data files, and for totals how many objects each snapshot has."""

    def __init__(self, files: Sequence[StoredFile] = (), objects: dict[SnapshotId, int] | None = None) -> None:
        self._files = [*files, *map(file_of, objects or {})]
        self._objects = objects or {}

    def files(self, source_bucket: set[str], snapshot_date: set[date]) -> list[StoredFile]:
        partitions = [(bucket, day) for bucket in source_bucket for day in snapshot_date]
        return [each for each in self._files if each.partition in partitions]

    def rows(self, _: Sequence[str], **partitions: set[Any]) -> pa.Table:
        return pa.Table.from_pylist(
            [{**each.columns, "objects": count} for each, count in self._objects.items()],
            schema=pa.schema({"inventory_id": pa.string(), "snapshot_time": pa.timestamp("us"), "objects": pa.int64()}),
        )


class Stage:
    """Stages the changes of a run whose snapshots have objects with these keys."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.told = io.StringIO()

    def keys(self, each: SnapshotId, keys: str) -> str:
        """The address of a data file with an object for each letter."""
        rows = [{"key": key, "size": 1, "account": "a", "repository": "r"} for key in keys]
        address = f"{self._folder}/{each.inventory_id}-{each.time:%d}.parquet"
        Path(address).parent.mkdir(exist_ok=True)
        table = pa.Table.from_pylist(rows, schema=S3_INVENTORY_OBJECT.arrow_schema)
        write_file(S3_INVENTORY_OBJECT, table, address, each.partition)
        return address

    def __call__(
        self, stored: list[StoredFile], ingested: IngestedFiles, totals: Stored | None = None, *changes: StoredFile
    ) -> Change:
        locations = {PIPELINE.changes.name: f"{self._folder}/changes"}
        run, day = RunFolder(f"{self._folder}/run", "r1"), date(2024, 5, 9)
        context = TaskContext(PIPELINE, Config(), PIPELINE.reference_data(Config()), run, day, locations)
        tables = {PIPELINE.totals: totals or Stored(), PIPELINE.changes: Stored(changes)}

        class Lake:
            load = staticmethod(tables.__getitem__)

        return stage_daily_changes(context, Lake(), stored, ingested, PlainReporter(self.told))  # type: ignore[arg-type]


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path / "lake")


def counts(change: Change) -> dict[tuple[int, int], tuple[int, int]]:
    """Days of both snapshots, and the numbers of added and removed objects."""
    rows = [row for file in change.files for row in pq.ParquetFile(file.address).read().to_pylist()]
    return {
        ((row["previous_snapshot_time"] - FIRST).days, (row["snapshot_time"] - FIRST).days): (
            row["added_objects"],
            row["removed_objects"],
        )
        for row in rows
    }


def test_a_late_snapshot_is_compared_with_the_previous_and_the_next(stage: Stage) -> None:
    stored = [file_of(snapshot(day), stage.keys(snapshot(day), keys)) for day, keys in ((0, "abc"), (2, "cde"))]
    stored += [file_of(snapshot(1, "other"), stage.keys(snapshot(1, "other"), "z"))]
    outdated = [file_of(snapshot(2), "/outdated"), file_of(snapshot(1), "/older delivery")]
    others = [file_of(snapshot(0), "/kept"), file_of(snapshot(2, "other"), "/other")]
    change = stage(stored, {snapshot(1): [stage.keys(snapshot(1), "bcd")]}, None, *outdated, *others)
    assert counts(change) == {(0, 1): (1, 1), (1, 2): (1, 1)}
    assert change.removed == outdated


def test_a_snapshot_that_has_only_totals_is_compared_if_it_is_empty(stage: Stage) -> None:
    ingested = {snapshot(1): [stage.keys(snapshot(1), "ab")]}
    assert counts(stage([], ingested, Stored(objects={snapshot(0): 0}))) == {(0, 1): (2, 0)}
    assert counts(stage([], ingested, Stored(objects={snapshot(0): 2}))) == {}
    other = Stored(objects={snapshot(0): 0, snapshot(0, "other"): 5})
    assert counts(stage([], ingested, other)) == {(0, 1): (2, 0)}


def test_a_snapshot_between_two_others_separates_them_although_it_has_only_totals(stage: Stage) -> None:
    stored = [file_of(snapshot(0), stage.keys(snapshot(0), "a"))]
    ingested = {snapshot(2): [stage.keys(snapshot(2), "ab")]}
    assert counts(stage(stored, ingested)) == {(0, 2): (1, 0)}
    assert counts(stage(stored, ingested, Stored(objects={snapshot(1): 7}))) == {}
    assert counts(stage(stored, {**ingested, snapshot(1): None})) == {}


@pytest.mark.parametrize(("days", "is_separated"), [(14, True), (15, False)])
def test_totals_are_looked_for_within_two_weeks(days: int, is_separated: bool, stage: Stage) -> None:
    stored = [file_of(snapshot(0), stage.keys(snapshot(0), "a"))]
    ingested = {snapshot(1 + days): [stage.keys(snapshot(1 + days), "ab")]}
    change = stage(stored, ingested, Stored(objects={snapshot(1): 7}))
    assert (counts(change) == {}) == is_separated
    # The same with days the other way around.
    stored = [file_of(snapshot(1 + days), stage.keys(snapshot(1 + days), "ab"))]
    change = stage(stored, {snapshot(0): [stage.keys(snapshot(0), "a")]}, Stored(objects={snapshot(days): 7}))
    assert (counts(change) == {}) == is_separated


def test_a_replaced_delivery_is_compared_by_its_new_rows_only(stage: Stage) -> None:
    stored = [file_of(snapshot(0), stage.keys(snapshot(0), "a")), file_of(snapshot(1), "/old delivery")]
    ingested = {snapshot(1): [stage.keys(snapshot(1), "ab")]}
    assert counts(stage(stored, ingested)) == {(0, 1): (1, 0)}
    # Without rows of its own it is not empty, whatever the totals of the earlier delivery say.
    assert counts(stage(stored, {snapshot(1): None}, Stored(objects={snapshot(1): 0}))) == {}


def test_snapshots_that_another_program_changed_are_not_compared(stage: Stage) -> None:
    ingested = {snapshot(1): [stage.keys(snapshot(1), "ab")]}
    address = stage.keys(snapshot(0), "a")
    assert counts(stage([file_of(snapshot(0), address)], ingested)) == {(0, 1): (1, 0)}
    totals = Stored(objects={snapshot(0): 1})
    assert counts(stage([file_of(snapshot(0), address, deletes=True)], ingested, totals)) == {}
    joined = [file_of(snapshot(0), address), file_of(snapshot(0), joined=True)]
    assert counts(stage(joined, ingested, totals)) == {}


def test_changes_that_another_program_joined_stay(stage: Stage) -> None:
    stored = [file_of(snapshot(0), stage.keys(snapshot(0), "a"))]
    ingested = {snapshot(1): [stage.keys(snapshot(1), "ab")]}
    change = stage(stored, ingested, None, file_of(snapshot(1), joined=True), file_of(snapshot(1)))
    assert (counts(change), change.removed) == ({}, [])


@pytest.mark.parametrize("damage", ["missing", "pages"])
def test_a_comparison_that_fails_is_reported_and_the_others_are_made(damage: str, stage: Stage) -> None:
    other, unreadable = snapshot(0, "other"), Path(stage.keys(snapshot(0), "abc"))
    content = unreadable.read_bytes()
    unreadable.unlink()
    if damage == "pages":
        unreadable.write_bytes(content[:4] + bytes(200) + content[204:])
    stored = [file_of(snapshot(0), str(unreadable)), file_of(other, stage.keys(other, "a"))]
    ingested = {each: [stage.keys(each, "ab")] for each in (snapshot(1), snapshot(1, "other"))}
    assert counts(stage(stored, ingested)) == {(0, 1): (1, 0)}
    problem = "it is not known what changed in example-data/daily between 2024-05-01 01:30 and 2024-05-02 01:30: "
    assert problem in stage.told.getvalue()


@pytest.mark.parametrize("time", [datetime(1, 1, 2), datetime(9999, 12, 31)])
def test_snapshots_at_the_end_of_time_are_compared(time: datetime, stage: Stage) -> None:
    before, after = (SnapshotId("example-data", "daily", time - timedelta(days=days)) for days in (1, 0))
    ingested = {each: [stage.keys(each, "a")] for each in (before, after)}
    assert len(counts(stage([], ingested))) == 1


def test_two_empty_snapshots_have_no_changes(stage: Stage) -> None:
    assert counts(stage([], {snapshot(0): [], snapshot(1): []})) == {}


def test_a_run_without_snapshots_changes_nothing(stage: Stage) -> None:
    assert stage([], {}) == Change([])
