"""The reports say which sources are stale, and since when."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from glue_jobs.errors import ArgumentError
from glue_jobs.jobs.outcome.last_success import expected_sources, fresh_since, record_success, stale_sources
from glue_jobs.jobs.run_job import run_job
from glue_jobs.lake import Lake
from glue_jobs.progress import SilentReporter
from glue_jobs.publish.stale import StaleSource
from glue_jobs.storage import Entry
from glue_jobs.storage.folder import FolderStorage
from tests.end_to_end.lakes import without_spark
from tests.job_process import main
from tests.publish.lakes import with_inventory

LAST_NIGHT, TONIGHT = datetime(2026, 3, 14, 2, 11, tzinfo=UTC), datetime(2026, 3, 15, 2, tzinfo=UTC)
SENTENCE = (
    "s3_access_log is stale since 2026-03-14 02:11 UTC, when its last successful run ended: what was delivered later is"
    " missing."
)


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    lake = with_inventory(Lake(str(tmp_path / "lake"), "usage_lake"))
    record_success(lake, "s3_access_log", LAST_NIGHT)
    record_success(lake, "s3_inventory_object", TONIGHT)
    return lake


def test_a_source_is_stale_whose_last_success_was_before_the_daily_run(lake: Lake) -> None:
    assert stale_sources(lake, None, TONIGHT) == (StaleSource("s3_access_log", LAST_NIGHT),)
    assert stale_sources(lake, None, LAST_NIGHT) == ()
    never = StaleSource("cloudtrail_s3_event", None)
    assert stale_sources(lake, ["cloudtrail_s3_event"], LAST_NIGHT) == (never,)
    assert never.sentence == "cloudtrail_s3_event is missing: no run of it has succeeded yet."


def test_a_later_success_ends_it(lake: Lake) -> None:
    record_success(lake, "s3_access_log", TONIGHT)
    assert stale_sources(lake, None, TONIGHT) == ()


def test_a_run_that_ends_while_the_reports_are_made_is_no_failure(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    """An inventory that arrives starts its job at any time."""
    listed = FolderStorage.list

    def list_and_succeed(storage: FolderStorage, prefix: str) -> Iterator[Entry]:
        for entry in listed(storage, prefix):
            record_success(lake, "s3_access_log", TONIGHT)
            yield entry

    monkeypatch.setattr(FolderStorage, "list", list_and_succeed)
    assert stale_sources(lake, None, TONIGHT) == ()


def test_a_reader_finds_it_on_the_page_in_the_manifest_and_in_the_sentence_of_the_run(
    lake: Lake, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = {
        "lake_path": lake.location,
        "report_path": str(tmp_path / "reports"),
        "date": "20260315",
        "subjects": "together",
        "sources": "s3_access_log,s3_inventory_object",
        "run_started_at": "2026-03-15T02:00:00.000Z",
    }
    assert (
        main(["--pipeline", "report", *(text for name, value in given.items() for text in (f"--{name}", value))]) == 0
    )
    assert json.loads((tmp_path / "reports/manifest-20260315.json").read_text())["stale"] == [SENTENCE]
    assert SENTENCE in (tmp_path / "reports/index.html").read_text()
    assert SENTENCE.rstrip(".") in capsys.readouterr().err


def test_only_a_run_that_succeeds_counts_and_one_without_new_objects_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_spark(monkeypatch)
    (tmp_path / "raw").mkdir()
    values = {"pipeline": "s3_access_log", "lake_path": str(tmp_path / "lake"), "any_name": "true"}
    (tmp_path / "raw/empty.log").write_bytes(b"")
    lake = Lake(values["lake_path"], "usage_lake")
    assert main(["--pipeline", "s3_access_log", "--raw_path", f"{tmp_path}/no", "--lake_path", lake.location]) == 1
    assert [each.since for each in stale_sources(lake, ["s3_access_log"], TONIGHT)] == [None]
    for _ in range(2):
        before = datetime.now(UTC).replace(microsecond=0)
        run_job({**values, "raw_path": str(tmp_path / "raw")}, SilentReporter())
        assert stale_sources(lake, None, before) == ()


def test_without_arguments_sources_of_the_day_before_are_fresh() -> None:
    assert fresh_since(None, date(2026, 3, 15)) == datetime(2026, 3, 14, tzinfo=UTC)
    assert expected_sources(None) is None
    assert expected_sources("s3_access_log, run_summary") == ["s3_access_log", "run_summary"]
    with pytest.raises(ArgumentError, match="run_started_at is a time such as 2024-05-07T02:00:00Z, not 'now'"):
        fresh_since("now", date(2026, 3, 15))
    with pytest.raises(ArgumentError, match="there is no source 'trail'; there are "):
        expected_sources("trail")
