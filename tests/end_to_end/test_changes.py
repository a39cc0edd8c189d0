"""Changes between snapshots are stored whatever the order and number of deliveries."""

from __future__ import annotations

import io
import random
import signal
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

import glue_jobs.ingest.snapshots.comparison
import glue_jobs.ingest.snapshots.snapshot_task
from glue_jobs.ingest.ingest import ingest
from glue_jobs.ingest.request import IngestRequest
from glue_jobs.lake import Lake
from glue_jobs.progress import PlainReporter
from glue_jobs.sources.s3_inventory_object.daily_change import DAILY_CHANGE
from glue_jobs.sources.s3_inventory_object.table import S3_INVENTORY_OBJECT
from tests.end_to_end.lakes import contents, left_over, let_a_day_pass, orphans
from tests.end_to_end.processes import killed_at
from tests.end_to_end.test_snapshots import FIRST, PIPELINE, arguments, day, run
from tests.inventories import Inventory, Record, record, records

Snapshots = Mapping[datetime, list[Record]]
Sums = dict[tuple[datetime, datetime, str | None, str | None], dict[str, int]]


def changes(lake: str) -> Sums:
    """The rows of daily_change without zeros."""
    found: Sums = {}
    for row in map(dict, contents(lake, PIPELINE).changes.elements()):
        place = (row["previous_snapshot_time"], row["snapshot_time"], row["account"], row["repository"])
        assert place not in found
        found[place] = {name: value for name, value in row.items() if isinstance(value, int) and value}
    return found


def expected(snapshots: Snapshots, kept: int = 8) -> Sums:
    """The expected changes between the latest ``kept`` snapshots, found object by object."""
    found: dict[tuple[datetime, datetime, str | None, str | None], Counter[str]] = {}
    times = sorted(snapshots)
    for earlier, later in zip(times[-kept:], times[-kept:][1:], strict=False):
        before, after = ({each["Key"]: each for each in snapshots[time]} for time in (earlier, later))
        for key in before.keys() | after.keys():
            old, new = before.get(key), after.get(key)
            account, repository = key.split("/")[:2]
            sums = found.setdefault((earlier, later, account, repository), Counter())
            if old:
                sums.update(objects_before=1, bytes_before=old["Size"] or 0)
            if new:
                sums.update(objects_after=1, bytes_after=new["Size"] or 0)
            if not old and new:
                sums.update(added_objects=1, added_bytes=new["Size"] or 0)
            if old and not new:
                sums.update(removed_objects=1, removed_bytes=old["Size"] or 0)
            if (
                old
                and new
                and any(differ(old.get(name), new.get(name)) for name in ("Size", "LastModifiedDate", "ETag"))
            ):
                sums.update(rewritten_objects=1, rewritten_bytes=new["Size"] or 0)
    return {place: {name: value for name, value in sums.items() if value} for place, sums in found.items()}


def differ(old: object, new: object) -> bool:
    return None not in (old, new) and old != new


def some_objects(chance: random.Random) -> list[Record]:
    """Objects of a small bucket in no order, some of them equal in all snapshots."""
    return [
        record(
            f"{chance.choice('abc')}/{chance.choice('xy')}/{number:03d}",
            chance.choice((number, number, 1, None)),
            ETag=chance.choice((f"{number:032x}", f"{number:032x}", "other", None)),
            LastModifiedDate=datetime(2024, 4, chance.choice((1, 1, 1, 2)), 12),
        )
        for number in chance.sample(range(60), chance.choice((0, 1, 20, 50)))
    ]


