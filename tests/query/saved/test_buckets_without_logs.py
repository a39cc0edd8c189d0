"""What of a bucket is read is unknown if no log names it: the answer says so, and when the logs begin."""

from __future__ import annotations

from pathlib import Path

import pytest

from glue_jobs import Lake
from tests.query.saved.inventory_notes import OLD, lake_of, notes, page

UNREAD, COST = "together/kept_but_never_read", "together/cost_to_serve"
BEGUN = "The logs begin on 2026-02-25: what was read before that day is in no number."

OWNER = "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be"
LINE = (
    f"{OWNER} logged [25/Feb/2026:10:00:00 +0000] 192.0.2.1 - 3E57427F3EXAMPLE REST.GET.OBJECT ana/tides/1.csv"
    ' "GET /ana/tides/1.csv HTTP/1.1" 200 - 10 10 7 6 "-" "curl/8.5.0" -'
)
BUCKET_EVENT = (
    '{"eventVersion":"1.11","eventSource":"s3.amazonaws.com","eventName":"PutBucketLogging","eventTime":'
    '"2026-02-25T10:00:00Z","eventID":"1","managementEvent":true,"requestParameters":{"bucketName":"silent"}}'
)


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Inventories of two buckets, a request for one of them, and a change of the settings of the other."""
    folder = tmp_path_factory.mktemp("unlogged")
    lake = lake_of(folder, {"logged": [0], "silent": [0]})
    for name, text in {"log": LINE, "trail": f'{{"Records":[{BUCKET_EVENT}]}}'}.items():
        (folder / name).mkdir()
        (folder / name / "file").write_text(text)
    Lake(lake).ingest("s3_access_log", folder / "log", any_name=True)
    Lake(lake).ingest("cloudtrail_s3_event", folder / "trail", any_name=True)
    return lake


def unnamed(first: str, last: str, buckets: str) -> str:
    """The sentence on buckets that no log names."""
    return (
        f"The logs of {first} to {last} have no request for {buckets}. If logs are missing, reads are unknown there,"
        " not zero."
    )


def test_a_query_on_what_is_stored_and_read_names_buckets_that_no_log_names(lake: Path) -> None:
    assert notes(lake, UNREAD, "2026-03-15") == [unnamed("2025-03-01", "2026-03-15", "silent"), BEGUN]
    assert notes(lake, "storage/storage_classes", "2026-03-15") == []


def test_a_lake_without_logs_says_that_what_is_read_is_unknown(tmp_path: Path) -> None:
    lake = lake_of(tmp_path, {"silent": [0]})
    logs = "cloudfront_log or cloudtrail_s3_event or s3_access_log"
    assert notes(lake, UNREAD, "2026-03-15") == [f"Without {logs}, what is read is unknown."]
    assert notes(lake, COST, "2026-03-15") == ["Without s3_access_log, what is read is unknown."]
    assert "no request for" not in page(lake, tmp_path / "page", "20260315", "together")


def test_costs_are_about_the_logs_of_the_last_month(lake: Path) -> None:
    assert notes(lake, COST, "2026-03-15") == [unnamed("2026-02-01", "2026-02-28", "silent"), BEGUN]
    assert notes(lake, COST, "2026-04-15") == [OLD, unnamed("2026-03-01", "2026-03-31", "logged, silent")]


def test_the_page_of_the_owner_names_the_buckets_beside_what_nobody_reads(lake: Path, tmp_path: Path) -> None:
    told = f'class="about">{unnamed("2025-03-01", "2026-03-15", "silent")}'
    assert told in page(lake, tmp_path, "20260315", "together")
    assert told not in page(lake, tmp_path, "20260315", "storage")


@pytest.mark.parametrize(
    ("day", "subjects", "told"),
    [("20260228", "access", False), ("20260301", "access", True), ("20260301", "storage", False)],
)
def test_the_page_says_that_the_logs_end_when_three_whole_days_are_missing(
    lake: Path, tmp_path: Path, day: str, subjects: str, told: bool
) -> None:
    sentence = "The newest request in s3_access_log is of 2026-02-25: later ones are in no number."
    assert (sentence in page(lake, tmp_path, day, subjects)) == told
