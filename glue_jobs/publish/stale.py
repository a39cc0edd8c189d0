"""Sources whose data in the reports is older than it should be."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class StaleSource:
    """A source without a recent run that succeeded; ``since`` is the time (UTC) of its last one, None without any."""

    source: str
    since: datetime | None

    @property
    def sentence(self) -> str:
        """A notice for readers of the reports."""
        if self.since is None:
            return f"{self.source} is missing: no run of it has succeeded yet."
        return (
            f"{self.source} is stale since {self.since:%Y-%m-%d %H:%M} UTC, when its last successful run ended:"
            " what was delivered later is missing."
        )
