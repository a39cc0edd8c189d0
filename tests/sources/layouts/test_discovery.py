"""Discovery finds raw objects by the day in their names and lists only the days of a window."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from glue_jobs.errors import ArgumentError
from glue_jobs.read.raw_object import Skipped, Window
from glue_jobs.sources.layouts import day_folders
from glue_jobs.sources.layouts.day_names import DayNames, excluded_folder
from glue_jobs.sources.layouts.discovery import discover
from glue_jobs.sources.s3_access_log.source import ACCESS_LOG_NAMES
from glue_jobs.storage import Entry, Level, Storage, storage_for

ALWAYS = Window()
IN_MAY = Window(date(2024, 5, 6), date(2024, 5, 8))

# Keys and days of what was found, the number of skipped objects, and the first of them.
Answer = tuple[dict[str, date | None], int, str]


class Pages:
    """A store that hands out a few names at a time, as S3 does, and counts how often it is asked."""

    remote = True

    def __init__(self, keys: list[str], page: int = 1000) -> None:
        self._keys = sorted(keys)
        self._page = page
        self.calls = 0
        self.read: list[str] = []

    def level(self, prefix: str, start_after: str = "") -> Level:
        self.calls += 1
        names: dict[str, None] = {}
        for key in self._keys:
            if key.startswith(prefix) and key > start_after:
                name, slash, _ = key.removeprefix(prefix).partition("/")
                if len(names) == self._page and name + slash not in names:
                    return self._level(names, more=True)
                names[name + slash] = None
        return self._level(names, more=False)

    def _level(self, names: dict[str, None], more: bool) -> Level:
        objects = tuple(name for name in names if not name.endswith("/"))
        return Level(objects, tuple(name[:-1] for name in names if name.endswith("/")), more)

    def list(self, prefix: str, start_after: str = "", stop: str | None = None) -> Iterator[Entry]:
        fetched = 0
        for key in self._keys:
            if key.startswith(prefix) and key > start_after:
                if fetched % self._page == 0:
                    self.calls += 1
                fetched += 1
                self.read.append(key)
                if stop is not None and key >= stop:
                    return
                yield Entry(key, 1, "etag", datetime(2024, 5, 1))
        self.calls += not fetched


def look(storage: object, raw: str, window: Window = ALWAYS, any_name: bool = False) -> Answer:
    skipped = Skipped()
    found = list(discover(storage, raw, ACCESS_LOG_NAMES, window, skipped, any_name))  # type: ignore[arg-type]
    prefix = f"{raw.rstrip('/')}/" if raw.endswith("/") or not raw.startswith("s3://") else raw
    days = {each.entry.address.removeprefix(prefix): each.day for each in found}
    assert len(days) == len(found)
    return days, skipped.count, skipped.example.removeprefix(prefix)


def in_pages(keys: list[str], window: Window = ALWAYS, any_name: bool = False, page: int = 1000) -> Answer:
    return look(Pages([f"s3://b/raw/{key}" for key in keys], page), "s3://b/raw/", window, any_name)


def flat(day: str, stem: str = "", unique: str = "A1B2") -> str:
    return f"{stem}{day}-01-02-03-{unique}"


def foldered(day: str, within: str = "111122223333/us-east-1/bucket/") -> str:
    return f"{within}{day.replace('-', '/')}/{flat(day)}"


FLAT = [flat(f"2024-05-{number:02}", "logs-") for number in range(1, 13)]
FOLDERED = [foldered(f"2024-05-{number:02}") for number in range(1, 13)]


@pytest.mark.parametrize("keys", [FLAT, FOLDERED, FLAT + FOLDERED], ids=["flat", "folders", "mixed"])
def test_window_selects_days_in_each_layout(keys: list[str]) -> None:
    assert set(in_pages(keys)[0]) == set(keys)
    assert {day.day for day in in_pages(keys, IN_MAY)[0].values() if day} == {6, 7, 8}
    assert len(in_pages(keys, IN_MAY)[0]) == len(keys) // 4
    assert {day.day for day in in_pages(keys, Window(since=date(2024, 5, 10)))[0].values() if day} == {10, 11, 12}
    assert {day.day for day in in_pages(keys, Window(until=date(2024, 5, 2)))[0].values() if day} == {1, 2}


def test_logs_of_several_buckets_side_by_side_are_found() -> None:
    keys = [flat("2024-05-07", stem) for stem in ("", "a", "a-b", "a.b-", "z/", "z/y-")]
    assert in_pages(keys, IN_MAY) == (dict.fromkeys(keys, date(2024, 5, 7)), 0, "")


def test_a_prefix_may_end_anywhere() -> None:
    keys = [
        "s3://b/logs/2024-05-07-01-02-03-A",
        "s3://b/logs2024-05-07-01-02-03-A",
        "s3://b/other/2024-05-07-01-02-03-A",
    ]
    for raw in ("s3://b/logs", "s3://b/lo"):
        assert len(look(Pages(keys), raw, IN_MAY)[0]) == 2
    assert len(look(Pages(keys), "s3://b/", IN_MAY)[0]) == 3


@pytest.mark.parametrize("page", [1, 2, 3, 1000])
def test_foreign_objects_are_counted_once_with_an_example(page: int) -> None:
    foreign = ["a", "a-b", "a.txt", "a0", "data/x.parquet", "z"]
    foreign += ["2024/notes.txt", "2024/05/readme", "2024/05/07/readme"]
    keys = [*foreign, *FLAT, *FOLDERED, flat("2024-05-07", "a/"), foldered("2024-05-07", "")]
    days, count, example = in_pages(keys, page=page)
    assert set(days) == set(keys) - set(foreign)
    assert (count, example) == (len(foreign), "a")


def test_objects_in_folders_of_impossible_days_are_skipped() -> None:
    keys = [f"{folder}/{flat('2024-05-07')}" for folder in ("2024/13/01", "2024/02/30", "2024/05/45", "0000/01/01")]
    days, count, example = in_pages([*keys, foldered("2024-05-07")])
    assert set(days) == {foldered("2024-05-07")}
    assert (count, example[:4]) == (4, "0000")


def test_names_with_impossible_days_are_skipped() -> None:
    keys = [flat("2024-02-30"), flat("2024-13-01"), flat("0000-01-01")]
    assert in_pages([*keys, flat("2024-05-07")]) == ({flat("2024-05-07"): date(2024, 5, 7)}, 3, flat("0000-01-01"))


def test_flat_logs_in_the_folder_of_a_year_are_found() -> None:
    keys = [flat("2024-05-07", "2024/"), flat("2024-05-07", "2024/05/"), flat("2024-05-07", "1234/x/")]
    assert set(in_pages(keys, IN_MAY)[0]) >= set(keys[:2])
    assert set(in_pages(keys)[0]) == set(keys)


def test_a_folder_of_four_digits_is_a_year_only_if_months_are_in_it() -> None:
    """A prefix may be called 2023, and so may a bucket."""
    keys = [
        f"2023/{flat('2024-05-07')}",
        f"111122223333/us-east-1/2019/{foldered('2024-05-07', '')}",
        f"9999/{flat('2024-05-08')}",
    ]
    assert set(in_pages(keys, IN_MAY)[0]) == {*keys}
    beside = [foldered("2024-05-07", "logs/"), f"logs/9999/{flat('2024-05-07')}", foldered("2023-05-07", "logs/")]
    assert set(in_pages(beside, IN_MAY)[0]) == {*beside[:2]}


@pytest.mark.parametrize("since", [date(2023, 12, 31), date(2024, 4, 30), date(2024, 2, 29)])
def test_a_window_may_begin_on_the_last_day_of_a_year_or_month(since: date) -> None:
    last, next_day = foldered(since.isoformat()), foldered((since + timedelta(days=1)).isoformat())
    keys = [foldered((since - timedelta(days=1)).isoformat()), last, next_day]
    assert set(in_pages(keys, Window(since=since))[0]) == {last, next_day}


@pytest.mark.parametrize("until", [date(2024, 1, 1), date(2024, 5, 1)])
def test_a_window_may_end_on_the_first_day_of_a_year_or_month(until: date) -> None:
    first, day_before = foldered(until.isoformat()), foldered((until - timedelta(days=1)).isoformat())
    keys = [day_before, first, foldered((until + timedelta(days=1)).isoformat())]
    assert set(in_pages(keys, Window(until=until))[0]) == {day_before, first}


@pytest.mark.parametrize("count", [10, 1_100])
def test_folders_among_any_number_of_flat_logs_are_found(count: int) -> None:
    keys = [flat("2024-05-07", unique=f"{number:05}") for number in range(count)]
    inside = [f"{folder}/{flat('2024-05-07')}" for folder in ("2024-01-before", "2024-moved")]
    assert set(in_pages([*keys, *inside])[0]) == {*keys, *inside}


def test_windows_at_the_ends_of_the_calendar() -> None:
    keys = [flat("9999-12-31"), foldered("9999-12-31"), flat("0001-01-01"), foldered("0001-01-01")]
    assert len(in_pages(keys)[0]) == 4
    assert len(in_pages(keys, Window(date.min, date.max))[0]) == 4


def test_logs_of_other_services_are_ignored() -> None:
    days, count, _ = in_pages(["AWSLogs/111122223333/CloudTrail/us-east-1/2024/05/07/x.json.gz", *FLAT])
    assert (set(days), count) == (set(FLAT), 0)


def test_a_prefix_of_ones_own_may_be_called_like_another_service() -> None:
    keys = [
        f"redshift/{flat('2024-05-07')}",
        f"logs/CloudTrail/{foldered('2024-05-07', '')}",
        f"Config/111122223333/us-east-1/example-data/{foldered('2024-05-07', '')}",
        f"GuardDuty/example-data/{flat('2024-05-07')}",
    ]
    # Copies may lack the folders above that of the service.
    services = [f"raw/{service}/us-gov-east-1/2024/05/07/x.json.gz" for service in ("Config", "vpcflowlogs")]
    days, count, _ = in_pages([*keys, *services])
    assert (set(days), count) == (set(keys), 0)


def test_the_day_of_an_object_does_not_depend_on_the_raw_path() -> None:
    # In a folder of the day it was delivered, named after the day of its events.
    key = "s3://b/raw/2024/05/08/2024-05-07-01-02-03-A"
    for raw in ("s3://b/", "s3://b/raw/", "s3://b/raw/2024/", "s3://b/raw/2024/05/", "s3://b/raw/2024/05/08/"):
        for any_name in (False, True):
            skipped = Skipped()
            found = discover(Pages([key]), raw, ACCESS_LOG_NAMES, ALWAYS, skipped, any_name)  # type: ignore[arg-type]
            assert [each.day for each in found] == [date(2024, 5, 8)], raw


def test_any_name_takes_every_object_unless_its_day_is_outside_the_window() -> None:
    keys = ["2020/01/01.log", "old.log.gz", *FLAT, *FOLDERED]
    days, count, _ = in_pages(keys, IN_MAY, any_name=True)
    assert (days["2020/01/01.log"], days["old.log.gz"], count) == (None, None, 0)
    assert {day.day for day in days.values() if day} == {6, 7, 8}
    assert set(in_pages(keys, any_name=True)[0]) == set(keys)


@pytest.mark.parametrize("any_name", [False, True])
def test_a_folder_without_objects_is_an_error(any_name: bool, tmp_path: Path) -> None:
    for raw in (str(tmp_path), "/no/such"):
        with pytest.raises(ArgumentError, match=f"there are no objects below {raw}; check the name"):
            list(discover(storage_for("/"), raw, ACCESS_LOG_NAMES, ALWAYS, Skipped(), any_name))


@pytest.mark.parametrize("any_name", [False, True])
def test_a_bucket_without_objects_below_the_prefix_awaits_its_first_delivery(any_name: bool) -> None:
    skipped = Skipped()
    storage: Any = Pages(["s3://b/x"])
    assert list(discover(storage, "s3://b/raw/", ACCESS_LOG_NAMES, ALWAYS, skipped, any_name)) == []
    assert skipped.empty_path == "s3://b/raw/"


def test_discovery_stops_in_a_bucket_with_too_many_folders(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(day_folders, "MAX_FOLDERS", 20)
    assert in_pages([f"{number:03}/x" for number in range(19)])[1] == 19
    with pytest.raises(ArgumentError, match="over 20 folders below the raw path; name the logs' own prefix"):
        in_pages([f"{number:03}/x" for number in range(20)])


def test_discovery_looks_no_deeper_than_any_layout_of_logs() -> None:
    deepest = [flat("2024-05-07", "/".join("abcdefghijk"[:depth]) + "/") for depth in (8, 9)]
    assert in_pages(deepest) == ({deepest[0]: date(2024, 5, 7)}, 1, "a/b/c/d/e/f/g/h/i/")


def test_an_object_with_the_name_of_an_excluded_folder_is_not_excluded() -> None:
    names = DayNames(in_day=re.compile("x"), excluded=frozenset({"Digest"}))
    assert excluded_folder(names, "a/Digest/b/Digest/c") == "a/Digest/"
    assert excluded_folder(names, "a/Digest") is None


def ten_years(name: Callable[[str], list[str]]) -> list[str]:
    days = [(date(2014, 6, 1) + timedelta(days=number)).isoformat() for number in range(3650)]
    return [f"s3://b/raw/{key}" for day in days for key in name(day)]


LAYOUTS: dict[str, Callable[[str], list[str]]] = {
    "flat": lambda day: [flat(day, "logs-", unique) for unique in "ABCD"],
    "no stem": lambda day: [flat(day, "", unique) for unique in "ABCD"],
    "folders": lambda day: [foldered(day)],
    "year folders": lambda day: [flat(day, f"{day[:4]}/", unique) for unique in "ABCD"],
    "mixed": lambda day: [flat(day, "", "A"), flat(day, "", "B"), foldered(day)],
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("until", [date(2020, 3, 12), None])
def test_a_window_of_three_days_in_ten_years_costs_few_calls(layout: str, until: date | None) -> None:
    keys = ten_years(LAYOUTS[layout])
    last = date(2024, 5, 28)
    window = Window(until - timedelta(days=2), until) if until else Window(last - timedelta(days=2))
    storage = Pages(keys, page=100)
    days, _, _ = look(storage, "s3://b/raw/", window)
    per_day = len(LAYOUTS[layout]("2020-01-01"))
    assert len(days) == 3 * per_day
    # The years, each by a page of its names, and the folders on the way to the days.
    assert storage.calls <= 11 + 20
    assert len(storage.read) <= 3 * per_day + 5


# Trees: any mixture of layouts, strange folders and foreign objects.
day_texts = st.sampled_from(["2023-12-31", "2024-05-06", "2024-05-07", "2024-05-09", "2024-02-30", "2025-01-01"])
keys = st.one_of(
    st.builds(
        flat,
        day_texts,
        st.sampled_from(["", "a", "a-", "b/", "b/c-", "2024/", "2024/05/", "d/e/f/"]),
        st.sampled_from("AB"),
    ),
    st.builds(foldered, day_texts, st.sampled_from(["", "b/", "1/us-east-1/x/"])),
    st.sampled_from(
        ["a.txt", "a-b", "a-b-", "2024/x", "2024/05/y", "2024/05/07/z", "2024/1/x", "x/2024-05", "99/1", "20240507"]
    ),
)
trees = st.sets(keys, min_size=1, max_size=14).map(sorted)
windows = st.sampled_from([ALWAYS, IN_MAY, Window(since=date(2024, 5, 7)), Window(until=date(2024, 5, 6))])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(trees, windows, st.booleans(), st.integers(1, 4))
def test_a_folder_and_pages_of_any_size_give_the_same_objects(
    tmp_path_factory: pytest.TempPathFactory, tree: list[str], window: Window, any_name: bool, page: int
) -> None:
    root = tmp_path_factory.mktemp("raw")
    for key in tree:
        path = root / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    here = look(storage_for(str(root)), str(root), window, any_name)
    on_s3 = in_pages(tree, window, any_name)
    assert here[:2] == on_s3[:2]
    # Which of the foreign objects is the example depends on the order of listing.
    assert bool(here[2]) == bool(on_s3[2])
    # Small pages may leave out foreign objects of years that are not looked at, never a log.
    paged = in_pages(tree, window, any_name, page)
    assert paged[0] == here[0]
    assert paged[1] <= here[1]


def test_a_folder_and_s3_give_the_same_objects(bucket: str, tmp_path: Path) -> None:
    tree = [
        *FLAT,
        *FOLDERED,
        "a.txt",
        "a/b",
        "2024/05/07/x",
        flat("2024-02-30"),
        foldered("2024-05-07", ""),
        "old.log.gz",
    ]
    client, name = boto3.client("s3"), bucket.removeprefix("s3://")
    storage: Storage = storage_for(bucket)
    for key in tree:
        client.put_object(Bucket=name, Key=f"raw/{key}", Body=b"x")
        storage_for(str(tmp_path)).put(f"{tmp_path}/{key}", b"x")
    for window in (ALWAYS, IN_MAY):
        for any_name in (False, True):
            local = look(storage_for(str(tmp_path)), str(tmp_path), window, any_name)
            assert look(storage, f"{bucket}/raw/", window, any_name) == local


@pytest.mark.parametrize(
    ("window", "text"),
    [
        (Window(), "of all days"),
        (Window(date(2024, 5, 6)), "from 2024-05-06 on"),
        (Window(until=date(2024, 5, 6)), "from the beginning to 2024-05-06"),
        (IN_MAY, "from 2024-05-06 to 2024-05-08"),
    ],
)
def test_a_window_is_described_in_words(window: Window, text: str) -> None:
    assert str(window) == text


def test_both_ends_belong_to_a_window() -> None:
    assert [day for day in range(5, 10) if date(2024, 5, day) in IN_MAY] == [6, 7, 8]
