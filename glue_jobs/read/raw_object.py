"""The results of discovery: raw objects, each with the day in its name, and counts of the objects that were skipped."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from glue_jobs.storage import Entry

_COUNTING = threading.Lock()


class RawObject(NamedTuple):
    """One raw object; ``day`` is the day in its key (UTC), None when the key has none."""

    entry: Entry
    day: date | None


@dataclass(frozen=True)
class Window:
    """The days whose raw objects a run considers, both ends included; None leaves an end open."""

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
    """Objects below the raw path that do not belong to the source, counted while listing.

    ``folders`` hold related logs that the source excludes on purpose; their objects are not counted. ``unfinished`` are
    folders of snapshots that are not fully delivered; a later run finds them again. ``takeable`` is true if
    ``--any-name`` would ingest the counted objects. ``empty_path`` is the raw path if it contains no objects.
    ``log_folders`` directly contain folders of years or snapshots, or names with days. ``sentences`` describe other
    problems with names.
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
        """Count one more object. Thread-safe: several threads may list."""
        with _COUNTING:
            self.count += 1
            self.example = self.example or address
