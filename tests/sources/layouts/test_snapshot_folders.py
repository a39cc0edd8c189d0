"""Discovery of snapshots by the names of their folders, without listing anything beside them."""

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
    """A store that is not remote, so that a test knows the order of requests."""

    remote = False


def snapshot(config: str, folder: str, *names: str) -> list[str]:
    return [f"s3://b/{config}/{folder}/{name}" for name in names or ("manifest.checksum", "manifest.json")]


def discovered(
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
def test_snapshots_of_the_window_are_found_from_any_folder(raw: str, page: int) -> None:
    keys = [*DAILY, *BESIDE, *(WEEKLY if raw in ("s3://b/", "s3://b/p/") else [])]
    window = Window(date(2024, 5, 5), date(2024, 5, 7))
    found, skipped = discovered(keys, raw, window, page)
    weekly = ["p/src/weekly/2024-05-05T02-00Z"] if len(keys) > len(DAILY) + len(BESIDE) else []
    assert found == [*(f"p/src/daily/{day}" for day in DAYS[4:7]), *weekly]
    assert (skipped.count, skipped.unfinished) == (0, set())


EDGES = ["2023-12-30", "2023-12-31", "2024-01-01", "2024-02-28", "2024-02-29", "2024-03-01", "9999-12-31"]


@pytest.mark.parametrize("since", [None, *EDGES])
@pytest.mark.parametrize("until", [None, *EDGES])
@pytest.mark.parametrize("page", [1, 1000])
def test_both_ends_of_a_window_belong_to_it(since: str | None, until: str | None, page: int) -> None:
    keys = [key for day in EDGES for time in ("00-00", "23-59") for key in snapshot("s/c", f"{day}T{time}Z")]
    window = Window(since and date.fromisoformat(since), until and date.fromisoformat(until))  # type: ignore[arg-type]
    found, _ = discovered(keys, window=window, page=page)
    days = [day for day in EDGES if (since or "") <= day <= (until or "9999-12-31")]
    assert found == [f"s/c/{day}T{time}Z" for day in days for time in ("00-00", "23-59")]


def test_snapshots_after_the_window_are_not_listed() -> None:
    store = Store([*DAILY, *BESIDE], 1)
    found = discover_snapshots(store, "s3://b/p/src/daily/", Window(date(2024, 5, 5), date(2024, 5, 7)), Skipped())
    assert len([*found]) == 3
    assert store.calls < 15


def test_a_raw_path_with_very_many_folders_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("glue_jobs.sources.layouts.snapshot_folders.MAX_FOLDERS", 3)
    with pytest.raises(ArgumentError, match="there are over 3 folders below the raw path"):
        discovered([f"s3://b/{number}/x" for number in range(4)])
    assert discovered([f"s3://b/{number}/x" for number in range(2)])[0] == []


def test_folders_that_are_too_deep_are_skipped() -> None:
    deep = "a/" * 9
    found, skipped = discovered([*snapshot(f"{deep}c", DAYS[0]), *snapshot(f"{deep[:-4]}c", DAYS[0])])
    assert found == [f"{deep[:-4]}c/{DAYS[0]}"]
    assert skipped.example == f"s3://b/{deep}"


def test_the_raw_path_may_be_the_folder_of_one_snapshot() -> None:
    found, skipped = discovered(DAILY, "s3://b/p/src/daily/2024-05-03T01-00Z/")
    assert (found, skipped.count) == (["p/src/daily/2024-05-03T01-00Z"], 0)


def test_a_snapshot_without_manifest_or_checksum_is_not_delivered_yet() -> None:
    keys = [
        *snapshot("s/c", "2024-05-01T01-00Z", "manifest.json"),
        *snapshot("s/c", "2024-05-02T01-00Z", "manifest.checksum"),
        *snapshot("s/c", "2024-05-03T01-00Z"),
    ]
    found, skipped = discovered(keys)
    assert found == ["s/c/2024-05-03T01-00Z"]
    assert skipped.unfinished == {"s3://b/s/c/2024-05-01T01-00Z/", "s3://b/s/c/2024-05-02T01-00Z/"}


@pytest.mark.parametrize("page", [1, 3, 1000])
def test_the_data_files_of_a_configuration_are_never_listed(page: int) -> None:
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


def test_buckets_and_configurations_may_be_called_data_or_hive() -> None:
    keys = [*snapshot("data/daily", DAYS[0]), *snapshot("hive/data", DAYS[0]), *snapshot("src/hive", DAYS[0])]
    assert len(discovered([*keys, *BESIDE])[0]) == 3
    assert discovered(BESIDE)[1].count == 0


def test_objects_that_are_no_inventories_are_counted_as_skipped() -> None:
    strange = ["s3://b/p/src/daily/2024-05-99T01-00Z/manifest.json", "s3://b/notes.txt", "s3://b/p/src/daily/readme"]
    found, skipped = discovered([*DAILY, *strange])
    assert (len(found), skipped.count, skipped.example) == (30, 3, "s3://b/notes.txt")


def test_a_raw_path_without_objects_is_an_error() -> None:
    with pytest.raises(ArgumentError, match="there are no objects below s3://b/; check the name"):
        discovered([])


@pytest.mark.parametrize(
    ("folder", "time"),
    [
        ("9999-12-31T23-59Z", datetime(9999, 12, 31, 23, 59)),
        ("2024-05-07T01-30Z", datetime(2024, 5, 7, 1, 30)),
        ("2024-05-07T25-30Z", None),
        ("2024-05-07", None),
        ("hive", None),
        ("2024-05-07T01-30Z ", None),
    ],
)
def test_the_time_of_a_snapshot_is_in_the_name_of_its_folder(folder: str, time: datetime | None) -> None:
    assert snapshot_time(folder) == time
