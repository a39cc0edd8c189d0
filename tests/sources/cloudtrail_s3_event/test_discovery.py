"""CloudTrail objects are discovered below a prefix with many accounts, Regions and other kinds of logs."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from glue_jobs.ingest.request import IngestSummary
from glue_jobs.ingest.staging.ledger import NOTHING
from glue_jobs.jobs.outcome.ingest_sentence import sentence
from glue_jobs.read.raw_object import Skipped, Window
from glue_jobs.sources.cloudtrail_s3_event.source import CLOUDTRAIL_NAMES
from glue_jobs.sources.layouts.discovery import discover
from glue_jobs.storage import storage_for

ACCOUNT = "111122223333"
IN_MAY = Window(date(2024, 5, 6), date(2024, 5, 8))
KINDS = ("Digest", "Insight", "NetworkActivity", "Aggregated")


def name(day: str, kind: str = "CloudTrail", region: str = "us-east-1", ending: str = ".json.gz") -> str:
    compact = day.replace("-", "")
    return f"{kind}/{region}/{day.replace('-', '/')}/{ACCOUNT}_{kind}_{region}_{compact}T0805Z_7xgocspSowgK0Gto{ending}"


def look(
    folder: Path, keys: list[str], window: Window = IN_MAY, any_name: bool = False
) -> tuple[dict[str, date | None], Skipped]:
    for key in keys:
        path = folder / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"{}")
    skipped = Skipped()
    found = discover(storage_for(str(folder)), str(folder), CLOUDTRAIL_NAMES, window, skipped, any_name)
    return {each.entry.address.removeprefix(f"{folder}/"): each.day for each in found}, skipped


@pytest.mark.parametrize(
    "before",
    [f"AWSLogs/{ACCOUNT}/", f"AWSLogs/o-abc123/{ACCOUNT}/", f"my/own/prefix/AWSLogs/o-abc123/{ACCOUNT}/", ""],
    ids=["account", "organisation", "prefix", "inside"],
)
@pytest.mark.parametrize("ending", [".json.gz", ".json"])
def test_the_days_of_a_window_are_discovered(tmp_path: Path, before: str, ending: str) -> None:
    keys = [before + name(f"2024-05-{day:02}", ending=ending) for day in range(4, 11)]
    found, skipped = look(tmp_path, keys)
    assert found == {key: date(2024, 5, day) for key, day in zip(keys[2:5], (6, 7, 8), strict=True)}
    assert (skipped.count, skipped.folders) == (0, set())


@pytest.mark.parametrize("end", ["2024", "2024/05", "2024/05/07"])
def test_a_raw_path_may_be_the_folder_of_a_year_a_month_or_a_day(tmp_path: Path, end: str) -> None:
    keys = [f"AWSLogs/{ACCOUNT}/{name(f'2024-05-{day:02}')}" for day in (5, 7)]
    look(tmp_path, keys)
    folder = f"{tmp_path}/AWSLogs/{ACCOUNT}/CloudTrail/us-east-1/{end}"
    skipped = Skipped()
    found = discover(storage_for(folder), folder, CLOUDTRAIL_NAMES, IN_MAY, skipped, any_name=False)
    assert {each.entry.address.removeprefix(f"{tmp_path}/"): each.day for each in found} == {keys[1]: date(2024, 5, 7)}
    assert skipped.count == 0
    outside = Window(date(2023, 1, 1), date(2023, 2, 1))
    assert list(discover(storage_for(folder), folder, CLOUDTRAIL_NAMES, outside, Skipped(), any_name=False)) == []


@pytest.mark.parametrize("before", ["2024/", "2024/05/", "2024/05/07/"])
def test_a_prefix_may_look_like_a_day(tmp_path: Path, before: str) -> None:
    key = f"{before}AWSLogs/{ACCOUNT}/{name('2024-05-07')}"
    look(tmp_path, [key])
    folder = f"{tmp_path}/{before.rstrip('/')}"
    found = discover(storage_for(folder), folder, CLOUDTRAIL_NAMES, IN_MAY, Skipped(), any_name=False)
    assert [each.day for each in found] == [date(2024, 5, 7)]


def test_all_accounts_and_regions_are_discovered(tmp_path: Path) -> None:
    keys = [
        f"AWSLogs/{account}/{name('2024-05-07', region=region)}"
        for account in (ACCOUNT, "123456789012", f"o-abc123/{ACCOUNT}")
        for region in ("us-east-1", "eu-central-1")
    ]
    assert set(look(tmp_path, keys)[0]) == set(keys)


@pytest.mark.parametrize("any_name", [False, True])
def test_other_kinds_of_cloudtrail_logs_are_skipped_and_counted(tmp_path: Path, any_name: bool) -> None:
    kept = f"AWSLogs/{ACCOUNT}/{name('2024-05-07')}"
    others = [
        f"AWSLogs/{ACCOUNT}/{name(f'2024-05-{day:02}', f'CloudTrail-{kind}')}" for kind in KINDS for day in (6, 7)
    ]
    found, skipped = look(tmp_path, [kept, *others], any_name=any_name)
    assert set(found) == {kept}
    assert skipped.folders == {f"{tmp_path}/AWSLogs/{ACCOUNT}/CloudTrail-{kind}/" for kind in KINDS}
    assert skipped.count == 0
    assert sentence(IngestSummary(None, 1, skipped, NOTHING)).endswith(
        f"; 4 folders of other kinds of logs were left out, e.g. {tmp_path}/AWSLogs/{ACCOUNT}/CloudTrail-Aggregated/"
    )


@pytest.mark.parametrize("kind", KINDS)
def test_a_raw_path_inside_a_folder_of_another_kind_has_no_objects(tmp_path: Path, kind: str) -> None:
    inside = name("2024-05-07", f"CloudTrail-{kind}").partition("/")[2]
    found, skipped = look(tmp_path, [inside])
    assert (found, skipped.count) == ({}, 1)


def test_logs_of_other_services_are_ignored(tmp_path: Path) -> None:
    kept = f"AWSLogs/{ACCOUNT}/{name('2024-05-07')}"
    others = [f"AWSLogs/{ACCOUNT}/{folder}/us-east-1/2024/05/07/x.json.gz" for folder in ("GuardDuty", "vpcflowlogs")]
    found, skipped = look(tmp_path, [kept, *others])
    assert (set(found), skipped.count, skipped.folders) == ({kept}, 0, set())


def test_files_outside_the_layout_are_counted_or_read_with_any_name(tmp_path: Path) -> None:
    keys = ["events.json", "2024-05-07.json.gz", f"AWSLogs/{ACCOUNT}/{name('2024-05-07')}"]
    found, skipped = look(tmp_path, keys)
    assert (set(found), skipped.count) == ({keys[2]}, 2)
    assert look(tmp_path, [], any_name=True)[0] == {keys[0]: None, keys[1]: None, keys[2]: date(2024, 5, 7)}
