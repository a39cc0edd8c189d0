"""The rows of the place table: countries and cloud Regions are built in; other regions come from city databases."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import NamedTuple

import pyarrow as pa

from glue_jobs.config import Config
from glue_jobs.enrich.places import cloud_regions, countries
from glue_jobs.enrich.places.databases import MaxMindFile
from glue_jobs.enrich.places.locate import BOGON, UNKNOWN
from glue_jobs.enrich.places.network_files import NetworkFile
from glue_jobs.enrich.places.sources import PREFIX, network_name
from glue_jobs.enrich.reference_data import ReferenceData
from glue_jobs.errors import LostRaceError
from glue_jobs.lake import Lake
from glue_jobs.progress import Reporter
from glue_jobs.tables.place import PLACE

# About ten metres; further digits would differ between machines.
COORDINATE_DIGITS = 4


class PlaceRow(NamedTuple):
    """A row of the table, without its source."""

    label: str
    country: str | None
    name: str
    latitude: float | None = None
    longitude: float | None = None


def keep_places(lake: Lake, config: Config, reference: ReferenceData, reporter: Reporter) -> None:
    """Add the places that rows of the run may have to the place table, and update those it already has.

    A city database is read completely if the lake has no row from it yet. The coordinates of a region are the middle
    of all its places in the database, so they reveal nothing about the readers.

    Raises:
        LakeError: the table cannot be read or written.
    """
    if not any(resource.name.startswith(PREFIX) for resource in reference.resources):
        return
    lake.create(PLACE)
    table = lake.load(PLACE)
    names = PLACE.arrow_schema.names
    known = {row["label"]: tuple(row[name] for name in names) for row in table.rows(tuple(names)).to_pylist()}
    sources = {source for *_, source in known.values()}
    rows = known | {row.label: (*row, source) for source, row in _places(config, reference, sources, reporter)}
    if rows == known:
        return
    columns = zip(*(rows[label] for label in sorted(rows)), strict=True)
    # Another run may have just written its places; the next run adds any missing ones.
    with suppress(LostRaceError):
        table.replace(pa.table([list(column) for column in columns], schema=PLACE.arrow_schema))


def _places(
    config: Config, reference: ReferenceData, known: set[object], reporter: Reporter
) -> Iterator[tuple[str, PlaceRow]]:
    """Rows with their source; a later row replaces an earlier one with the same label."""
    for code, country in countries.COUNTRIES.items():
        yield countries.SOURCE, PlaceRow(code, code, country.name, country.latitude, country.longitude)
    for label, region in cloud_regions.CLOUD_REGIONS.items():
        yield cloud_regions.SOURCE, PlaceRow(label, region.country, region.name, region.latitude, region.longitude)
    yield "", PlaceRow(BOGON, None, "private, reserved or documentation address")
    yield "", PlaceRow(UNKNOWN, None, "address that no database knows")
    for number, network in enumerate(config.places.networks):
        yield from _network_rows(network.label, reference[network_name(number)])
    # Reversed, because the first database with a region decides, as for addresses.
    for resource in reversed(reference.resources):
        source = reference.versions[resource.name]
        database = reference[resource.name] if resource.name.startswith(PREFIX) else None
        if isinstance(database, MaxMindFile) and database.has_regions and source not in known:
            reporter.say(f"reading the places of {resource.location}")
            yield from ((source, row) for row in region_rows(database))


def _network_rows(label: str, file: NetworkFile) -> Iterator[tuple[str, PlaceRow]]:
    yield file.licence, PlaceRow(label, None, file.title)
    for region in filter(None, file.regions):
        known = cloud_regions.CLOUD_REGIONS.get(f"{file.provider}/{region}")
        source = cloud_regions.SOURCE if known else file.licence
        yield source, PlaceRow(f"{label}/{region}", *(known or (None, region)))


def region_rows(database: MaxMindFile) -> Iterator[PlaceRow]:
    """The regions of a city database, each located in the middle of its places."""
    points: dict[tuple[str, str], set[tuple[float, float]]] = defaultdict(set)
    for found in database.every():
        if found.region and found.latitude is not None and found.longitude is not None:
            points[found.country, found.region].add((found.latitude, found.longitude))
    for (country, region), where in points.items():
        yield PlaceRow(f"{country}/{region}", country, region, *_middle(sorted(where)))


def _middle(points: Iterable[tuple[float, float]]) -> tuple[float, float]:
    """The middle on the globe: regions may lie on both sides of the date line."""
    x = y = z = 0.0
    for latitude, longitude in points:
        north, east = math.radians(latitude), math.radians(longitude)
        x, y, z = x + math.cos(north) * math.cos(east), y + math.cos(north) * math.sin(east), z + math.sin(north)
    latitude, longitude = math.degrees(math.atan2(z, math.hypot(x, y))), math.degrees(math.atan2(y, x))
    return round(latitude, COORDINATE_DIGITS), round(longitude, COORDINATE_DIGITS)
