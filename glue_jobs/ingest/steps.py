"""The steps of a run: new raw objects in portions of bounded size, each of which is staged and committed by itself.

A run over years of logs holds the objects of one step in memory, and loses at most one step if it is killed. Most
runs have one step. Reasons: docs/decisions/0030-steps-of-a-run.md.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from itertools import islice

from glue_jobs.errors import UnreadableObjectError
from glue_jobs.ingest.discovery.discover import Listing
from glue_jobs.ingest.discovery.known_objects import KnownObjects
from glue_jobs.ingest.staging.unreadable_objects import UnreadableObjects
from glue_jobs.read.raw_object import RawObject
from glue_jobs.sources.pipeline import Pipeline
from glue_jobs.workers.gc_pause import gc_paused


@dataclass(frozen=True)
class StepLimits:
    """Upper limits of one step.

    ``objects`` counts new raw objects; the driver needs about a kilobyte for each. ``bytes`` is their unpacked size: a
    few workers ingest that much in less than an hour. ``snapshots`` counts manifests of inventories. ``listed`` is the
    number of listed objects that a run looks up in the ledger at a time.
    """

    objects: int = 1_000_000
    bytes: int = 64 * 2**30
    snapshots: int = 100
    listed: int = 250_000


LIMITS = StepLimits()


@dataclass(frozen=True)
class Step:
    """One portion of a run.

    ``new`` are its objects; ``reasons`` says, by address, why earlier runs could not read some of them. ``listed`` is
    the number of objects that the run has listed so far. ``manifests`` are all listed manifests of inventories.
    """

    number: int
    new: list[RawObject]
    reasons: dict[str, str]
    is_last: bool
    listed: int
    manifests: list[RawObject] = field(default_factory=list)

    @property
    def is_only(self) -> bool:
        """Whether the run has no other step."""
        return self.is_last and self.number == 1


class Steps:
    """The steps of a run, created one at a time while it lists objects.

    ``listed`` counts the objects listed so far, and ``ingested`` those of them that the ledger has; with ``force``,
    steps include these too. ``unreadable`` collects archived objects that the ledger already records as such.
    """

    def __init__(self, pipeline: Pipeline, listing: Listing, known: KnownObjects, force: bool = False) -> None:
        self.unreadable = UnreadableObjects()
        self.listed = self.ingested = 0
        self.force = force
        self._pipeline, self._listing, self._known = pipeline, listing, known
        self._reasons: dict[str, str] = {}
        self._first: date | None = None

    def __iter__(self) -> Iterator[Step]:
        return self._by_size() if self._pipeline.keeps_all_rows else self._newest_first()

    def title(self, step: Step) -> str:
        """``step 2 of about 5``. The total is exact for the last step; before that, the remaining days estimate it."""
        if step.is_last:
            return f"step {step.number} of {step.number}"
        days = [each.day for each in (step.new[0], step.new[-1]) if each.day]
        if len(days) < 2 or not self._listing.is_in_order:
            return f"step {step.number}"
        self._first = self._first or days[0]
        end = min(self._listing.window.until or date.max, datetime.now(UTC).date())
        done, total = ((day - self._first).days + 1 for day in (days[1], max(end, days[1])))
        return f"step {step.number} of about {max(-(-step.number * total // done), step.number + 1):,}"

    def _by_size(self) -> Iterator[Step]:
        """Steps that end with a day where that fills at least half of a step; otherwise a day is divided."""
        numbers, new, size, ratio = iter(range(1, 2**31)), list[RawObject](), 0, self._pipeline.compression_ratio
        # Where the last day starts in ``new``, and the size of the objects before it.
        day_at, day_size = 0, 0
        for block in self._blocks():
            for each in block:
                if new and each.day != new[-1].day:
                    day_at, day_size = len(new), size
                if new and (len(new) >= LIMITS.objects or size + each.entry.size * ratio > LIMITS.bytes):
                    # A step that is cut at a day boundary but less than half full would increase the number of steps.
                    is_filled = max(day_at / LIMITS.objects, day_size / LIMITS.bytes) >= 0.5
                    end, ended = (day_at, day_size) if is_filled else (len(new), size)
                    yield self._step(next(numbers), new[:end])
                    new, size, day_at, day_size = new[end:], size - ended, 0, 0
                new.append(each)
                size += each.entry.size * ratio
        yield self._step(next(numbers), new, is_last=True)

    def _newest_first(self) -> Iterator[Step]:
        """Steps of whole days, the newest first: only the latest snapshots keep their rows, and each is read once."""
        by_day: defaultdict[date, list[RawObject]] = defaultdict(list)
        manifests: list[RawObject] = []
        for block in self._blocks(manifests):
            for each in block:
                by_day[each.day or date.min].append(each)
        groups: list[list[date]] = [[]]
        for day in sorted(by_day, reverse=True):
            if sum(len(by_day[each]) for each in groups[-1]) >= LIMITS.snapshots:
                groups.append([])
            groups[-1].append(day)
        for number, days in enumerate(groups, 1):
            new = [each for day in reversed(days) for each in by_day[day]]
            yield self._step(number, new, number == len(groups), manifests)

    def _blocks(self, listed: list[RawObject] | None = None) -> Iterator[list[RawObject]]:
        """Blocks of listed objects that the ledger does not have; every listed object is appended to ``listed``."""
        objects = iter(self._listing.objects)
        while True:
            with gc_paused():
                block = list(islice(objects, LIMITS.listed))
                new = [*self._new(block)]
            if not block:
                return
            self.listed += len(block)
            if listed is not None:
                listed += block
            yield new

    def _new(self, block: Sequence[RawObject]) -> Iterator[RawObject]:
        found = self._known.subtract(block)
        self.ingested += len(block) - len(found)
        if self.force:
            reasons = {each.entry.address: reason for each, reason in found}
            found = [(each, reasons.get(each.entry.address)) for each in block]
        for each, reason in found:
            if reason and reason == each.entry.unreadable:
                self.unreadable.add(UnreadableObjectError(each.entry.address, reason), each.day)
                continue
            if reason:
                self._reasons[each.entry.address] = reason
            yield each

    def _step(
        self, number: int, new: list[RawObject], is_last: bool = False, manifests: Sequence[RawObject] = ()
    ) -> Step:
        addresses = {each.entry.address for each in new} if self._reasons else set()
        reasons = {address: self._reasons.pop(address) for address in addresses & self._reasons.keys()}
        return Step(number, new, reasons, is_last, self.listed, [*manifests])
