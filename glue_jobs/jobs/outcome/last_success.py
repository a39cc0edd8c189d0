"""The time of each source's last successful run, stored in a small object of the lake per source.

The ledger does not have it: a run that finds nothing new succeeds too, but stores no row.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from datetime import UTC, date, datetime, time, timedelta

from glue_jobs.errors import ArgumentError, known_names
from glue_jobs.lake import Lake
from glue_jobs.publish.stale import StaleSource
from glue_jobs.sources import SOURCES
from glue_jobs.storage import storage_for


def record_success(lake: Lake, source: str, now: datetime) -> None:
    """Record that a run of the source succeeded at ``now`` (UTC); raises StorageError."""
    address = f"{_folder(lake)}{source}.json"
    storage_for(address).put(address, json.dumps({"succeeded_at": f"{now:%Y-%m-%dT%H:%M:%SZ}"}).encode())


def stale_sources(lake: Lake, expected: Collection[str] | None, fresh_since: datetime) -> tuple[StaleSource, ...]:
    """The expected sources without a successful run since ``fresh_since`` (UTC).

    If ``expected`` is None, these are the sources that have ever had a successful run.

    Raises:
        StorageError: the lake cannot be read.
    """
    successes = _last_successes(lake)
    expected = successes.keys() if expected is None else expected
    found = (StaleSource(source, successes.get(source)) for source in SOURCES if source in expected)
    return tuple(each for each in found if each.since is None or each.since < fresh_since)


def expected_sources(text: str | None) -> Collection[str] | None:
    """The sources that the argument ``sources`` names; raises ArgumentError for an unknown one."""
    if text is None:
        return None
    names = [name.strip() for name in text.split(",")]
    unknown = [name for name in names if name not in SOURCES]
    if unknown:
        raise ArgumentError(f"there is no source {unknown[0]!r}; {known_names(unknown[0], SOURCES)}")
    return names


def fresh_since(text: str | None, day: date) -> datetime:
    """The time in the argument ``run_started_at``; by default the start of the day before ``day``."""
    if text is None:
        return datetime.combine(day - timedelta(days=1), time(), UTC)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ArgumentError(f"run_started_at is a time such as 2024-05-07T02:00:00Z, not {text!r}") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _last_successes(lake: Lake) -> dict[str, datetime]:
    storage, found = storage_for(_folder(lake)), {}
    for entry in storage.list(_folder(lake)):
        source = entry.address.rpartition("/")[2].removesuffix(".json")
        found[source] = datetime.fromisoformat(json.loads(storage.get(entry.address))["succeeded_at"])
    return found


def _folder(lake: Lake) -> str:
    return f"{lake.location}/_last_success/{lake.database}/"
