"""The numbers of records of each raw object in a chunk that became rows, were rejected, or were dropped."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from glue_jobs.columns.numpy_types import Ints
from glue_jobs.read.parsed import Parsed

_LIMITS = np.iinfo(np.int64)


@dataclass(frozen=True)
class ObjectCounts:
    """Counts of a chunk's raw objects; element ``i`` of each array belongs to ``addresses[i]``.

    ``rows`` includes the ``duplicates``. ``first`` and ``last`` are the event times of the earliest and the latest row,
    in microseconds since 1970 (UTC); for an object without rows, ``first`` is larger than ``last``.
    """

    addresses: list[str]
    rows: Ints
    rejected: Ints
    filtered: Ints
    first: Ints
    last: Ints
    duplicates: Ints

    @classmethod
    def zero(cls, addresses: list[str]) -> ObjectCounts:
        """Zero counts for objects of which nothing has been read."""
        rows, rejected, filtered, duplicates = (np.zeros(len(addresses), np.int64) for _ in range(4))
        first, last = (np.full(len(addresses), limit, np.int64) for limit in (_LIMITS.max, _LIMITS.min))
        return cls(addresses, rows, rejected, filtered, first, last, duplicates)

    def add(self, parsed: Parsed, row_owners: Ints, filtered_owners: Ints, rejected_owners: Ints) -> None:
        """Add what a parser returned; the owners are indices of the objects that the records belong to."""
        for counts, owners in (
            (self.rows, row_owners),
            (self.filtered, filtered_owners),
            (self.rejected, rejected_owners),
        ):
            counts += self._per_object(owners)
        if len(row_owners):
            times = pc.cast(parsed.rows["event_time"], pa.int64()).to_numpy()
            edges = np.flatnonzero(np.diff(row_owners, prepend=-1))
            np.minimum.at(self.first, row_owners[edges], np.minimum.reduceat(times, edges))
            np.maximum.at(self.last, row_owners[edges], np.maximum.reduceat(times, edges))

    def add_duplicates(self, owners: Ints) -> None:
        """Count rows that are dropped because the same record is stored already or was read before."""
        counts = self.duplicates
        counts += self._per_object(owners)

    def records(self, owner: int) -> int:
        """The number of records of an object that have been read so far."""
        return int(self.rows[owner] + self.rejected[owner] + self.filtered[owner])

    def _per_object(self, owners: Ints) -> Ints:
        return np.bincount(owners, minlength=len(self.addresses))
