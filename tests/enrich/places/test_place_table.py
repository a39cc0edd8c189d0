"""The table of places: what is built in, what files of networks and databases of cities add, and when it is written."""

from __future__ import annotations

import io
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from glue_jobs.config import Config
from glue_jobs.enrich.places.cloud_regions import CLOUD_REGIONS
from glue_jobs.enrich.places.countries import COUNTRIES
from glue_jobs.enrich.places.place_table import keep_places
from glue_jobs.enrich.places.sources import place_resources
from glue_jobs.enrich.reference_data import ReferenceData
from glue_jobs.lake import Lake
from glue_jobs.progress import PlainReporter
from glue_jobs.sample.scenario.clients.place_database import write_database
from glue_jobs.tables.place import PLACE

TODAY = date.today()


def city(country: str, region: str, latitude: float, longitude: float) -> dict[str, Any]:
    return {"country": country, "region": region, "latitude": latitude, "longitude": longitude}


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(str(tmp_path / "lake"), "usage_lake")


def keep(lake: Lake, **places: Any) -> str:
    config, said = Config.model_validate({"places": places} if places else {}), io.StringIO()
    keep_places(lake, config, ReferenceData(place_resources(config)), PlainReporter(said))
    return said.getvalue()


def rows(lake: Lake) -> dict[str, dict[str, Any]]:
    found = lake.load(PLACE).rows(tuple(PLACE.arrow_schema.names)).to_pylist()
    return {row["label"]: row for row in found}


def test_countries_and_cloud_regions_are_built_in(lake: Lake) -> None:
    keep(lake)
    found = rows(lake)
    assert found.keys() == {*COUNTRIES, *CLOUD_REGIONS, "bogon", "unknown"}
    ohio, france = found["AWS/us-east-2"], found["FR"]
    assert (ohio["country"], ohio["name"], round(ohio["latitude"])) == ("US", "Ohio", 40)
    assert (france["country"], france["latitude"], france["longitude"]) == ("FR", 46.0, 2.0)
    assert "World Factbook" in france["source"]
    assert (found["bogon"]["country"], found["bogon"]["latitude"]) == (None, None)


def test_every_built_in_place_is_on_the_globe_and_in_a_country() -> None:
    places = [*COUNTRIES.values(), *CLOUD_REGIONS.values()]
    assert all(-90 <= place.latitude <= 90 for place in places if place.latitude is not None)
    assert all(-180 <= place.longitude <= 180 for place in places if place.longitude is not None)
    assert {region.country for region in CLOUD_REGIONS.values()} <= COUNTRIES.keys()


def test_regions_are_in_the_middle_of_their_cities_also_across_the_date_line(lake: Lake, tmp_path: Path) -> None:
    records = {
        "192.0.2.0/26": city("US", "Ohio", 40.0, -83.0),
        "192.0.2.64/26": city("US", "Ohio", 42.0, -83.0),
        "192.0.2.128/26": city("US", "Ohio", 42.0, -83.0),
        "198.51.100.0/25": city("FJ", "Northern", 0.0, 179.0),
        "198.51.100.128/25": city("FJ", "Northern", 0.0, -177.0),
    }
    write_database(tmp_path / "cities.mmdb", records, "DBIP-City-Lite", TODAY)
    keep(lake, addresses=[str(tmp_path / "cities.mmdb")])
    ohio, northern = rows(lake)["US/Ohio"], rows(lake)["FJ/Northern"]
    assert (ohio["country"], ohio["name"], ohio["latitude"], ohio["longitude"]) == ("US", "Ohio", 41.0, -83.0)
    assert (northern["latitude"], northern["longitude"]) == (0.0, -179.0)
    assert "IP geolocation by DB-IP" in ohio["source"]


def test_labels_of_files_of_networks_are_places(lake: Lake, tmp_path: Path) -> None:
    (tmp_path / "aws.json").write_text('{"prefixes": [{"ip_prefix": "192.0.2.0/24", "region": "us-east-2"}]}')
    (tmp_path / "vpn.txt").write_text("192.0.2.0/24")
    files = {"Amazon": "aws.json", "VPN": "vpn.txt"}
    keep(lake, networks=[{"label": label, "file": str(tmp_path / name)} for label, name in files.items()])
    found = rows(lake)
    assert (found["Amazon/us-east-2"]["country"], found["Amazon/us-east-2"]["name"]) == ("US", "Ohio")
    assert (found["VPN"]["country"], found["VPN"]["latitude"]) == (None, None)


def test_the_table_is_written_and_a_database_read_only_when_something_is_new(lake: Lake, tmp_path: Path) -> None:
    write_database(tmp_path / "cities.mmdb", {"192.0.2.0/24": city("US", "Ohio", 40, -83)}, "DBIP-City-Lite", TODAY)
    places = {"addresses": [str(tmp_path / "cities.mmdb")]}
    assert "reading the places of" in keep(lake, **places)
    assert keep(lake, **places) == keep(lake) == ""
    assert len(list(lake.load(PLACE).summaries())) == 1
    assert "US/Ohio" in rows(lake)
    write_database(tmp_path / "cities.mmdb", {"192.0.2.0/24": city("US", "Ohio", 41, -83)}, "DBIP-City-Lite", TODAY)
    keep(lake, **places)
    assert rows(lake)["US/Ohio"]["latitude"] == 41.0
