"""Log lines as raw objects in the layouts S3 delivers: late, sometimes twice, sometimes damaged.

The first bucket's objects are flat, named by delivery time; the second's are partitioned by event time.
Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/ServerLogs.html
"""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import numpy as np

from glue_jobs.sample.publisher import PUBLISHER_ACCOUNT, Bucket, Ints
from glue_jobs.sample.scene import DAY_SECONDS

SLOT_SECONDS = 5_400
"""S3 delivers the lines of one bucket together about so often."""
LATE_SHARE, TWICE_SHARE, CUT_SHARE = 0.002, 0.003, 0.0004
README = b"These are the access logs of the buckets of this folder.\nKeep for two years.\n"


class Slot(NamedTuple):
    """Lines that become one object: the bucket, the day of the events (0 in the flat layout), the delivery."""

    bucket: int
    event_day: int
    number: int


class Delivery:
    """Delivers days of lines, in order, into a folder; keeps only the lines whose delivery is still to come.

    ``objects`` maps every object's path below the folder to its non-blank lines and how many of these
    are damaged; ``skipped`` are files that are no logs.
    """

    def __init__(self, folder: Path, buckets: tuple[Bucket, Bucket], rng: np.random.Generator, end: int) -> None:
        self.folder, self.buckets, self.rng = folder, buckets, rng
        self.objects: dict[str, tuple[int, int]] = {}
        self.skipped: list[str] = []
        self._last_slot = (end + DAY_SECONDS // 2) // SLOT_SECONDS
        self._waiting: dict[Slot, list[str]] = defaultdict(list)
        self._damaged: Counter[Slot] = Counter()
        self._doubled: set[int] = set()

    def add(self, lines: list[str], bucket: Ints, time: Ints, start: int) -> None:
        """Takes the lines of the day that starts at ``start`` and delivers what is due before it ends."""
        slots = np.minimum((time + self._delays(len(lines))) // SLOT_SECONDS, self._last_slot)
        day = np.where(bucket == 1, start // DAY_SECONDS, 0)
        order = np.lexsort((slots, bucket))
        changes = np.flatnonzero(np.diff(slots[order]) | np.diff(bucket[order])) + 1
        for places in np.split(order, changes) if len(order) else []:
            first = places[0]
            slot = Slot(int(bucket[first]), int(day[first]), int(slots[first]))
            self._waiting[slot].extend([lines[place] for place in places.tolist()])
        self._deliver_twice(lines, bucket, day, slots)
        self._damage(lines, bucket, day, slots)
        self._flush((start + DAY_SECONDS) // SLOT_SECONDS)

    def close(self) -> None:
        """Delivers what is still waiting, an empty object, and a file that is no log."""
        last = max((slot.number for slot in self._waiting), default=self._last_slot)
        self._flush(last + 1)
        when = self._last_slot * SLOT_SECONDS - DAY_SECONDS
        self._write(self._name(Slot(0, 0, 0), when), b"", when, 0, 0)
        readme = f"logs/{self.buckets[0].name}/README.txt"
        self._put(readme, README, when)
        self.skipped.append(readme)

    def _delays(self, how_many: int) -> Ints:
        usual = self.rng.lognormal(8.3, 0.5, how_many)
        late = self.rng.random(how_many) < LATE_SHARE
        days = np.where(late, self.rng.uniform(1.0, 9.0, how_many), 0.0)
        # One line a day is late in any case, so that a small sample has late ones too.
        days[: 1 if how_many else 0] = self.rng.uniform(1.0, 9.0)
        delays: Ints = (usual + days * DAY_SECONDS).astype(np.int64)
        return delays

    def _deliver_twice(self, lines: list[str], bucket: Ints, day: Ints, slots: Ints) -> None:
        for place in self._some(len(lines), TWICE_SHARE):
            number = int(slots[place] + self.rng.integers(1, 6))
            self._waiting[Slot(int(bucket[place]), int(day[place]), number)].append(lines[place])

    def _damage(self, lines: list[str], bucket: Ints, day: Ints, slots: Ints) -> None:
        for place in self._some(len(lines), CUT_SHARE):
            quote = lines[place].find('"')
            if quote > 0:
                # Cut before the status at the latest: what is left is no line of any layout.
                slot = Slot(int(bucket[place]), int(day[place]), int(slots[place]))
                self._waiting[slot].append(lines[place][: int(self.rng.integers(20, quote + 4))].rstrip())
                self._damaged[slot] += 1

    def _some(self, how_many: int, share: float) -> list[int]:
        chosen = self.rng.integers(how_many, size=int(self.rng.poisson(how_many * share)))
        return sorted(set(chosen.tolist()))

    def _flush(self, before: int) -> None:
        for slot in sorted(slot for slot in self._waiting if slot.number < before):
            lines, damaged = self._waiting.pop(slot), self._damaged.pop(slot, 0)
            when = (slot.number + 1) * SLOT_SECONDS + int(self.rng.integers(600))
            self._write(self._name(slot, when), self._bytes(lines), when, len(lines), damaged)
            if len(self.objects) > 40 and len(lines) > 1 and slot.bucket not in self._doubled:
                self._doubled.add(slot.bucket)
                self._write(self._name(slot, when + 7), self._bytes(lines), when + 7, len(lines), damaged)

    def _bytes(self, lines: list[str]) -> bytes:
        # Some writers leave out the last line end, some add blank lines: neither is a record.
        end = ("", "\n\n\n")[len(self.objects) % 2] if len(self.objects) % 37 < 2 else "\n"
        return ("\n".join(lines) + end).encode("utf-8", "surrogateescape")

    def _name(self, slot: Slot, when: int) -> str:
        bucket, unique = self.buckets[slot.bucket], self.rng.bytes(8).hex().upper()
        if slot.bucket == 0:
            return f"logs/{bucket.name}/{_utc(when):%Y-%m-%d-%H-%M-%S}-{unique}"
        day = _utc(slot.event_day * DAY_SECONDS)
        folder = f"partitioned/{PUBLISHER_ACCOUNT}/{bucket.region}/{bucket.name}/{day:%Y/%m/%d}"
        return f"{folder}/{day:%Y-%m-%d}-00-00-00-{unique}"

    def _write(self, name: str, content: bytes, when: int, records: int, damaged: int) -> None:
        self._put(name, content, when)
        self.objects[name] = (records, damaged)

    def _put(self, name: str, content: bytes, when: int) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        os.utime(path, (when, when))


def _utc(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
