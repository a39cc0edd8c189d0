"""The objects that a run could not read: all are counted, and some of each reason have a name."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import date

from glue_jobs.errors import UnreadableObjectError

# Objects that a run names for each reason. The ledger has the names of all.
MAX_NAMED = 100


@dataclass
class UnreadableObjects:
    """``counts`` are by reason, ``errors`` name the first objects of each, ``days`` are those of all of them."""

    counts: Counter[str] = field(default_factory=Counter)
    errors: list[UnreadableObjectError] = field(default_factory=list)
    days: set[date | None] = field(default_factory=set)

    def add(self, error: UnreadableObjectError, day: date | None) -> None:
        """Count one more."""
        self.counts[error.reason] += 1
        self.days.add(day)
        if self.counts[error.reason] <= MAX_NAMED:
            self.errors.append(error)

    @property
    def unnamed(self) -> dict[str, int]:
        """How many more there are of each reason than ``errors`` name."""
        return {reason: count - MAX_NAMED for reason, count in self.counts.items() if count > MAX_NAMED}