@pytest.mark.parametrize("seed", range(6))
def test_changes_do_not_depend_on_the_runs_that_ingest_the_snapshots(
    seed: int, inventory: Inventory, lake: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Snapshots come late, again, and several per run, with many data files and key ranges."""
    chance = random.Random(seed)
    bytes_per_file, range_bytes = (1, 3_000, 2**30)[seed % 3], (1, 500, 2**30)[seed // 2]
    monkeypatch.setattr(glue_jobs.ingest.snapshots.snapshot_task, "BYTES_PER_DATA_FILE", bytes_per_file)
    monkeypatch.setattr(glue_jobs.ingest.snapshots.comparison, "MAX_RANGE_BYTES", range_bytes)
    snapshots: dict[datetime, list[Record]] = {}
    for _ in range(6):
        for _ in range(chance.choice((1, 1, 2, 3))):
            time = day(chance.randrange(8))
            snapshots[time] = some_objects(chance)
            half = len(snapshots[time]) // 2
            inventory.deliver(time, snapshots[time][:half], snapshots[time][half:])
        run(inventory, lake)
        assert changes(lake) == expected(snapshots)


def test_changes_stay_when_the_rows_of_the_snapshots_are_dropped(inventory: Inventory, lake: str) -> None:
    snapshots = {day(number): records(number + 1, number) for number in range(5)}
    for time, objects in snapshots.items():
        inventory.deliver(time, objects)
        run(inventory, lake, keep_snapshots=2)
    assert changes(lake) == expected(snapshots)


def test_a_backfill_compares_the_snapshots_whose_rows_it_keeps(inventory: Inventory, lake: str) -> None:
    snapshots = {day(number): records(number + 1, number) for number in range(5)}
    for time, objects in snapshots.items():
        inventory.deliver(time, objects)
    run(inventory, lake, keep_snapshots=3)
    assert changes(lake) == expected(snapshots, kept=3)


def test_a_snapshot_is_compared_with_one_of_the_same_inventory_only(inventory: Inventory, lake: str) -> None:
    others = [replace(inventory, config="other"), replace(inventory, bucket="more-data")]
    inventory.deliver(FIRST, records(2))
    for other in others:
        other.deliver(day(1), records(3))
    inventory.deliver(day(2), records(4))
    run(inventory, lake)
    assert {place[:2] for place in changes(lake)} == {(FIRST, day(2))}


def test_other_versions_and_delete_markers_are_no_current_objects(inventory: Inventory, lake: str) -> None:
    versions = [
        record("a/x/gone", 5, VersionId="1", IsLatest=False, IsDeleteMarker=False),
        record("a/x/gone", None, VersionId="2", IsLatest=True, IsDeleteMarker=True),
        record("a/x/new", 7, VersionId="1", IsLatest=True, IsDeleteMarker=False),
        record("a/x/new", 3, VersionId="0", IsLatest=False, IsDeleteMarker=False),
    ]
    raw = inventory.all_versions()
    raw.deliver(FIRST, [{**versions[0], "IsLatest": True}])
    raw.deliver(day(1), versions)
    run(inventory, lake)
    assert changes(lake) == {
        (FIRST, day(1), "a", "x"): {
            "objects_before": 1,
            "objects_after": 1,
            "bytes_before": 5,
            "bytes_after": 7,
            "added_objects": 1,
            "added_bytes": 7,
            "removed_objects": 1,
            "removed_bytes": 5,
        }
    }


def test_a_snapshot_with_lost_files_is_reported_and_not_compared(inventory: Inventory, lake: str) -> None:
    inventory.deliver(FIRST, records(2))
    run(inventory, lake)
    for file in Lake(lake, "usage_lake").load(S3_INVENTORY_OBJECT).files():
        Path(file.address).unlink()
    inventory.deliver(day(1), records(3))
    output = io.StringIO()
    request = IngestRequest(PIPELINE, inventory.address, Lake(lake, "usage_lake"))
    assert ingest(request, PlainReporter(output)).totals.rows == 3
    message = (
        "it is not known what changed in example-data/daily between 2024-05-01 01:30 and 2024-05-02 01:30: cannot read "
    )
    assert message in output.getvalue()
    assert Lake(lake, "usage_lake").load(DAILY_CHANGE).files() == []


def test_changes_that_another_program_joined_are_not_replaced(inventory: Inventory, lake: str) -> None:
    """As Athena's OPTIMIZE does to small files of a partition."""
    other = replace(inventory, config="other")
    for number in range(2):
        inventory.deliver(day(number), records(number + 2))
        other.deliver(day(number), records(number + 4))
    run(inventory, lake)
    loaded = Lake(lake, "usage_lake").load(DAILY_CHANGE)
    rows = loaded.rows(tuple(DAILY_CHANGE.arrow_schema.names))
    loaded.replace(rows)
    inventory.deliver(day(1), records(8))
    inventory.deliver(day(2), records(9))
    assert not run(inventory, lake).failed
    found = Lake(lake, "usage_lake").load(DAILY_CHANGE).rows(("snapshot_time", "added_objects")).to_pylist()
    assert sum(row["snapshot_time"] == day(1) for row in found) == rows.num_rows == 4
    assert sum(row["added_objects"] for row in found if row["snapshot_time"] == day(2)) == 1


@pytest.mark.parametrize("step", ["after the plan", "after the rows", "before the changes", "after the changes"])
def test_outdated_changes_are_removed_although_the_run_is_killed(step: str, inventory: Inventory, lake: str) -> None:
    for number in (0, 1):
        inventory.deliver(day(number), records(number + 1))
    run(inventory, lake)
    for number in (0, 1):
        inventory.deliver(day(number), [])
    assert changes(lake)
    assert killed_at(step, arguments(inventory, lake)) == -signal.SIGKILL
    run(inventory, lake)
    assert changes(lake) == {}
    let_a_day_pass(lake)
    assert run(inventory, lake).run_id is None
    assert (left_over(lake), orphans(lake)) == ([], set())
