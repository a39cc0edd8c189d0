"""The random choices of every kind of traffic: time, object, requester."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from glue_jobs.columns.numpy_types import Flags, Ints
from glue_jobs.sample.scenario.clients.requesters import Requester
from glue_jobs.sample.scenario.operations import NUMBER
from glue_jobs.sample.scenario.publisher import PUBLISHED, REPOSITORIES, Objects

DAY_SECONDS, HOUR_SECONDS = 86_400, 3_600
# Weights of the hours of the day, UTC: people in Europe and America work by day, machines also by night.
HOURS = (4, 3, 3, 3, 3, 4, 5, 7, 9, 11, 12, 12, 12, 13, 14, 15, 15, 14, 12, 10, 8, 7, 6, 5)
WEEKEND = 0.6

Block = dict[str, Ints]
"""Requests as columns; :func:`glue_jobs.sample.scenario.requests.requests.make_requests` documents them."""

DEFAULTS: dict[str, int | Ints | Flags] = {
    **dict.fromkeys(("bytes_sent", "object_size", "part", "copy_of", "is_hit"), -1),
    **{"status": 200, "names_version": 0, "fields": 0, "in_access_log": 1},
}
"""The values of columns that a block does not give."""


@dataclass(frozen=True)
class Traffic:
    """The requests of ``days`` days from ``start`` (seconds since 1970) on; ``rng`` is the only random source."""

    objects: Objects
    requesters: list[Requester]
    rng: np.random.Generator
    start: int
    days: int

    def times(self, count: int) -> Ints:
        """Random times: more by day than by night, fewer at weekends, increasing from week to week."""
        edges = self.start + HOUR_SECONDS * np.arange(24 * self.days + 1)
        moments = np.interp(self.rng.random(count), self._shares_of_hours, edges.astype(np.float64))
        return np.minimum(moments.astype(np.int64), self.start + self.days * DAY_SECONDS - 1)

    def pick(self, group: str, count: int) -> Ints:
        """Random requesters of the group: a few are frequent, most are rare."""
        members = self.groups[group]
        popularity = np.cumsum(1.0 / (np.arange(len(members)) + 5.0))
        picked: Ints = members[np.searchsorted(popularity, self.rng.random(count) * popularity[-1])]
        return picked

    def read_objects(self, count: int, *, bucket: int | None = None, repository: int | None = None) -> Ints:
        """Random published objects, popular ones often; of one bucket or data set only, if given."""
        objects, published = self.objects, self._published
        fits = np.ones(len(published), bool)
        if bucket is not None:
            fits &= objects.bucket[published] == bucket
        if repository is not None:
            fits &= objects.repository[published] == repository
        weight = np.cumsum(self._popularity * fits)
        picked: Ints = published[np.searchsorted(weight, self.rng.random(count) * weight[-1], side="right")]
        return picked

    def objects_of(self, role: str, count: int) -> Ints:
        """Random objects of a role, all equally often."""
        objects = np.flatnonzero(self.objects.role == role)
        return self.rng.permutation(np.resize(objects, max(count, len(objects))))[:count]

    def block(
        self,
        time: Ints,
        operation: str | Ints,
        objects: int | Ints,
        requester: int | Ints,
        **columns: int | Ints | Flags,
    ) -> Block:
        """Requests from columns and constants; each row is a separate request unless ``request`` numbers them."""
        given: dict[str, int | Ints | Flags] = {
            "time": time,
            "operation": NUMBER[operation] if isinstance(operation, str) else operation,
            "object": objects,
            "bucket": self.objects.bucket[objects],
            "requester": requester,
            "request": np.arange(len(time)),
        }
        rows = DEFAULTS | given | columns
        return {name: np.broadcast_to(np.asarray(values, np.int64), time.shape) for name, values in rows.items()}

    @cached_property
    def groups(self) -> dict[str, Ints]:
        """Positions of the requesters of every group."""
        names = np.array([each.group for each in self.requesters])
        return {str(name): np.flatnonzero(names == name) for name in np.unique(names)}

    @cached_property
    def _shares_of_hours(self) -> npt.NDArray[np.float64]:
        days = np.arange(self.days)
        # 1970 began on a Thursday, so Saturday and Sunday are days 2 and 3 of a week.
        is_weekend = np.isin((self.start // DAY_SECONDS + days) % 7, (2, 3))
        weights = (0.7 + 0.6 * days / self.days) * np.where(is_weekend, WEEKEND, 1.0)
        reached = np.cumsum(np.outer(weights, HOURS))
        shares: npt.NDArray[np.float64] = np.concatenate([[0.0], reached / reached[-1]])
        return shares

    @cached_property
    def _published(self) -> Ints:
        return np.flatnonzero(self.objects.role == PUBLISHED)

    @cached_property
    def _popularity(self) -> npt.NDArray[np.float64]:
        """Weight of each published object: Zipf over data sets, and again over the objects of one."""
        repository = self.objects.repository[self._published]
        first = np.searchsorted(repository, np.arange(len(REPOSITORIES)))
        rank = np.arange(len(repository)) - first[repository]
        weight: npt.NDArray[np.float64] = 1.0 / (repository + 1.0) ** 1.1 / (rank + 1.0) ** 0.8
        return weight
