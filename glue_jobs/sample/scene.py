"""One day of one publisher, and the choices every kind of traffic makes in it: when, which object, which reader."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from glue_jobs.sample.publisher import PUBLISHED, Ints, Publisher
from glue_jobs.sample.readers import Readers

DAY_SECONDS = 86_400
# Requests per hour of the day, UTC: Europe and America work, the night belongs to machines.
HOURS = (4, 3, 3, 3, 3, 4, 5, 7, 9, 11, 12, 12, 12, 13, 14, 15, 15, 14, 12, 10, 8, 7, 6, 5)


@dataclass(frozen=True)
class Cast:
    """The publisher and its readers, and how popular each object is."""

    publisher: Publisher
    readers: Readers

    @cached_property
    def published(self) -> Ints:
        """Positions of the objects that are read."""
        return np.flatnonzero(self.publisher.objects.role == PUBLISHED)

    @cached_property
    def popularity(self) -> npt.NDArray[np.float64]:
        """Weight of each published object: Zipf over data sets, and again over the objects of one."""
        repository = self.publisher.objects.repository[self.published]
        first = np.searchsorted(repository, np.arange(len(self.publisher.repositories)))
        rank = np.arange(len(repository)) - first[repository]
        weight: npt.NDArray[np.float64] = 1.0 / (repository + 1.0) ** 1.1 / (rank + 1.0) ** 0.8
        return weight


@dataclass(frozen=True)
class Scene:
    """A day that begins at ``start`` (seconds since 1970); ``rng`` is the day's own."""

    cast: Cast
    start: int
    rng: np.random.Generator

    def times(self, how_many: int) -> Ints:
        """Moments of the day, more by day than by night."""
        edges = np.concatenate([[0.0], np.cumsum(HOURS) / sum(HOURS)])
        moments = np.interp(self.rng.random(how_many), edges, np.arange(25) * 3_600.0)
        seconds: Ints = np.minimum(moments.astype(np.int64), DAY_SECONDS - 1)
        return self.start + seconds

    def readers(self, group: str, how_many: int) -> Ints:
        """Readers of the group."""
        return self.cast.readers.pick(group, how_many, self.rng)

    def read_objects(self, how_many: int, *, bucket: int | None = None, repository: int | None = None) -> Ints:
        """Published objects, the popular ones often; of one bucket or data set where asked."""
        objects, popularity, published = self.cast.publisher.objects, self.cast.popularity, self.cast.published
        fits = np.ones(len(published), bool)
        if bucket is not None:
            fits &= objects.bucket[published] == bucket
        if repository is not None:
            fits &= objects.repository[published] == repository
        weight = np.cumsum(popularity * fits)
        picked: Ints = published[np.searchsorted(weight, self.rng.random(how_many) * weight[-1], side="right")]
        return picked

    def objects(self, role: int, how_many: int) -> Ints:
        """Objects of a role, each as likely as the other."""
        candidates = np.flatnonzero(self.cast.publisher.objects.role == role)
        return candidates[self.rng.integers(len(candidates), size=how_many)]

    def sizes(self, objects: Ints) -> Ints:
        """Sizes of these objects in bytes."""
        return self.cast.publisher.objects.size[objects]

    def buckets(self, objects: Ints) -> Ints:
        """Buckets of these objects."""
        return self.cast.publisher.objects.bucket[objects]
