"""What a correct lake counts in the sample's CloudTrail files, as the generator knows it; no file is read for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class TrailObject:
    """One file of a trail: its records, how many of them must be rejected, how many are of other services."""

    records: int
    rejected: int
    filtered: int


@dataclass(frozen=True)
class SubscriberMonth:
    """Data events of one month ('2026-03') and caller; null for AWS services, ``anonymous`` for nobody.

    ``gets`` are GetObject without an error and ``unique_objects`` their different objects; ``bytes_out`` is of all
    requests. Times are as CloudTrail writes them ('2026-03-01T00:00:05Z').
    """

    month: str
    subscriber_account_id: str | None
    requests: int
    errors: int
    gets: int
    bytes_out: int
    unique_objects: int
    first_seen: str
    last_seen: str


@dataclass(frozen=True)
class Denied:
    """Data events of one month, caller and name that were answered AccessDenied."""

    month: str
    subscriber_account_id: str | None
    event_name: str
    requests: int


@dataclass(frozen=True)
class AnonymousMonth:
    """Data events of one month, those without credentials, and those of AWS services."""

    month: str
    requests: int
    anonymous_requests: int
    requests_without_account: int
    bytes_out: int
    anonymous_bytes_out: int


@dataclass(frozen=True)
class TrailTruth:
    """What was generated. ``records = rows + duplicates + rejected + filtered``; a doubled record of another service
    is filtered twice.

    ``objects`` maps paths below ``raw/cloudtrail_s3_event`` to counts; ``skipped`` are files there, and
    ``skipped_folders`` their folders, that hold no events of requests. ``events`` are rows of callers with an account
    by month and name, management events included, as are ``unique_subscribers``, the different accounts of a month.
    ``management_events`` are rows by name, ``own_rows`` and ``robot_rows`` are of all rows; everything else is
    of data events. A caller of another account has no ARN, so only account and address make a row the publisher's own.
    """

    records: int
    rows: int
    duplicates: int
    rejected: int
    filtered: int
    bytes_out: int
    own_rows: int
    robot_rows: int
    access_point_rows: int
    management_events: dict[str, int]
    events: dict[str, dict[str, int]]
    unique_subscribers: dict[str, int]
    usage: list[SubscriberMonth]
    denied: list[Denied]
    anonymous: list[AnonymousMonth]
    objects: dict[str, TrailObject]
    skipped: list[str]
    skipped_folders: list[str]

    @classmethod
    def from_content(cls, content: dict[str, Any]) -> TrailTruth:
        """The truth from what its JSON text holds; TypeError when that is something else."""
        made = {
            "usage": [SubscriberMonth(**each) for each in content["usage"]],
            "denied": [Denied(**each) for each in content["denied"]],
            "anonymous": [AnonymousMonth(**each) for each in content["anonymous"]],
            "objects": {name: TrailObject(**counts) for name, counts in content["objects"].items()},
        }
        return cls(**{**content, **made})
