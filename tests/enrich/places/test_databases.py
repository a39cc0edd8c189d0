"""Databases of addresses: MMDB files of several providers, and the registries' allocations."""

from __future__ import annotations

from datetime import date
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest

from glue_jobs.enrich.places.databases import DatabaseEntry, MaxMindFile, Registries
from glue_jobs.sample.scenario.clients.place_database import write_database

BUILT = date(2026, 11, 1)
CITY = {
    "country": {"iso_code": "US", "names": {"de": "Vereinigte Staaten", "en": "United States"}},
    "subdivisions": [{"names": {"de": "Kalifornien", "en": "California"}}, {"names": {"en": "Los Angeles County"}}],
    "location": {"latitude": 34.05, "longitude": -118.24},
}


def database(folder: Path, records: dict[str, Any], title: str = "DBIP-City-Lite", **options: Any) -> MaxMindFile:
    write_database(folder / "some.mmdb", records, title, BUILT, **options)
    return MaxMindFile((folder / "some.mmdb").read_bytes())


@pytest.mark.parametrize(
    ("record", "found"),
    [
        (CITY, DatabaseEntry("US", "California", 34.05, -118.24)),
        ({"country": {"iso_code": "FR"}}, DatabaseEntry("FR")),
        (
            {"country": {"iso_code": "FR"}, "subdivisions": [{"names": {"fr": "Bretagne"}}]},
            DatabaseEntry("FR", "Bretagne"),
        ),
        ({"country_code": "CA", "country": "Canada", "continent_code": "NA"}, DatabaseEntry("CA")),
        ({"country": "JP", "country_name": "Japan", "asn": "AS64500"}, DatabaseEntry("JP")),
        (
            {"country": "US", "region": "Ohio", "city": "Dublin", "lat": "40.1", "lng": "-83.1"},
            DatabaseEntry("US", "Ohio", 40.1, -83.1),
        ),
        (
            {"country_code": "US", "state1": "Ohio", "latitude": 40.1, "longitude": -83.1},
            DatabaseEntry("US", "Ohio", 40.1, -83.1),
        ),
        ({"country": {"iso_code": "ZZ"}}, None),
        ({"registered_country": {"iso_code": "DE"}}, None),
    ],
)
def test_records_of_each_provider_are_understood(record: Any, found: DatabaseEntry | None, tmp_path: Path) -> None:
    file = database(tmp_path, {"192.0.2.0/24": record, "2001:db8::/32": {"country": {"iso_code": "DE"}}})
    assert file.find(["192.0.2.9", "2001:db8::9", "198.51.100.1"]) == [found, DatabaseEntry("DE"), None]


def test_a_database_says_its_type_its_day_and_its_licence(tmp_path: Path) -> None:
    file = database(tmp_path, {"192.0.2.0/24": CITY})
    assert (file.title, file.date, file.has_regions) == ("DBIP-City-Lite", BUILT, True)
    assert "DB-IP" in file.licence
    assert "MaxMind" in database(tmp_path, {"192.0.2.0/24": CITY}, "GeoLite2-City").licence
    assert "IPinfo" in database(tmp_path, {"192.0.2.0/24": CITY}, "ipinfo generic_lite.mmdb").licence
    other = database(tmp_path, {"192.0.2.0/24": {"country_code": "FR"}}, "Campus", description="by our own network")
    assert (other.licence, other.has_regions) == ("by our own network", False)


def test_a_database_of_ipv4_addresses_knows_no_others(tmp_path: Path) -> None:
    file = database(tmp_path, {"192.0.2.0/24": CITY}, ip_version=4)
    assert file.find(["2001:db8::1", "192.0.2.1"]) == [None, DatabaseEntry("US", "California", 34.05, -118.24)]


def test_a_database_without_countries_is_refused_by_its_type(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="a database of the type 'GeoLite2-ASN' has no countries"):
        database(tmp_path, {"192.0.2.0/24": {"autonomous_system_number": 64500}}, "GeoLite2-ASN")


@pytest.mark.parametrize("content", [b"", b"GeoLite2", b"\0" * 4096])
def test_other_files_are_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match="this is not a whole MMDB database"):
        MaxMindFile(content)


def test_a_file_that_lacks_its_end_is_refused(tmp_path: Path) -> None:
    database(tmp_path, {"192.0.2.0/24": CITY})
    with pytest.raises(ValueError, match="this is not a whole MMDB database"):
        MaxMindFile((tmp_path / "some.mmdb").read_bytes()[:-200])


def test_the_registries_know_countries_of_both_versions_and_no_special_address() -> None:
    registries = Registries.read(b"")
    # Two addresses of the RIPE NCC, which is in Amsterdam.
    root_servers = [str(ip_address(0xC1000E81)), str(ip_address(0x200107FD << 96 | 1))]
    found = registries.find([*root_servers, "192.0.2.1", "2001:db8::1"])
    assert found == [DatabaseEntry("NL"), DatabaseEntry("NL"), None, None]
    assert registries.date is not None and registries.date.year >= 2026
    assert "NRO" in registries.licence
