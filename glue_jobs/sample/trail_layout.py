"""Records as files of a trail: gzip, in the folder of the day of delivery, late, sometimes twice, once cut short.

First the publisher's own trail delivers, later that of its organization; for a while both do.
Source: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/get-and-view-cloudtrail-log-files.html
"""

from __future__ import annotations

import os
import string
import zlib
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from glue_jobs.sample.connection import texts
from glue_jobs.sample.publisher import Ints
from glue_jobs.sample.scene import DAY_SECONDS
from glue_jobs.sample.trail_asides import ARCHIVE_ACCOUNT, TRAILS
from glue_jobs.sample.trail_truth import TrailObject

SLOT_SECONDS = 10_800
"""The records of one account and region are delivered together about so often."""
MOST_RECORDS = 20_000
"""Of one file; CloudTrail's files have at most 50 MB before compression."""
LATE_SHARE, TWICE_SHARE, ODD_SHARE = 0.002, 0.003, 0.0004
TWICE_DAYS = 20
ORGANIZATION = "o-exampleorgid"
ALPHABET = np.frombuffer((string.ascii_letters + string.digits).encode(), np.uint8)
LEVEL = 4
GZIP_WINDOW = 31
ADDENDUM = (
    ',"addendum":{"reason":"DELIVERY_DELAY","updatedFields":null,"originalRequestID":null,"originalEventID":null}}'
)
# Where the version stands in a record, and the first that has an addendum.
VERSION, ADDENDUM_SINCE = slice(17, 21), "1.08"
ODD_RECORDS = ('"AwsApiCall"', "42", '["GetObject"]', '"{\\"eventName\\":\\"GetObject\\"}"', "true")
"""Elements of a list of records that are none."""


ROW, OTHER, ODD = range(3)
"""Kind of a record: an event of S3; an event of another service; no record at all."""


class Slot(NamedTuple):
    """Records that become one file: number of the delivery, and in ``TRAILS``."""

    number: int
    trail: int


@dataclass
class Batch:
    """Records waiting to be delivered; ``kinds`` says of each whether it is ROW, OTHER or ODD."""

    texts: list[str] = field(default_factory=list)
    kinds: list[int] = field(default_factory=list)


