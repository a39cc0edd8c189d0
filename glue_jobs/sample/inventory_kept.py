"""What the buckets kept before the sample begins, and what changes in them without any request in the logs.

Everything that is read is there; most of what is there is never read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from glue_jobs.sample.inventory_objects import History, Version
from glue_jobs.sample.publisher import MISSING, PUBLISHED, WORKING, Publisher

DAY, WEEK, YEAR = 86_400, 604_800, 31_557_600
TIDES, MAPS, ARCHIVE = range(3)
UNREAD_AT_SCALE_ONE, FEWEST_UNREAD = 700, 36
"""Objects of every data set that nobody reads."""
LIVES = 12
"""Of so many unread objects one is new, one goes, one is rewritten, and one is a copy of the one before it."""
NEW, GOES, REWRITTEN, COPY = 0, 1, 2, 5
WEEKS = 4
ARCHIVED = ("harbor-lab/whale-song/", "openmaps/satellite-mosaics/")
"""Data sets that the archive has a replica of."""
OLD_CLASSES = ("GLACIER", "DEEP_ARCHIVE", "GLACIER_IR", "STANDARD_IA", "ONEZONE_IA")
NEW_CLASSES = ("STANDARD", "STANDARD", "STANDARD", "INTELLIGENT_TIERING", "REDUCED_REDUNDANCY")
# Part two of the key is a file, empty or missing, or a name that CSV has to quote; twins tie in every order by size.
AWKWARD = (
    (TIDES, "favicon.ico", 4_286),
    (TIDES, "READ ME.txt", 900),
    (TIDES, "harbor-lab/README.md", 5_120),
    (TIDES, "rivers/terms, conditions.pdf", 88_000),
    (TIDES, "rivers//orphan.csv", 7_000),
    (TIDES, "harbor-lab//", 0),
    (TIDES, "rivers/discharge/", 0),
    (TIDES, "twin-a/data/values.bin", 2_147_483_648),
    (TIDES, "twin-b/data/values.bin", 2_147_483_648),
    (TIDES, "twin-b/more/values.bin", 0),
    (MAPS, "index.html", 1_500),
    (MAPS, "openmaps/LICENSE", 11_358),
    (MAPS, "openmaps//tile.png", 3_000),
    (MAPS, "twin-c/data/values.bin", 2_147_483_648),
    (ARCHIVE, 'old surveys/"North", & South/plan 100%+.pdf', 41_000_000),
    (ARCHIVE, "old surveys/notes/line one\nline two.txt", 120),
    (ARCHIVE, "old surveys/литораль/обзор.tif", 930_000_000),
    (ARCHIVE, "old surveys/it's a+b=c?/x%2Fy.csv", 64_000),
    (ARCHIVE, "old surveys/naïve \N{WHALE}/emoji.csv", 64_000),
    (ARCHIVE, "manifest of 2019.txt", 12_345),
)


@dataclass(frozen=True)
class Kept:
    """Fills the histories of the three buckets; the sample begins at ``start``, the last snapshots are about ``last``.

    ``new_id`` gives version ids; times in seconds since 1970.
    """

    publisher: Publisher
    histories: tuple[History, ...]
    new_id: Callable[[], str]
    rng: np.random.Generator
    start: int
    last: int

    def fill(self, scale: float) -> None:
        """Everything that is no consequence of a request; ``scale`` 1 is about 11,000 objects."""
        self._asked_for()
        for bucket, key, size in AWKWARD:
            self._put(bucket, Version(key, self._before(), size, key))
        many = max(FEWEST_UNREAD, int(UNREAD_AT_SCALE_ONE * scale))
        for repository in self.publisher.repositories:
            prefix = f"{repository.account}/{repository.name}/history"
            self._unread(repository.bucket, prefix, repository.size, many)
        self._unread(ARCHIVE, "old surveys/soundings", 25_000_000, 3 * many)

    def _asked_for(self) -> None:
        """The objects of the requests as they were before the first one."""
        objects = self.publisher.objects
        columns = zip(objects.key, objects.version_id, objects.bucket.tolist(), objects.size.tolist(), strict=True)
        for number, (key, version_id, bucket, size) in enumerate(columns):
            role, since = objects.role[number], self._before()
            if role == MISSING or (role == PUBLISHED and number % 7 == 3):
                # From before there were versions: its id is null.
                self._put(bucket, Version(key, since - YEAR, size // 2 + 1, f"{key} once"))
            if role == PUBLISHED or (role == WORKING and number % 2):
                multipart = size > 100_000_000
                self._put(bucket, Version(key, since, size, key, version_id, is_multipart=multipart))
            if role == MISSING:
                self.histories[bucket].delete(key, since, self.new_id())
            if role == PUBLISHED and key.startswith(ARCHIVED):
                replica = Version(key, since + 30, size, key, version_id, "GLACIER", is_multipart=size > 100_000_000)
                self._put(ARCHIVE, replica)

    def _unread(self, bucket: int, prefix: str, size: int, how_many: int) -> None:
        sizes = np.maximum((size * self.rng.lognormal(0.0, 0.8, how_many)).astype(np.int64), 1).tolist()
        for number in range(how_many):
            life, week = number % LIVES, number // LIVES % WEEKS
            key, turn = f"{prefix}/{1990 + number % 36}/part-{number:06d}.bin", self._in_week(week)
            content, length = (f"{prefix}{number - 1}", sizes[number - 1]) if life == COPY else ("", sizes[number])
            since = turn if life == NEW else self._before()
            self._put(bucket, self._version(key, since, length, content or f"{prefix}{number}", number))
            if life == GOES:
                self.histories[bucket].delete(key, turn, self.new_id())
            elif life == REWRITTEN:
                # Half of them keep their size.
                more = number // LIVES % 2 * 1_000
                self._put(bucket, self._version(key, turn, length + more, f"{prefix}{number} again", number))

    def _version(self, key: str, since: int, size: int, content: str, number: int) -> Version:
        classes = OLD_CLASSES if since < self.start - YEAR else NEW_CLASSES
        encryption = "NOT-SSE" if number % 11 == 7 else "SSE-KMS" if number % 17 == 9 else "SSE-S3"
        version_id = self.new_id() if since > self.start - 2 * YEAR else ""
        return Version(key, since, size, content, version_id, classes[number % len(classes)], encryption)

    def _put(self, bucket: int, version: Version) -> None:
        if bucket != MAPS:
            version.replication = "REPLICA" if bucket == ARCHIVE else self._replication(version)
        self.histories[bucket].put(version)

    def _replication(self, version: Version) -> str:
        if version.since < self.start - 2 * YEAR:
            return ""
        return ("COMPLETED", "FAILED")[version.size % 53 == 0] if version.since < self.last - DAY else "PENDING"

    def _before(self) -> int:
        """A time between five years and a month before the sample."""
        return int(self.start - self.rng.integers(30 * DAY, 5 * YEAR))

    def _in_week(self, weeks: int) -> int:
        """A time in the week that ends so many weeks before the last snapshot."""
        return int(self.last - weeks * WEEK - self.rng.integers(DAY, WEEK - DAY))


def new_ids(rng: np.random.Generator) -> Iterator[str]:
    """Version ids without an end."""
    while True:
        many = rng.bytes(16 * 1_024).hex()
        yield from (many[start : start + 32] for start in range(0, len(many), 32))
