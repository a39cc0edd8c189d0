"""Changes between snapshots are stored whatever the order and number of deliveries."""

from __future__ import annotations

import random
import signal
from collections import Counter
from collections.abc import Mapping
from datetime import datetime

import pytest

import glue_jobs.ingest.snapshots.comparison
import glue_jobs.ingest.snapshots.snapshot_task
from tests.end_to_end.lakes import contents, left_over, let_a_day_pass, orphans
from tests.end_to_end.processes import killed_at
from tests.end_to_end.test_snapshots import PIPELINE, arguments, day, run
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
