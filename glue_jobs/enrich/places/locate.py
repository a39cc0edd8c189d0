"""The origin of requests: country, place and network of each, by the section ``places`` of the configuration.

The first source with a match decides, in the order of DANDI's s3-log-extraction: network files in their order, then
address databases in theirs. An address without a match is ``unknown``, or ``bogon`` if it is not a public address.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from ipaddress import ip_address, ip_network
from socket import AF_INET, inet_ntop
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from glue_jobs.columns.arrays import distinct
from glue_jobs.columns.numpy_types import Flags, Ints
from glue_jobs.config import Places
from glue_jobs.enrich.address_ranges import KEY_TYPE, packed_address
from glue_jobs.enrich.places.cloud_regions import CLOUD_REGIONS
from glue_jobs.enrich.places.databases import Database, DatabaseEntry
from glue_jobs.enrich.places.network_files import NetworkFile
from glue_jobs.enrich.places.sources import database_name, network_name
from glue_jobs.enrich.reference_data import ReferenceData
from glue_jobs.errors import StorageError

BOGON, UNKNOWN = "bogon", "unknown"

NETWORKS = frozenset({"aws", "gcp", "azure", "github", "cloudflare", "vpn"})
OTHER = "other"
"""The network of every address outside `NETWORKS`."""

# A locator caches the places of addresses, about 200 bytes each; beyond this number it clears the cache.
MAX_REMEMBERED = 200_000

# Requests of AWS services have the name of the service in place of an address.
SERVICE_ENDINGS = (".amazonaws.com", "AWS Internal")

# RFC 9637 reserves this range for documentation; Python's list of special addresses lacks it.
_DOCUMENTATION = ip_network("3fff::/20")


class Location(NamedTuple):
    """The origin of a request: its country, the label of its place, and its network."""

    country: str | None
    place: str | None
    network: str | None


NOWHERE = Location(None, None, None)


class PlaceColumns(NamedTuple):
    """The columns country, place and network of some requests, each ``dictionary<int32, string>``."""

    country: pa.DictionaryArray
    place: pa.DictionaryArray
    network: pa.DictionaryArray


@dataclass
class Locator:
    """Looks up each address once, first in network files (by label), then in address databases (by name)."""

    networks: Sequence[tuple[str, NetworkFile]]
    databases: Sequence[tuple[str, Database]]
    _numbers: dict[Location, int] = field(default_factory=lambda: {NOWHERE: 0})
    _remembered: dict[str, int] = field(default_factory=dict)

    def locate(self, remote_ip: pa.Array, source_region: pa.Array | None = None) -> PlaceColumns:
        """The origin of each request. A null address, as in requests of S3 itself, has no location.

        ``remote_ip`` are addresses or names of AWS services. ``source_region`` is the AWS Region that S3 logged for a
        request from AWS; it takes precedence over the network files of AWS.
        """
        addresses, rows = distinct(remote_ip, encode=True)
        numbers = np.append(self._look_up(addresses.to_pylist()), 0)[rows]
        if source_region is not None and source_region.null_count < len(source_region):
            regions, region_rows = distinct(source_region, encode=True)
            labels = [self._number(_in_cloud("AWS", "AWS", region)) for region in regions.to_pylist()]
            logged = np.array([*labels, -1], np.int64)[region_rows]
            numbers = np.where((logged < 0) | self._is_before_aws()[numbers], numbers, logged)
        return self._columns(numbers)

    def _look_up(self, addresses: list[str | None]) -> Ints:
        if len(self._remembered) > MAX_REMEMBERED:
            self._remembered.clear()
        known = self._remembered
        new = [address for address in addresses if address is not None and address not in known]
        if new:
            known.update(zip(new, map(self._number, self._locations(new)), strict=True))
        return np.array([0 if address is None else known[address] for address in addresses], np.int64)

    def _locations(self, addresses: list[str]) -> list[Location]:
        packed = [packed_address(address) for address in addresses]
        found = [None if key else _not_an_address(text) for text, key in zip(addresses, packed, strict=True)]
        keys = np.array(packed, KEY_TYPE)
        for label, file in self.networks:
            numbers = file.ranges.find(keys)
            for position in np.flatnonzero(numbers >= 0).tolist():
                if found[position] is None:
                    found[position] = _in_cloud(label, file.provider, file.regions[numbers[position]])
        for address, database in self.databases:
            left = [position for position, location in enumerate(found) if location is None]
            texts = [_plain(addresses[position], packed[position]) for position in left]
            for position, place in zip(left, _find(database, texts, address), strict=True):
                if place is not None:
                    found[position] = Location(place.country, place.label, OTHER)
        return [location or _unlisted(key) for location, key in zip(found, packed, strict=True)]

    def _number(self, location: Location) -> int:
        return self._numbers.setdefault(location, len(self._numbers))

    def _is_before_aws(self) -> Flags:
        """Whether each location comes from a network file that is listed before that of AWS."""
        labels = [label for label, _ in self.networks]
        first = next((label for label, file in self.networks if file.provider == "AWS"), None)
        before = set(labels[: labels.index(first)]) if first else set()
        return np.array([(location.place or "").split("/")[0] in before for location in self._numbers])

    def _columns(self, numbers: Ints) -> PlaceColumns:
        columns = (pa.array(values, pa.string()).dictionary_encode() for values in zip(*self._numbers, strict=True))
        return PlaceColumns(*(each.take(pa.array(numbers)) for each in columns))


@lru_cache(maxsize=4)
def locator(places: Places, reference: ReferenceData) -> Locator:
    """The locator for the section ``places`` of a run's configuration; the tasks of a process share it.

    Raises:
        StorageError: a file of the section cannot be read.
    """
    return Locator(
        [(each.label, reference[network_name(number)]) for number, each in enumerate(places.networks)],
        [(address, reference[database_name(number)]) for number, address in enumerate(places.addresses)],
    )


def _find(database: Database, addresses: list[str], name: str) -> list[DatabaseEntry | None]:
    try:
        return database.find(addresses)
    except ValueError as error:
        raise StorageError(f"{name} cannot tell places: {error}") from error


def _in_cloud(label: str, provider: str | None, region: str | None) -> Location:
    """A location in a network. VPNs and GitHub have no country, because their users and machines can be anywhere."""
    known = CLOUD_REGIONS.get(f"{provider}/{region}")
    network = label.lower()
    return Location(
        known.country if known else None,
        f"{label}/{region}" if region else label,
        network if network in NETWORKS else OTHER,
    )


def _not_an_address(text: str) -> Location:
    is_service = text.endswith(SERVICE_ENDINGS)
    return Location(None, "AWS", "aws") if is_service else Location(None, UNKNOWN, OTHER)


def _plain(address: str, key: bytes) -> str:
    """The address in the form that databases contain: an IPv4-mapped address as its IPv4 address."""
    return inet_ntop(AF_INET, key[1:]) if ":" in address and key[:1] == b"4" else address


def _unlisted(key: bytes) -> Location:
    address = ip_address(key[1:])
    is_public = address.is_global and not (address.is_multicast or address.is_reserved or address in _DOCUMENTATION)
    return Location(None, UNKNOWN if is_public else BOGON, OTHER)
