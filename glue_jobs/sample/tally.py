"""Counts requests as they are generated: the three definitions of a download, readers, robots, own traffic."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from glue_jobs.sample.publisher import Ints
from glue_jobs.sample.reading import PAUSE_SECONDS, Readings, join, readings_of
from glue_jobs.sample.request import ANSWERS, OPERATION, OPERATIONS, Requests
from glue_jobs.sample.scene import DAY_SECONDS, Cast
from glue_jobs.sample.traffic import Day
from glue_jobs.sample.truth import Group, Usage

Flags = npt.NDArray[np.bool_]
SIDES = ("all", "robots", "own", "others")
# The last entry is for no answer (-1).
SERVED = np.array([status in (200, 206) for status, _ in ANSWERS] + [False])
COMPLETE = np.array([status == 200 for status, _ in ANSWERS] + [False])
HAS_KEY = np.array([operation.has_key for operation in OPERATIONS])


class Tally:
    """Counts day after day. Of the requests it keeps only the readings that may still go on.

    Counts are arrays with an entry per group: the month's number times the data sets plus the data set.
    """

    def __init__(self, cast: Cast, first_month: np.datetime64, days: int) -> None:
        self.cast = cast
        self.operations = np.zeros(len(OPERATIONS), np.int64)
        self._first_month = first_month
        self._width = len(cast.publisher.repositories) + 1
        self._sides = {side: _Counts(self._width * (days // 28 + 2)) for side in SIDES}
        self._open = readings_of(_no_requests(), cast)
        readers = cast.readers
        self._is_robot = np.zeros(len(readers.all), bool)
        self._is_own = np.zeros(len(readers.all), bool)
        self._is_robot[readers.identity] = readers.is_robot == 1
        self._is_own[readers.identity] = readers.is_own == 1

    def add(self, day: Day) -> None:
        """Counts the requests of the next day."""
        requests = day.requests
        self.operations += np.bincount(requests.operation, minlength=len(OPERATIONS))
        has_key = HAS_KEY[requests.operation]
        group = self._group(requests.time, np.where(has_key, requests.object, -1))
        reader = self.cast.readers.identity[requests.reader]
        is_rest = requests.operation == OPERATION["REST.GET.OBJECT"]
        is_get = is_rest | (requests.operation == OPERATION["WEBSITE.GET.OBJECT"])
        is_served = is_get & SERVED[requests.answer]
        for side, fits in self._split(reader).items():
            counts = self._sides[side]
            counts.add("requests", group[fits])
            counts.add("bytes_sent", group[fits], np.maximum(requests.bytes_sent, 0)[fits])
            counts.add("complete_gets", group[fits & is_rest & COMPLETE[requests.answer]])
            counts.add("served_gets", group[fits & is_served])
            counts.meet("unique_requesters", group[fits], reader[fits])
            counts.meet("unique_readers", group[fits & is_served], reader[fits & is_served])
        served = readings_of(requests.take(np.flatnonzero(is_served)), self.cast)
        known = join(self._open, served)
        goes_on = known.last >= day.start + DAY_SECONDS - PAUSE_SECONDS
        self._open = known.take(goes_on)
        self._count_readings(known.take(~goes_on))

    def finish(self) -> None:
        """Counts the readings that were still open; no day may follow."""
        self._count_readings(self._open)

    def groups(self) -> list[Group]:
        """The counts of every month and data set that has any."""
        found = np.flatnonzero(self._sides["all"].numbers["requests"])
        return [self._named(number) for number in found.tolist()]

    def total(self, count: str, side: str = "all") -> int:
        """A count (``requests``, ``bytes_sent``, …) over all groups."""
        return int(self._sides[side].numbers[count].sum())

    def _count_readings(self, readings: Readings) -> None:
        group, is_download = self._group(readings.first, readings.object), readings.is_download
        for side, fits in self._split(readings.reader).items():
            self._sides[side].add("logical_downloads", group[fits & is_download])
            self._sides[side].add("partial_reads", group[fits & ~is_download])

    def _group(self, time: Ints, objects: Ints) -> Ints:
        repository = np.where(objects < 0, -1, self.cast.publisher.objects.repository[objects])
        month = (time.astype("datetime64[s]").astype("datetime64[M]") - self._first_month).astype(np.int64)
        result: Ints = month * self._width + np.where(repository < 0, self._width - 1, repository)
        return result

    def _split(self, reader: Ints) -> dict[str, Flags]:
        robots, own = self._is_robot[reader], self._is_own[reader]
        return {"all": np.ones(len(reader), bool), "robots": robots, "own": own, "others": ~robots & ~own}

    def _named(self, number: int) -> Group:
        month, place = divmod(number, self._width)
        repositories = self.cast.publisher.repositories
        repository = repositories[place] if place < len(repositories) else None
        return Group(
            month=str(self._first_month + month),
            account=repository.account if repository else None,
            repository=repository.name if repository else None,
            **{side: counts.usage(number) for side, counts in self._sides.items()},
        )


class _Counts:
    """The counts of one side of the traffic, for every group."""

    def __init__(self, groups: int) -> None:
        plain = ("requests", "complete_gets", "served_gets", "logical_downloads", "partial_reads", "bytes_sent")
        self.numbers = {name: np.zeros(groups, np.int64) for name in plain}
        self.readers: dict[str, list[set[int]]] = {
            name: [set() for _ in range(groups)] for name in ("unique_requesters", "unique_readers")
        }

    def add(self, name: str, group: Ints, amount: int | Ints = 1) -> None:
        np.add.at(self.numbers[name], group, amount)

    def meet(self, name: str, group: Ints, reader: Ints) -> None:
        for number in np.unique(group).tolist():
            self.readers[name][number].update(np.unique(reader[group == number]).tolist())

    def usage(self, group: int) -> Usage:
        sums = {name: int(values[group]) for name, values in self.numbers.items()}
        return Usage(**sums, **{name: len(readers[group]) for name, readers in self.readers.items()})


def _no_requests() -> Requests:
    nothing = np.zeros(0, np.int64)
    return Requests(*[nothing] * 11)
