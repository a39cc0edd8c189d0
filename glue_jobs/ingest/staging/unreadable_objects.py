"""The objects that a run cannot read. Its tasks continue without them; all are counted, and some are named."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

from glue_jobs.errors import UnreadableObjectError

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")

Unreadable = dict[str, UnreadableObjectError]
"""Objects, by address, and why they cannot be read."""

# A run names at most this many objects for each reason. The ledger has the names of all.
MAX_NAMED = 100


@dataclass
class UnreadableObjects:
    """``counts`` are by reason, ``errors`` name the first objects of each reason, ``days`` are the days of all."""

    counts: Counter[str] = field(default_factory=Counter)
    errors: list[UnreadableObjectError] = field(default_factory=list)
    days: set[date | None] = field(default_factory=set)

    def add(self, error: UnreadableObjectError, day: date | None) -> None:
        """Count an object, given by its error and its day."""
        self.counts[error.reason] += 1
        self.days.add(day)
        if self.counts[error.reason] <= MAX_NAMED:
            self.errors.append(error)

    @property
    def unnamed(self) -> dict[str, int]:
        """For each reason, the number of objects that ``errors`` do not name."""
        return {reason: count - MAX_NAMED for reason, count in self.counts.items() if count > MAX_NAMED}


def without_unreadable(task: Callable[Concatenate[Unreadable, Arguments], Result]) -> Callable[Arguments, Result]:
    """Call ``task``, and start it again each time that an object turns out to be unreadable after its first bytes.

    The first argument of ``task`` has the objects that are unreadable so far. The task skips these, and adds those
    whose first bytes it cannot read. Callers of the decorated function pass the other arguments only.
    """

    @wraps(task)
    def repeated(*arguments: Arguments.args, **named: Arguments.kwargs) -> Result:
        unreadable: Unreadable = {}
        while True:
            try:
                return task(unreadable, *arguments, **named)
            except UnreadableObjectError as error:
                # Some of its rows may have been written. Files without a commit are deleted at the end of the run.
                unreadable[error.address] = error

    return repeated
