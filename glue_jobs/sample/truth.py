"""What a correct lake counts in the sample, as the generator knows it; no log line is read for it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

from glue_jobs.sample.inventory_truth import InventoryTruth
from glue_jobs.sample.trail_truth import TrailTruth


@dataclass(frozen=True)
class Usage:
    """Counts of one month and data set.

    ``requests`` and ``bytes_sent`` are of all logged actions; ``unique_requesters`` are the different
    readers among them (requester, or else address and user agent), ``unique_readers`` those with a
    served GET. A read belongs to the month it began in.
    """

    requests: int
    complete_gets: int
    served_gets: int
    logical_downloads: int
    partial_reads: int
    bytes_sent: int
    unique_requesters: int
    unique_readers: int


@dataclass(frozen=True)
class Group:
    """One month ('2026-03') and data set, null where the key belongs to none.

    ``all`` counts everything, ``robots`` and ``own`` these readers alone (own robots in both),
    ``others`` who is neither.
    """

    month: str
    account: str | None
    repository: str | None
    all: Usage
    robots: Usage
    own: Usage
    others: Usage


@dataclass(frozen=True)
class RawObject:
    """One raw object: its non-blank lines, and how many of them are damaged and must be rejected."""

    records: int
    rejected: int


@dataclass(frozen=True)
class Truth:
    """What was generated. ``records = rows + duplicates + rejected``, of access logs but for ``cloudtrail``
    and ``inventory``.

    ``objects`` maps paths below ``raw/s3_access_log`` to counts, ``skipped`` are files there that are no
    logs. ``operations``, ``bytes_sent`` and ``groups`` are of rows, without duplicates and rejected lines.
    """

    seed: int
    scale: float
    first_day: str
    last_day: str
    records: int
    rows: int
    duplicates: int
    rejected: int
    bytes_sent: int
    robot_rows: int
    own_rows: int
    operations: dict[str, int]
    groups: list[Group]
    objects: dict[str, RawObject]
    skipped: list[str]
    cloudtrail: TrailTruth
    inventory: InventoryTruth

    def to_json(self) -> str:
        """The truth as a JSON text; the same truth always gives the same text."""
        return json.dumps(asdict(self), indent=1, ensure_ascii=False) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Truth:
        """The truth that :meth:`to_json` wrote; KeyError or TypeError when the text is something else."""
        content: dict[str, Any] = json.loads(text)
        content["groups"] = [_group(group) for group in content["groups"]]
        content["objects"] = {name: RawObject(**counts) for name, counts in content["objects"].items()}
        content["cloudtrail"] = TrailTruth.from_content(content["cloudtrail"])
        content["inventory"] = InventoryTruth.from_content(content["inventory"])
        return cls(**content)


def _group(content: dict[str, Any]) -> Group:
    usages: dict[str, Any] = {name: Usage(**content[name]) for name in ("all", "robots", "own", "others")}
    return Group(**{**content, **usages})
