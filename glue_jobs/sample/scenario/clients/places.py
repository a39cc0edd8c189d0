"""The locations of the sample's readers: places of the documentation networks, and the files that define them."""

from __future__ import annotations

import json
from datetime import date
from functools import cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path
from typing import Any, NamedTuple

from glue_jobs.sample.scenario.clients.place_database import write_database

DATABASE = "places.mmdb"

Region = tuple[str, str | None, float | None, float | None]
"""Country, region, latitude and longitude; without a known region, only the country."""

REGIONS: tuple[Region, ...] = (
    ("US", "California", 36.78, -119.42),
    ("DE", "Bavaria", 48.95, 11.4),
    ("US", "Massachusetts", 42.36, -71.06),
    ("GB", "England", 52.36, -1.17),
    ("FR", "Île-de-France", 48.85, 2.35),
    ("JP", "Tokyo", 35.69, 139.69),
    ("CN", "Beijing", 39.9, 116.41),
    ("US", "Oregon", 43.8, -120.55),
    ("BR", "São Paulo", -23.55, -46.63),
    ("IN", "Karnataka", 12.97, 77.59),
    ("AU", "New South Wales", -33.87, 151.21),
    ("CA", "Ontario", 43.65, -79.38),
    ("KE", None, None, None),
    ("NL", "North Holland", 52.37, 4.9),
    ("CH", "Zurich", 47.37, 8.54),
)

# Subnets so small that they have few readers.
FEW_READERS: dict[str, Region] = {
    "192.0.2.32/31": ("IS", "Capital Region", 64.14, -21.94),
    "198.51.100.66/31": ("NZ", "Otago", -45.87, 170.5),
}

# Networks that a provider's file lists: label, Region, country of the Region.
CLOUDS = {
    "192.0.2.192/28": ("GitHub", None, None),
    "198.51.100.176/28": ("AWS", "us-east-2", "US"),
    "203.0.113.176/28": ("GCP", "europe-west1", "BE"),
    "203.0.113.208/28": ("VPN", None, None),
    "2001:db8:a000::/36": ("AWS", "eu-west-1", "IE"),
}
# Networks without a place.
BOGONS = ("192.0.2.208/28", "192.0.2.240/28", "2001:db8:b000::/36")

AWS_REGIONS = {"us-east-1": "US", "us-west-2": "US", "eu-west-1": "IE"}
"""Countries of the Regions that the sample's access logs name."""


class SamplePlace(NamedTuple):
    """The origin of the requests of an address."""

    country: str | None
    place: str | None
    network: str | None


@cache
def _networks() -> dict[IPv4Network | IPv6Network, SamplePlace]:
    places = {ip_network(cidr): _place(region) for cidr, region in _listed().items()}
    for cidr, (label, region, country) in CLOUDS.items():
        places[ip_network(cidr)] = SamplePlace(country, f"{label}/{region}" if region else label, label.lower())
    return places


def _place(listed: Region) -> SamplePlace:
    country, region, *_ = listed
    return SamplePlace(country, f"{country}/{region}" if region else country, "other")


def _listed() -> dict[str, Region]:
    """The networks in the database, small enough that each documentation network has readers in several places."""
    wide = [ip_network("2001:db8::/32").subnets(new_prefix=36)]
    small = [ip_network(f"{start}0/24").subnets(new_prefix=28) for start in ("192.0.2.", "198.51.100.", "203.0.113.")]
    networks = [str(network) for networks in (*small, *wide) for network in networks]
    kept = [network for network in networks if network not in CLOUDS and network not in BOGONS]
    listed = {network: REGIONS[number % len(REGIONS)] for number, network in enumerate(kept)}
    for small_cidr, region in FEW_READERS.items():
        small_network = IPv4Network(small_cidr)
        around = next(network for network in kept if small_network.overlaps(ip_network(network)))
        rest = IPv4Network(around).address_exclude(small_network)
        listed |= {small_cidr: region} | dict.fromkeys(map(str, rest), listed.pop(around))
    return listed


def place_of(address: str) -> SamplePlace:
    """The place of an address; AWS services have names instead of addresses, and S3's own actions have neither."""
    if not address:
        return SamplePlace(None, None, None)
    if address.endswith(".amazonaws.com"):
        return SamplePlace(None, "AWS", "aws")
    found = (place for network, place in _networks().items() if ip_address(address) in network)
    return next(found, SamplePlace(None, "bogon", "other"))


def write_place_files(folder: Path, built: date) -> dict[str, Any]:
    """Write the network files and the region database; returns the configuration section ``places`` that names them."""
    by_label: dict[str, list[tuple[str, str | None]]] = {}
    for cidr, (label, region, _) in CLOUDS.items():
        by_label.setdefault(label, []).append((cidr, region))
    texts = {
        "meta.json": json.dumps({"actions": [cidr for cidr, _ in by_label["GitHub"]]}, indent=2),
        "ip-ranges.json": json.dumps(_aws(by_label["AWS"], built), indent=2),
        "cloud.json": json.dumps(_google(by_label["GCP"], built), indent=2),
        "vpn.txt": "".join(f"{cidr}\n" for cidr, _ in by_label["VPN"]),
    }
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    records = {cidr: _record(*region) for cidr, region in _listed().items()}
    write_database(folder / DATABASE, records, "Sample-City", built, "places of the sample are made up")
    networks = zip(("GitHub", "AWS", "GCP", "VPN"), texts, strict=True)
    return {
        "networks": [{"label": label, "file": name} for label, name in networks],
        "addresses": [DATABASE, "builtin"],
    }


def _aws(ranges: list[tuple[str, str | None]], built: date) -> dict[str, Any]:
    four = [{"ip_prefix": cidr, "region": region, "service": "EC2"} for cidr, region in ranges if ":" not in cidr]
    six = [{"ipv6_prefix": cidr, "region": region, "service": "EC2"} for cidr, region in ranges if ":" in cidr]
    return {"createDate": f"{built}-00-00-00", "prefixes": four, "ipv6_prefixes": six}


def _google(ranges: list[tuple[str, str | None]], built: date) -> dict[str, Any]:
    prefixes = [{"ipv4Prefix": cidr, "service": "Google Cloud", "scope": scope} for cidr, scope in ranges]
    return {"creationTime": f"{built}T00:00:00", "prefixes": prefixes}


def _record(country: str, region: str | None, latitude: float | None, longitude: float | None) -> dict[str, Any]:
    record: dict[str, Any] = {"country": {"iso_code": country}}
    if region is None:
        return record
    location = {"latitude": latitude, "longitude": longitude}
    return record | {"subdivisions": [{"names": {"en": region}}], "location": location}
