"""Snapshots are found by the names of their folders, and nothing beside them is listed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

import pytest

from glue_jobs.errors import ArgumentError
from glue_jobs.read.raw_object import Skipped, Window
from glue_jobs.sources.layouts.discovery import discover_snapshots
from glue_jobs.sources.layouts.snapshot_folders import snapshot_time
from tests.sources.layouts.test_discovery import Pages

ALWAYS = Window()


class Store(Pages):
    """A store that answers at once."""

    remote = False


def snapshot(config: str, folder: str, *names: str) -> list[str]:
    return [f"s3://b/{config}/{folder}/{name}" for name in names or ("manifest.checksum", "manifest.json")]


def look(
    keys: Iterable[str], raw: str = "s3://b/", window: Window = ALWAYS, page: int = 1000
) -> tuple[list[str], Skipped]:
    skipped = Skipped()
    found = discover_snapshots(Store(sorted(keys), page), raw, window, skipped)
    return [each.entry.address.removeprefix("s3://b/").removesuffix("/manifest.json") for each in found], skipped


DAYS = [f"2024-05-{day:02d}T01-00Z" for day in range(1, 31)]
DAILY = [key for day in DAYS for key in snapshot("p/src/daily", day)]
BESIDE = [
    f"s3://b/p/src/daily/{name}" for name in ("data/1.csv.gz", "data/2.csv.gz", "hive/dt=2024-05-01-01-00/symlink.txt")
]
WEEKLY = snapshot("p/src/weekly", "2024-05-05T02-00Z")


@pytest.mark.parametrize("page", [1, 2, 7, 1000])
@pytest.mark.parametrize(
    "raw", ["s3://b/", "s3://b/p/", "s3://b/p/src/daily/", "s3://b/p/src/daily", "s3://b/p/src/dai"]
)
def test_snapshots_of_the_window_below_any_folder(raw: str, page: int) -> None:
    keys = [*DAILY, *BESIDE, *(WEEKLY if raw in ("s3://b/", "s3://b/p/") else [])]
    window = Window(date(2024, 5, 5), date(2024, 5, 7))
    found, skipped = look(keys, raw, window, page)
    weekly = ["p/src/weekly/2024-05-05T02-00Z"] if len(keys) > len(DAILY) + len(BESIDE) else []
    assert found == [*(f"p/src/daily/{day}" for day in DAYS[4:7]), *weekly]
    assert (skipped.count, skipped.unfinished) == (0, set())


def test_one_snapshot_named_by_its_own_folder() -> None:
    assert look(DAILY, "s3://b/p/src/daily/2024-05-03T01-00Z/")[0] == ["p/src/daily/2024-05-03T01-00Z"]


def test_a_snapshot_without_both_files_is_not_delivered_yet() -> None:
    keys = [
        *snapshot("s/c", "2024-05-01T01-00Z", "manifest.json"),
        *snapshot("s/c", "2024-05-02T01-00Z", "manifest.checksum"),
        *snapshot("s/c", "2024-05-03T01-00Z"),
    ]
    found, skipped = look(keys)
    assert found == ["s/c/2024-05-03T01-00Z"]
    assert skipped.unfinished == {"s3://b/s/c/2024-05-01T01-00Z/", "s3://b/s/c/2024-05-02T01-00Z/"}


@pytest.mark.parametrize("page", [1, 3, 1000])
def test_the_files_of_a_configuration_are_never_listed(page: int) -> None:
    class Strict(Store):
        def list(self, prefix: str, start_after: str = "", stop: str | None = None):  # type: ignore[no-untyped-def]
            assert prefix == "s3://b/" or prefix.endswith("/manifest.")
            return super().list(prefix, start_after, stop)

        def level(self, prefix: str, start_after: str = ""):  # type: ignore[no-untyped-def]
            assert "/data/" not in prefix
            assert "/hive/" not in prefix
            return super().level(prefix, start_after)

    skipped = Skipped()
    assert len([*discover_snapshots(Strict(sorted([*DAILY, *BESIDE]), page), "s3://b/", ALWAYS, skipped)]) == 30


def test_data_and_hive_may_be_buckets_and_configurations() -> None:
    keys = [*snapshot("data/daily", DAYS[0]), *snapshot("hive/data", DAYS[0]), *snapshot("src/hive", DAYS[0])]
    assert len(look([*keys, *BESIDE])[0]) == 3
    assert look(BESIDE)[1].count == 0


def test_what_is_no_inventory_is_counted_and_named() -> None:
    strange = ["s3://b/p/src/daily/2024-05-99T01-00Z/manifest.json", "s3://b/notes.txt", "s3://b/p/src/daily/readme"]
    found, skipped = look([*DAILY, *strange])
    assert (len(found), skipped.count, skipped.example) == (30, 3, "s3://b/notes.txt")


def test_nothing_at_all_is_an_error() -> None:
    with pytest.raises(ArgumentError, match="there are no objects below s3://b/; check the name"):
        look([])


@pytest.mark.parametrize(
    ("folder", "time"),
    [
        ("2024-05-07T01-30Z", datetime(2024, 5, 7, 1, 30)),
        ("2024-05-07T25-30Z", None),
        ("2024-05-07", None),
        ("hive", None),
        ("2024-05-07T01-30Z ", None),
    ],
)
def test_the_time_in_a_name(folder: str, time: datetime | None) -> None:
    assert snapshot_time(folder) == time
