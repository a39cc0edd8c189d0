"""Address databases: the built-in allocations of the registries, and MMDB files of the user.

All look-ups are local. MMDB: https://maxmind.github.io/MaxMind-DB/.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from importlib.metadata import distribution
from itertools import islice
from tempfile import NamedTemporaryFile
from typing import Any, NamedTuple

from glue_jobs.enrich.places.countries import COUNTRIES

# The number of records in which a database of places must have at least one country.
RECORDS_LOOKED_AT = 1_000

# The credit that each licence requires, by a word in the type of the database.
LICENCES = {
    "dbip": "IP geolocation by DB-IP (https://db-ip.com), CC BY 4.0",
    "geolite": "includes GeoLite Data created by MaxMind, available from https://www.maxmind.com",
    "geoip": "includes GeoIP data created by MaxMind, available from https://www.maxmind.com",
    "ipinfo": "IP address data powered by IPinfo (https://ipinfo.io), CC BY-SA 4.0",
}


class DatabaseEntry(NamedTuple):
    """The entry of an address in a database: its country, and optionally a region and coordinates in degrees."""

    country: str
    region: str | None = None
    latitude: float | None = None
    longitude: float | None = None

    @property
    def label(self) -> str:
        """The label of the place: ``US/California``, or ``US`` if the region is unknown."""
        return f"{self.country}/{self.region}" if self.region else self.country


@dataclass(frozen=True)
class Registries:
    """The country of registration of every address, by the five regional internet registries; built in."""

    date: date | None
    title: str = "country of registration"
    licence: str = "delegation statistics of the regional internet registries, credit: NRO (https://www.nro.net)"

    @classmethod
    def read(cls, content: bytes) -> Registries:
        """The installed package iptocc. ``content`` is ignored, because the package contains its data in its code."""
        built = distribution("iptocc").read_text("sboms/iptocc-py.cyclonedx.json")
        made = json.loads(built)["metadata"]["timestamp"] if built else None
        return cls(date.fromisoformat(made[:10]) if made else None)

    def find(self, addresses: Sequence[str]) -> list[DatabaseEntry | None]:
        """The entry of each address, all of them valid."""
        from iptocc import country_code

        # Registries also have codes for regions, such as EU.
        return [DatabaseEntry(code) if code in COUNTRIES else None for code in country_code(addresses)]


class MaxMindFile:
    """A database in the MMDB format: of countries or cities, by MaxMind, DB-IP, IPinfo and others.

    ``has_regions`` is whether it has regions of countries.

    Raises:
        ValueError: the content is not an MMDB database, or has no countries.
    """

    def __init__(self, content: bytes) -> None:
        if content.startswith(b"\x1f\x8b"):
            raise ValueError("this file is compressed; unpack it")
        import maxminddb

        self._broken = maxminddb.InvalidDatabaseError
        # The package's fast reader maps a file into memory; once mapped, the file may be deleted.
        with NamedTemporaryFile(suffix=".mmdb") as file:
            file.write(content)
            file.flush()
            try:
                self._reader = maxminddb.open_database(file.name)
                metadata = self._reader.metadata()
                records = [record for _, record in islice(self._reader, RECORDS_LOOKED_AT)]
            except (self._broken, ValueError, OSError):
                raise ValueError("this is not a whole MMDB database") from None
        self.title = metadata.database_type
        places = [found for found in map(_entry, records) if found]
        if not places:
            raise ValueError(f"a database of the type {self.title!r} has no countries")
        self.has_regions = any(found.region for found in places)
        self.date = datetime.fromtimestamp(metadata.build_epoch, UTC).date()
        licences = [line for word, line in LICENCES.items() if word in self.title.lower().replace("-", "")]
        self.licence = next(iter([*licences, *metadata.description.values()]), "")
        self._has_ipv6 = metadata.ip_version == 6

    def find(self, addresses: Sequence[str]) -> list[DatabaseEntry | None]:
        """The entry of each address, all of them valid; raises ValueError if the database is damaged."""
        get = self._reader.get
        try:
            return [_entry(get(each)) if self._has_ipv6 or ":" not in each else None for each in addresses]
        except self._broken as error:
            raise ValueError(f"the database is damaged ({error})") from None

    def every(self) -> Iterator[DatabaseEntry]:
        """The entries of all its networks, without those that have no country."""
        return (found for _, record in self._reader if (found := _entry(record)))


Database = Registries | MaxMindFile
"""A database of the countries of addresses. ``date`` is its build date, None if unknown."""


def _entry(record: Any) -> DatabaseEntry | None:
    if not isinstance(record, Mapping):
        return None
    country = record.get("country")
    if isinstance(country, Mapping):
        # MaxMind and DB-IP.
        code, region = country.get("iso_code"), _first_subdivision(record)
        where = record.get("location")
    else:
        # IPinfo and ip-location-db. IPinfo Lite has the name in "country".
        code, region = record.get("country_code") or country, record.get("region") or record.get("state1")
        where = record
    if not isinstance(code, str) or code.upper() not in COUNTRIES:
        return None
    latitude, longitude = _coordinates(where) if isinstance(where, Mapping) else (None, None)
    return DatabaseEntry(code.upper(), region if isinstance(region, str) and region else None, latitude, longitude)


def _first_subdivision(record: Mapping[str, Any]) -> Any:
    subdivisions = record.get("subdivisions")
    names = subdivisions[0].get("names") if subdivisions else None
    return names.get("en") or next(iter(names.values()), None) if names else None


def _coordinates(where: Mapping[str, Any]) -> tuple[float | None, float | None]:
    north, east = where.get("latitude", where.get("lat")), where.get("longitude", where.get("lng"))
    try:
        return float(north), float(east)
    except (TypeError, ValueError):
        return None, None
