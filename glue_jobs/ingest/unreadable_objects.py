"""The objects that a run cannot read: its tasks go on without them, all are counted, and some have a name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import TypeVar

from glue_jobs.errors import UnreadableObjectError

Result = TypeVar("Result")

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


def without_unreadable(read: Callable[[dict[str, UnreadableObjectError]], Result]) -> Result:
    """Call ``read`` until it gets through, again each time that an object becomes unreadable half-way; its result.

    ``read`` leaves out the objects in its argument, by address, and adds those of which it cannot read the first bytes.
    """
    unreadable: dict[str, UnreadableObjectError] = {}
    while True:
        try:
            return read(unreadable)
        except UnreadableObjectError as error:
            # Some of the object's rows may be written. Files that no commit names are deleted at the end of the run.
            unreadable[error.address] = error
