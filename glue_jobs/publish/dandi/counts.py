"""The exact numbers behind the summaries, from the table of access logs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, NamedTuple

from glue_jobs.config import Rounding
from glue_jobs.publish.engine import Engine
from glue_jobs.query.answer import records


@dataclass(frozen=True)
class Usage:
    """Bytes sent, requests and downloads."""

    bytes_sent: int
    requests: int
    downloads: int

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            self.bytes_sent + other.bytes_sent, self.requests + other.requests, self.downloads + other.downloads
        )


class Day(NamedTuple):
    """Usage of a data set on one day (UTC)."""

    dataset: str
    day: date
    usage: Usage


class AssetWeek(NamedTuple):
    """Usage of one asset in the week that begins on a Monday."""

    dataset: str
    asset: str
    monday: date
    usage: Usage


class Region(NamedTuple):
    """Usage of a data set from one place, such as ``US/Oregon`` or ``VPN``; ``country`` is where its addresses are."""

    dataset: str
    place: str
    country: str | None
    usage: Usage


@dataclass(frozen=True)
class Counts:
    """All numbers; ``requesters`` are addresses (reader ids) by data set, None being the whole archive."""

    days: tuple[Day, ...]
    asset_weeks: tuple[AssetWeek, ...]
    regions: tuple[Region, ...]
    requesters: dict[str | None, int]

    @property
    def datasets(self) -> list[str]:
        """Names of the data sets that were read, sorted."""
        return sorted({each.dataset for each in self.days})


def as_dandi_adds_up(counts: Counts, rounding: Rounding) -> Counts:
    """The counts as DANDI's own programs sum them for totals and for the archive, mistakes included.

    Numbers are rounded before they are added, hidden ones count as 0, people who read two data sets count twice, and
    the country of ``AWS/eu-west-1`` is ``EU``.
    """

    def published(usage: Usage) -> Usage:
        return Usage(usage.bytes_sent, rounding.known_part(usage.requests), rounding.known_part(usage.downloads))

    def country(place: str) -> str | None:
        name, slash, region = place.partition("/")
        if name == "AWS":
            return region.partition("-")[0].upper()
        return name if slash else country_of(place, None)

    return replace(
        counts,
        days=tuple(row._replace(usage=published(row.usage)) for row in counts.days),
        regions=tuple(row._replace(usage=published(row.usage), country=country(row.place)) for row in counts.regions),
        requesters=counts.requesters
        | {None: sum(rounding.known_part(people) for name, people in counts.requesters.items() if name is not None)},
    )


# Without a mapping, the asset is the part of the key below the folder of its data set.
REQUESTS = """
WITH request AS (
    SELECT
        CASE WHEN account IS NULL THEN repository ELSE concat(account, '/', repository) END AS dataset,
        CASE
            WHEN asset IS NOT NULL THEN asset
            WHEN account IS NULL AND starts_with(key, concat(repository, '/'))
                THEN substr(key, length(repository) + 2)
            WHEN starts_with(key, concat(account, '/', repository, '/'))
                THEN substr(key, length(account) + length(repository) + 3)
            ELSE key
        END AS asset,
        event_date,
        CAST(date_trunc('week', event_date) AS date) AS monday,
        coalesce(place, 'unknown') AS place,
        country,
        coalesce(reader_id, remote_ip, place) AS requester,
        coalesce(bytes_sent, 0) AS bytes_sent,
        CASE WHEN http_status = 200 THEN 1 ELSE 0 END AS download
    FROM s3_access_log
    WHERE operation = 'REST.GET.OBJECT'
        AND http_status BETWEEN 200 AND 299
        AND repository IS NOT NULL
        AND NOT coalesce(is_own, false)
)
"""

USAGE = "sum(bytes_sent) AS bytes_sent, count(*) AS requests, sum(download) AS downloads FROM request GROUP BY"


def country_of(place: str, country: str | None) -> str | None:
    """The country in the label of a place, or that of a cloud Region; None for places such as ``VPN``."""
    name, slash, _ = place.partition("/")
    if re.fullmatch("[A-Z]{2}", name):
        return name
    return country if slash else None


def count(engine: Engine) -> Counts:
    """Query all counts.

    Raises:
        UsageLakeError: a query failed.
    """
    days = _rows(engine, f"SELECT dataset, event_date, {USAGE} dataset, event_date ORDER BY 1, 2")
    weeks = _rows(engine, f"SELECT dataset, asset, monday, {USAGE} dataset, asset, monday ORDER BY 1, 2, 3")
    places = _rows(engine, f"SELECT dataset, place, max(country) AS country, {USAGE} dataset, place ORDER BY 1, 2")
    requesters = _rows(
        engine,
        "SELECT dataset, count(DISTINCT requester) AS requesters FROM request GROUP BY GROUPING SETS ((dataset), ())",
    )
    regions = (Region(*row) for row in _with_usage(places))
    return Counts(
        tuple(Day(*row) for row in _with_usage(days)),
        tuple(AssetWeek(*row) for row in _with_usage(weeks)),
        tuple(region._replace(country=country_of(region.place, region.country)) for region in regions),
        dict(requesters),
    )


def _rows(engine: Engine, select: str) -> list[tuple[Any, ...]]:
    return records(engine.run(REQUESTS + select))


def _with_usage(rows: list[tuple[Any, ...]]) -> Iterator[Any]:
    """The rows with their last three numbers as one value."""
    for row in rows:
        yield *row[:-3], Usage(*map(int, row[-3:]))