class TrailDelivery:
    """Delivers days of records, in order, into a folder; keeps only those whose delivery is still to come.

    ``moved`` and ``end``, in seconds since 1970, are when the organization's trail took over and when events end.
    ``objects`` maps every file's path below the folder to its counts.
    """

    def __init__(self, folder: Path, rng: np.random.Generator, moved: int, end: int) -> None:
        self.folder, self.rng = folder, rng
        self.objects: dict[str, TrailObject] = {}
        self._moved = moved // SLOT_SECONDS
        self._last = (end + DAY_SECONDS // 2) // SLOT_SECONDS
        self._waiting: dict[Slot, Batch] = defaultdict(Batch)
        self._cut = False

    def add(self, records: list[str], trail: Ints, time: Ints, kinds: Ints, start: int) -> None:
        """Takes the records of the day that starts at ``start``; delivers what is due before it ends."""
        late = self._late_days(len(records))
        usual = self.rng.lognormal(5.7, 0.6, len(records))
        slots = np.minimum((time + usual + late * DAY_SECONDS).astype(np.int64) // SLOT_SECONDS, self._last)
        for place in np.flatnonzero(late).tolist():
            if records[place][VERSION] >= ADDENDUM_SINCE:
                records[place] = records[place][:-1] + ADDENDUM
        # The order within a file means nothing.
        order = np.lexsort((self.rng.random(len(records)), slots, trail))
        changes = np.flatnonzero(np.diff(slots[order]) | np.diff(trail[order])) + 1
        for places in np.split(order, changes):
            batch = self._waiting[Slot(int(slots[places[0]]), int(trail[places[0]]))]
            batch.texts.extend([records[place] for place in places.tolist()])
            batch.kinds.extend(kinds[places].tolist())
        self._deliver_twice(records, trail, slots, kinds)
        self._add_odd(len(records), trail, slots)
        self._flush((start + DAY_SECONDS) // SLOT_SECONDS)

    def close(self) -> None:
        """Delivers what is still waiting."""
        self._flush(max((slot.number for slot in self._waiting), default=0) + 1)

    def _late_days(self, how_many: int) -> npt.NDArray[np.float64]:
        days = np.where(self.rng.random(how_many) < LATE_SHARE, self.rng.uniform(1.0, 9.0, how_many), 0.0)
        # One record a day is late in any case, so that a small sample has late ones too.
        days[:1] = self.rng.uniform(1.0, 9.0)
        return days

    def _deliver_twice(self, records: list[str], trail: Ints, slots: Ints, kinds: Ints) -> None:
        for place in self._some(len(records), TWICE_SHARE):
            later = int(slots[place] + self.rng.integers(1, TWICE_DAYS * DAY_SECONDS // SLOT_SECONDS))
            number = max(min(later, self._last), int(slots[place]) + 1)
            batch = self._waiting[Slot(number, int(trail[place]))]
            batch.texts.append(records[place])
            batch.kinds.append(int(kinds[place]))

    def _add_odd(self, how_many: int, trail: Ints, slots: Ints) -> None:
        for place in self._some(how_many, ODD_SHARE):
            batch = self._waiting[Slot(int(slots[place]), int(trail[place]))]
            middle = len(batch.texts) // 2
            batch.texts.insert(middle, ODD_RECORDS[place % len(ODD_RECORDS)])
            batch.kinds.insert(middle, ODD)

    def _some(self, how_many: int, share: float) -> list[int]:
        chosen = self.rng.integers(how_many, size=1 + int(self.rng.poisson(how_many * share)))
        return sorted(set(chosen.tolist()))

    def _flush(self, before: int) -> None:
        for slot in sorted(slot for slot in self._waiting if slot.number < before):
            batch = self._waiting.pop(slot)
            when = (slot.number + 1) * SLOT_SECONDS + int(self.rng.integers(600))
            for organization in self._forms(slot):
                self._write(slot, organization, when, batch)

    def _forms(self, slot: Slot) -> Iterator[str]:
        """Nothing for the account's own trail, the organization's id for the organization's; or one after the other."""
        is_own = TRAILS[slot.trail][0] != ARCHIVE_ACCOUNT
        if is_own and slot.number <= self._moved:
            yield ""
        if not is_own or slot.number >= self._moved:
            yield f"{ORGANIZATION}/"

    def _write(self, slot: Slot, organization: str, when: int, batch: Batch) -> None:
        account, region = TRAILS[slot.trail]
        for start in range(0, len(batch.texts), MOST_RECORDS):
            records, kinds = batch.texts[start : start + MOST_RECORDS], batch.kinds[start : start + MOST_RECORDS]
            name = trail_path(f"{organization}{account}", account, "CloudTrail", region, when, self.unique())
            is_cut = not self._cut and len(self.objects) >= 12 and len(records) > 2 and kinds[0] == ROW
            self._cut |= is_cut
            put(self.folder / name, packed(_document(records, is_cut), is_cut), when)
            self.objects[name] = TrailObject(len(records) + is_cut, kinds.count(ODD) + is_cut, kinds.count(OTHER))

    def unique(self) -> str:
        """The end of a new file's name."""
        return texts(ALPHABET, 1, 16, self.rng)[0]


def trail_path(owner: str, account: str, kind: str, region: str, when: int, end: str) -> str:
    """Path of a file of a trail delivered at ``when``, in seconds since 1970; ``kind`` is CloudTrail or such."""
    day = datetime.fromtimestamp(when, UTC)
    minute = datetime.fromtimestamp(when - when % 300, UTC)
    return (
        f"AWSLogs/{owner}/{kind}/{region}/{day:%Y/%m/%d}/{account}_{kind}_{region}_{minute:%Y%m%dT%H%MZ}_{end}.json.gz"
    )


def _document(records: list[str], is_cut: bool) -> str:
    listed = ",".join(records)
    # What is cut is a copy of a record that is there: nothing is lost with it.
    return f'{{"Records":[{listed},{records[0][: len(records[0]) // 2]}' if is_cut else f'{{"Records":[{listed}]}}'


def packed(document: str, is_cut: bool = False) -> bytes:
    """The document as gzip without a time; what is cut ends without gzip's end."""
    compressor = zlib.compressobj(LEVEL, zlib.DEFLATED, GZIP_WINDOW)
    # Flushed like this, every byte put in can be had out again.
    end = zlib.Z_SYNC_FLUSH if is_cut else zlib.Z_FINISH
    return compressor.compress(document.encode()) + compressor.flush(end)


def put(path: Path, content: bytes, when: int) -> None:
    """Writes a file, last modified ``when``, in seconds since 1970."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    os.utime(path, (when, when))
