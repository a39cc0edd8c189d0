"""The files of DANDI's summaries."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glue_jobs.config import Rounding
from glue_jobs.publish.dandi.assets import asset_type
from glue_jobs.publish.dandi.counts import AssetWeek, Counts, Day, Region, Usage, as_dandi_adds_up, country_of
from glue_jobs.publish.dandi.summaries import folder_of, summaries

MONDAY, TUESDAY = date(2025, 6, 2), date(2025, 6, 3)

COUNTS = Counts(
    days=(
        Day("000011", MONDAY, Usage(1_000, 51, 49)),
        Day("000011", TUESDAY, Usage(10, 9, 9)),
        Day("000012", MONDAY, Usage(5, 45, 0)),
    ),
    asset_weeks=(
        AssetWeek("000011", "b/b.NWB", MONDAY, Usage(1_000, 51, 49)),
        AssetWeek("000011", "a.ome.zarr", MONDAY, Usage(10, 9, 9)),
        AssetWeek("000012", "b.txt", date(2025, 6, 9), Usage(5, 45, 0)),
    ),
    regions=(
        Region("000011", "US/Oregon", "US", Usage(1_000, 51, 49)),
        Region("000011", "AWS/eu-west-1", "IE", Usage(10, 9, 9)),
        Region("000012", "US/Oregon", "US", Usage(0, 40, 0)),
        Region("000012", "VPN", None, Usage(5, 5, 0)),
    ),
    requesters={"000011": 55, "000012": 52, None: 90},
)


def written(counts: Counts = COUNTS, together: Counts = COUNTS) -> dict[str, str]:
    return dict(summaries(counts, together, Rounding()))


def test_days_assets_and_regions_have_exact_bytes_and_rounded_counts() -> None:
    files = written()
    header = "bytes_sent\tnumber_of_requests\tnumber_of_downloads\n"
    assert files["000011/by_day.tsv"] == f"date\t{header}2025-06-02\t1000\t60\t<50\n2025-06-03\t10\t<50\t<50\n"
    assert files["000011/by_asset.tsv"] == f"asset_path\t{header}a.ome.zarr\t10\t<50\t<50\nb/b.NWB\t1000\t60\t<50\n"
    assert files["000011/by_region.tsv"] == f"region\t{header}AWS/eu-west-1\t10\t<50\t<50\nUS/Oregon\t1000\t60\t<50\n"


def test_weeks_have_the_bytes_of_each_asset_and_of_each_type() -> None:
    files = written()
    assert files["000011/by_asset_per_week.tsv"] == "week_start\ta.ome.zarr\tb/b.NWB\n2025-06-02\t10\t1000\n"
    types = "week_start\tNeurophysiology\tMicroscopy\n2025-06-02\t1000\t10\n"
    assert files["000011/by_asset_type_per_week.tsv"] == types
    assert files["archive/by_asset_type_per_week.tsv"] == (
        "week_start\tMicroscopy\tMiscellaneous\tNeurophysiology\n2025-06-02\t10\t0\t1000\n2025-06-09\t0\t5\t0\n"
    )


def test_the_archive_adds_up_exact_numbers_and_counts_people_once() -> None:
    files = written()
    assert "2025-06-02\t1005\t100\t<50\n" in files["archive/by_day.tsv"]
    assert "US/Oregon\t1000\t100\t<50\n" in files["archive/by_region.tsv"]
    assert files["archive/requester_count.tsv"] == "80"
    assert files["archive_totals.json"] == (
        '{\n  "number_of_requesters": 80,\n  "number_of_unique_countries": 2,\n  "number_of_unique_regions": 3,\n'
        '  "total_bytes_sent": 1015,\n  "total_number_of_downloads": 60,\n  "total_number_of_requests": 100\n}'
    )


def test_added_up_as_dandi_does_numbers_are_rounded_before() -> None:
    files = written(together=as_dandi_adds_up(COUNTS, Rounding()))
    assert "2025-06-02\t1005\t60\t<50\n" in files["archive/by_day.tsv"]
    assert files["archive/requester_count.tsv"] == "120"
    assert '"number_of_unique_countries": 2' in files["archive_totals.json"]
    assert '"total_number_of_downloads": "<50"' in files["archive_totals.json"]
    assert files["000011/by_day.tsv"] == written()["000011/by_day.tsv"]


def test_the_totals_come_last_and_nothing_comes_of_nothing() -> None:
    assert [*written()][-2:] == ["totals.json", "archive_totals.json"]
    assert written(Counts((), (), (), {None: 0})) == {}


@pytest.mark.parametrize(
    ("count", "published"),
    [(0, "<50"), (49, "<50"), (50, 40), (51, 60), (70, 80), (90, 80), (130, 120), (1_234_567, 1_234_560)],
)
def test_counts_are_hidden_or_rounded_halves_to_the_even_multiple(count: int, published: int | str) -> None:
    assert Rounding().rounded(count) == published


def test_rounding_can_be_set() -> None:
    assert Rounding(minimum=10, multiple=5).rounded(9) == "<10"
    assert Rounding(minimum=10, multiple=5).rounded(12) == 10


@pytest.mark.parametrize(
    ("place", "country", "expected"),
    [
        ("US/Oregon", "US", "US"),
        ("US", None, "US"),
        ("AWS/eu-west-1", "IE", "IE"),
        ("VPN", "CH", None),
        ("bogon", None, None),
    ],
)
def test_places_without_a_country_count_for_none(place: str, country: str | None, expected: str | None) -> None:
    assert country_of(place, country) == expected


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("sub/a.nwb", "Neurophysiology"),
        ("a.OME.TIFF", "Microscopy"),
        ("a.ome.zarr", "Microscopy"),
        ("a.zarr", "Microscopy"),
        ("a.b.zarr", "Miscellaneous"),
        ("a.mp4", "Video"),
        ("README", "Miscellaneous"),
    ],
)
def test_the_type_of_an_asset_is_by_its_endings(path: str, kind: str) -> None:
    assert asset_type(path) == kind


@pytest.mark.parametrize("dataset", ["archive", "..", "../x", "", "a//b", "a/../../b", "."])
def test_no_name_of_a_data_set_leads_elsewhere(dataset: str) -> None:
    folder = folder_of(dataset)
    assert folder != "archive"
    assert all(segment.strip(".") for segment in folder.split("/"))


@given(st.text(max_size=8), st.text(max_size=8))
def test_two_data_sets_never_share_a_folder(one: str, other: str) -> None:
    assert (folder_of(one) == folder_of(other)) == (one == other)


def test_a_path_cannot_end_its_line() -> None:
    weeks = (AssetWeek("d", "a\tb\nc", MONDAY, Usage(1, 1, 1)),)
    counts = Counts((), weeks, (), {"d": 1, None: 1})
    counts = Counts(
        (Day("d", MONDAY, Usage(1, 1, 1)),), weeks, (Region("d", "US", "US", Usage(1, 1, 1)),), counts.requesters
    )
    assert "\na%09b%0Ac\t1\t<50\t<50\n" in written(counts, counts)["d/by_asset.tsv"]


@pytest.mark.parametrize("name", ["日" * 40, "ж" * 60, "a" * 300, "." * 100])
def test_a_long_name_of_a_data_set_has_a_folder_of_its_own_that_file_systems_allow(name: str) -> None:
    folders = {folder_of(f"lab/{name}{end}") for end in "xy"}
    assert len(folders) == 2
    assert all(len(segment) <= 255 for folder in folders for segment in folder.split("/"))
