"""What a source's discovery yields: raw objects and the day their name tells."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from datetime import date

from glue_jobs.storage import Entry

_COUNTING = threading.Lock()


@dataclass(frozen=True, slots=True)
class RawObject:
    """One raw object; ``day`` is the day in its key (UTC), None when the key has none."""

    entry: Entry
    day: date | None

    # As with `Entry`.
    def __reduce__(self) -> tuple[type[RawObject], tuple[Entry, date | None]]:
        return RawObject, (self.entry, self.day)


@dataclass(frozen=True)
class Window:
    """The days of raw objects a run looks at, both ends included; None leaves that side open."""

    since: date | None = None
    until: date | None = None

    def __contains__(self, day: date) -> bool:
        return (self.since is None or day >= self.since) and (self.until is None or day <= self.until)

    def __str__(self) -> str:
        if self.since is None and self.until is None:
            return "of all days"
        since = f"from {self.since}" if self.since else "from the beginning"
        return f"{since} to {self.until}" if self.until else f"{since} on"


@dataclass
class Skipped:
    """Objects below the raw path that are none of the source's, counted while listing.

    ``folders`` are those of related logs that the source leaves out on purpose; nobody has looked into them.
    ``unfinished`` are those of snapshots whose delivery has not ended; a later run finds them again. ``takeable`` says
    that ``--any-name`` takes the counted ones. ``empty_path`` is the raw path when nothing is below it at all.
    ``log_folders`` are the folders with years, or names with days, directly in them. ``sentences`` say what else is
    wrong with names.
    """

    count: int = 0
    example: str = ""
    folders: set[str] = field(default_factory=set)
    unfinished: set[str] = field(default_factory=set)
    takeable: bool = True
    empty_path: str = ""
    log_folders: set[str] = field(default_factory=set)
    sentences: list[str] = field(default_factory=list)

    def add(self, address: str) -> None:
        """Count one more; several threads may list."""
        with _COUNTING:
            self.count += 1
            self.example = self.example or address
