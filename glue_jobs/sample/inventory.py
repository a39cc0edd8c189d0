"""The inventories of a sample: what the buckets kept Sunday after Sunday, in files, and the truth about it."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from glue_jobs.sample import inventory_tally as tally
from glue_jobs.sample.inventory_changes import Changes
from glue_jobs.sample.inventory_configuration import CONFIGURATIONS, Configuration
from glue_jobs.sample.inventory_kept import Kept, new_ids
from glue_jobs.sample.inventory_layout import InventoryDelivery
from glue_jobs.sample.inventory_objects import History, Version
from glue_jobs.sample.inventory_snapshot import Snapshots
from glue_jobs.sample.inventory_truth import Growth, InventoryTruth, SnapshotTruth
from glue_jobs.sample.publisher import Publisher
from glue_jobs.sample.scene import DAY_SECONDS
from glue_jobs.sample.traffic import Day

WEEK = 7 * DAY_SECONDS
FEWEST_SNAPSHOTS = 3
# 1970 began on a Thursday.
FIRST_SUNDAY = 3 * DAY_SECONDS
UNVERSIONED = "example-maps"


class Inventory:
    """Follows the days of a sample, in order, and then writes the inventories of its buckets below ``folder``.

    ``start`` and ``end`` in seconds since 1970 are when the days begin and end. However few they are, there are a few
    snapshots; the first ones are then of Sundays before the sample.
    """

    def __init__(self, folder: Path, publisher: Publisher, seed: int, start: int, end: int) -> None:
        self.folder, self.publisher, self.seed, self.start, self.end = folder, publisher, seed, start, end
        rng = np.random.default_rng([seed, 8])
        buckets = [configuration.bucket for configuration in CONFIGURATIONS]
        self.histories = tuple(History(bucket, versioned=bucket != UNVERSIONED) for bucket in buckets)
        ids = new_ids(rng)
        self.changes = Changes(publisher, self.histories, lambda: next(ids))
        self._kept = Kept(publisher, self.histories, lambda: next(ids), rng, start, self._sundays(0)[-1])

    def add(self, day: Day) -> None:
        """Takes the next day."""
        self.changes.add(day)

    def close(self, scale: float) -> InventoryTruth:
        """Writes every snapshot; returns what was generated. ``scale`` 1 is about 13,000 objects."""
        self._kept.fill(scale)
        self.changes.replay()
        snapshots: list[SnapshotTruth] = []
        strays = []
        for place, (configuration, history) in enumerate(zip(CONFIGURATIONS, self.histories, strict=True)):
            rng = np.random.default_rng([self.seed, 9, place])
            delivery = InventoryDelivery(self.folder, configuration, rng)
            rows = Snapshots(configuration, history.versions, self.publisher.buckets[0].owner)
            times = self._sundays(configuration.minute)
            for number, time in enumerate(times):
                complete = not (configuration.unfinished and time == times[-1])
                manifest = delivery.write(number, time, rows.rows(number, time, rng), complete)
                snapshots.append(self._truth(configuration, history, time, manifest, complete))
            strays.append(delivery.stray(times[0], rows.rows(0, times[0], rng)))
        return self._whole_truth(snapshots, strays)

    def _sundays(self, minute: int) -> list[int]:
        """The Sundays before the end of the sample, a few at least; at that minute, UTC."""
        last = (self.end - FIRST_SUNDAY - minute * 60 - 1) // WEEK * WEEK + FIRST_SUNDAY + minute * 60
        how_many = max(FEWEST_SNAPSHOTS, (last - self.start) // WEEK + 1)
        return [last - week * WEEK for week in reversed(range(how_many))]

    def _truth(
        self, configuration: Configuration, history: History, time: int, manifest: str, complete: bool
    ) -> SnapshotTruth:
        snapshot = tally.Snapshot(configuration.bucket, configuration.id, time, configuration.all_versions)
        return tally.snapshot_truth(snapshot, history.versions, manifest, complete)

    def _whole_truth(self, snapshots: list[SnapshotTruth], strays: list[str]) -> InventoryTruth:
        growth: list[Growth] = []
        kept: list[Version] = []
        read: list[tuple[Version, str, bool]] = []
        was_read = self._was_read()
        for configuration, history in zip(CONFIGURATIONS, self.histories, strict=True):
            times = self._sundays(configuration.minute)
            before, after = times[-3:-1] if configuration.unfinished else times[-2:]
            latest = tally.current(history.versions, after)
            growth.append(tally.growth(configuration.bucket, tally.current(history.versions, before), latest))
            kept += latest.values()
            read += [
                (version, version.class_at(after), (configuration.bucket, version.key) in was_read)
                for version in latest.values()
            ]
        return InventoryTruth(
            rows=sum(each.rows for each in snapshots if each.complete),
            snapshots=snapshots,
            accounts=tally.by_account(kept),
            repositories=tally.by_repository(kept),
            summary=tally.summary(kept),
            growth=growth,
            unread=tally.unread(read),
            strays=strays,
        )

    def _was_read(self) -> set[tuple[str, str]]:
        objects, buckets = self.publisher.objects, self.publisher.buckets
        return {
            (buckets[objects.bucket[number]].name, objects.key[number])
            for number in np.flatnonzero(self.changes.read).tolist()
        }
