"""Where requests come from: the order of the rules, and the columns they become."""

from __future__ import annotations

import json
from datetime import date, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from glue_jobs.config import Config
from glue_jobs.enrich.places.locate import locator
from glue_jobs.enrich.places.sources import place_resources
from glue_jobs.enrich.reference_data import ReferenceData
from glue_jobs.errors import StorageError
from glue_jobs.sample.scenario.clients.place_database import write_database

TODAY = date.today()
FILES = {
    "meta.json": json.dumps({"hooks": ["192.0.2.0/28"]}),
    "ip-ranges.json": json.dumps(
        {
            "createDate": f"{TODAY}-00-00-00",
            "prefixes": [{"ip_prefix": "192.0.2.0/26", "region": "us-east-2"}],
            "ipv6_prefixes": [{"ipv6_prefix": "2001:db8:a::/48", "region": "eu-west-1"}],
        }
    ),
    "cloud.json": json.dumps({"prefixes": [{"ipv4Prefix": "192.0.2.0/25", "scope": "us-central1"}]}),
    "vpn.txt": "192.0.2.0/24\n",
    "campus.txt": "198.51.100.0/28\n",
}
NETWORKS = [
    {"label": "GitHub", "file": "meta.json"},
    {"label": "AWS", "file": "ip-ranges.json"},
    {"label": "GCP", "file": "cloud.json"},
    {"label": "VPN", "file": "vpn.txt"},
    {"label": "Campus", "file": "campus.txt"},
]
COUNTRIES = {"198.51.100.0/24": {"country_code": "FR"}, "2001:db8::/32": {"country_code": "DE"}}
CITIES = {"198.51.100.0/25": {"country_code": "US", "region": "Ohio"}, "192.0.2.0/24": {"country_code": "JP"}}
Places = list[tuple[str | None, str | None, str | None]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    write_database(tmp_path / "countries.mmdb", COUNTRIES, "DBIP-Country-Lite", TODAY)
    write_database(tmp_path / "cities.mmdb", CITIES, "DBIP-City-Lite", TODAY)
    return tmp_path


def config(folder: Path, networks: list[dict[str, str]], addresses: list[str]) -> Config:
    files = [{**each, "file": f"{folder / each['file']}"} for each in networks]
    databases = [each if each == "builtin" else f"{folder / each}" for each in addresses]
    return Config.model_validate({"places": {"networks": files, "addresses": databases}})


def locate(config: Config, addresses: list[str | None], regions: list[str | None] | None = None) -> Places:
    found = locator(config.places, ReferenceData(place_resources(config))).locate(
        pa.array(addresses, pa.string()), None if regions is None else pa.array(regions, pa.string())
    )
    return list(zip(*(column.to_pylist() for column in found), strict=True))


def test_networks_are_asked_in_their_order_then_databases_in_theirs(folder: Path) -> None:
    places = config(folder, NETWORKS, ["cities.mmdb", "countries.mmdb"])
    asked: dict[str | None, tuple[str | None, str | None, str | None]] = {
        "192.0.2.1": (None, "GitHub", "github"),
        "192.0.2.17": ("US", "AWS/us-east-2", "aws"),
        "192.0.2.65": ("US", "GCP/us-central1", "gcp"),
        "192.0.2.129": (None, "VPN", "vpn"),
        "2001:db8:a::1": ("IE", "AWS/eu-west-1", "aws"),
        "198.51.100.1": (None, "Campus", "other"),
        "198.51.100.17": ("US", "US/Ohio", "other"),
        "198.51.100.129": ("FR", "FR", "other"),
        "2001:db8::1": ("DE", "DE", "other"),
        "::ffff:198.51.100.129": ("FR", "FR", "other"),
        "203.0.113.1": (None, "bogon", "other"),
        "athena.amazonaws.com": (None, "AWS", "aws"),
        "somewhere": (None, "unknown", "other"),
        None: (None, None, None),
    }
    assert locate(places, list(asked)) == list(asked.values())


def test_the_region_that_s3_logs_decides_in_place_of_the_files_of_aws(folder: Path) -> None:
    addresses: list[str | None] = ["192.0.2.1", "192.0.2.17", "192.0.2.65", "192.0.2.129", "203.0.113.1", None]
    regions: list[str | None] = ["us-west-2", "us-west-2", "us-west-2", "us-west-2", "xx-new-1", None]
    oregon, new = ("US", "AWS/us-west-2", "aws"), (None, "AWS/xx-new-1", "aws")
    nowhere = (None, None, None)
    with_files = config(folder, NETWORKS, ["cities.mmdb"])
    assert locate(with_files, addresses, regions) == [(None, "GitHub", "github"), *[oregon] * 3, new, nowhere]
    without = config(folder, [], ["cities.mmdb"])
    assert locate(without, addresses, regions) == [*[oregon] * 4, new, nowhere]


def test_special_addresses_are_bogons_and_other_unlisted_ones_unknown(folder: Path) -> None:
    places = config(folder, [], ["cities.mmdb", "builtin"])
    private = [str(ip_address(number)) for number in (0x0A000001, 0x64400001, 0xA9FE0001, 0xC0A80101, 0xE0000001)]
    six = [
        "::1",
        "fe80::1",
        "fd00::1",
        "ff02::1",
        "2001:db8::1",
        str(ip_address(0x3FFF << 112 | 1)),
        "4000::1",
        "::ffff:127.0.0.1",
    ]
    bogons = [*private, *six, "127.0.0.1", "255.255.255.255", "203.0.113.9", "0.0.0.0"]
    assert locate(places, [*bogons]) == [(None, "bogon", "other")] * len(bogons)
    assert locate(config(folder, [], []), [str(ip_address(0xC1000E81))]) == [(None, "unknown", "other")]


def test_without_a_configuration_places_are_countries_of_registration() -> None:
    assert locate(Config(), [str(ip_address(0xC1000E81))]) == [("NL", "NL", "other")]


def test_each_address_is_looked_up_once_in_a_process(folder: Path) -> None:
    places = config(folder, [], ["countries.mmdb"])
    found = locator(places.places, ReferenceData(place_resources(places)))
    asked: list[str] = []
    (name, database), *_ = found.databases

    class Counting:
        title, date, licence = database.title, database.date, database.licence

        def find(self, addresses: Any) -> Any:
            asked.extend(addresses)
            return database.find(addresses)

    found.databases = [(name, Counting())]
    for encoded in (False, True):
        addresses = pa.array(["198.51.100.200", "198.51.100.201", None] * 4)
        found.locate(addresses.dictionary_encode() if encoded else addresses)
    assert asked == ["198.51.100.200", "198.51.100.201"]


def test_a_commit_says_version_date_and_licence_of_each_file(folder: Path) -> None:
    places = config(folder, NETWORKS[:2], ["countries.mmdb", "builtin"])
    github, aws, countries, builtin = ReferenceData(place_resources(places)).versions.values()
    assert github.startswith("meta.json sha256:") and github.endswith("; GitHub address ranges; published by GitHub")
    assert aws.endswith(f"; AWS address ranges of {TODAY}; published by AWS")
    assert f"; DBIP-Country-Lite of {TODAY}; IP geolocation by DB-IP" in countries
    assert builtin.startswith("iptocc ") and "country of registration of 20" in builtin and "NRO" in builtin


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("no.mmdb", r"no\.mmdb"),
        ("broken.mmdb", r"broken\.mmdb cannot tell places: this is not a whole MMDB database"),
        ("asn.mmdb", r"asn\.mmdb cannot tell places: a database of the type 'GeoLite2-ASN' has no countries"),
        ("old.mmdb", r"old\.mmdb cannot tell places: it is of 20\d\d-.*get a newer one"),
    ],
)
def test_a_database_that_cannot_tell_places_is_named(name: str, sentence: str, folder: Path) -> None:
    (folder / "broken.mmdb").write_bytes((folder / "countries.mmdb").read_bytes()[:-100])
    write_database(folder / "asn.mmdb", {"192.0.2.0/24": {"asn": "AS64500"}}, "GeoLite2-ASN", TODAY)
    write_database(folder / "old.mmdb", COUNTRIES, "DBIP-Country-Lite", TODAY - timedelta(days=3_651))
    with pytest.raises(StorageError, match=sentence):
        place_resources(config(folder, [], [name]))


def test_a_file_of_networks_that_is_old_or_none_is_named(folder: Path) -> None:
    (folder / "old.json").write_text(FILES["ip-ranges.json"].replace(str(TODAY), "2016-01-01"))
    for name, sentence in (("old.json", "it is of 2016-01-01"), ("countries.mmdb", "this is not text")):
        with pytest.raises(StorageError, match=f"{name} cannot tell places: {sentence}"):
            place_resources(config(folder, [{"label": "AWS", "file": name}], []))
