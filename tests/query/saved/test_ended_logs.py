"""A log that ended is named, and so is a bucket whose requests end while those of others go on."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from glue_jobs import Lake
from glue_jobs.cli.main import main
from glue_jobs.lake import Lake as StoredLake
from glue_jobs.query.duckdb.lake_engine import open_engine
from glue_jobs.query.saved.ended_logs import ended_logs

OWNER = "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be"
FIRST = date(2026, 1, 1)

BUSY = range(60)
ENDED = range(40)
QUIET = range(0, 40, 2)


def line(bucket: str, day: date) -> str:
    return (
        f"{OWNER} {bucket} [{day:%d/%b/%Y}:00:00:00 +0000] 192.0.2.1 - {bucket}{day:%j}"
        ' REST.GET.OBJECT ana/tides/1.csv "GET /ana/tides/1.csv HTTP/1.1" 200 - 10 10 7 6 "-" "curl/8.5.0" -'
    )


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Requests of the first days of 2026: for one bucket until March, for two others until 9 February."""
    folder = tmp_path_factory.mktemp("ended")
    buckets = {"busy": BUSY, "ended": ENDED, "quiet": QUIET}
    lines = [line(bucket, FIRST + timedelta(day)) for bucket, days in buckets.items() for day in days]
    (folder / "raw").mkdir()
    (folder / "raw" / "log").write_text("\n".join(lines))
    Lake(folder / "lake").ingest("s3_access_log", folder / "raw", any_name=True)
    return folder / "lake"


@pytest.mark.parametrize(
    "folder", ["{name}", "{name}/{day:%Y/%m/%d}", "{name}/year={day:%Y}/month={day:%m}/day={day:%d}/hour=10"]
)
def test_a_folder_whose_logs_ended_is_named_by_status(folder: str, tmp_path: Path) -> None:
    today = datetime.now(UTC).date()
    for name, last in (("busy", 0), ("ended", 10)):
        for back in range(last, 40):
            day = today - timedelta(back)
            raw = tmp_path / "raw" / folder.format(name=name, day=day)
            raw.mkdir(parents=True, exist_ok=True)
            (raw / f"{day}-10-00-00-0123456789ABCDEF").write_text(line(name, day))
    Lake(tmp_path / "lake").ingest("s3_access_log", tmp_path / "raw")
    result = CliRunner().invoke(main, ["status", "--lake", f"{tmp_path}/lake"])
    ended = f"{tmp_path}/raw/ended (last: {today - timedelta(10)})"
    beginning = f"access logs came nearly every day, and no longer come in {ended}, while"
    assert result.stderr.startswith(beginning)


def sentences(lake: Path, day: date) -> list[str]:
    with open_engine(StoredLake(str(lake), "usage_lake")) as engine:
        return [*ended_logs(engine.run, day)]


@pytest.mark.parametrize(
    ("day", "told"),
    [
        (date(2026, 2, 16), False),
        (date(2026, 2, 17), True),
        (date(2026, 4, 13), True),
        (date(2026, 4, 20), False),
    ],
)
def test_a_bucket_whose_requests_ended_is_named_for_two_months(lake: Path, day: date, told: bool) -> None:
    sentence = (
        "After requests on nearly every day, s3_access_log has none for ended (last: 2026-02-09). If the logs of a"
        " bucket have ended, later requests are in no number."
    )
    assert (sentence in sentences(lake, day)) == told


def test_a_log_whose_newest_request_is_more_than_three_days_old_is_named(lake: Path) -> None:
    assert "The newest request" not in " ".join(sentences(lake, date(2026, 3, 4)))
    assert sentences(lake, date(2026, 3, 5))[0] == (
        "The newest request in s3_access_log is of 2026-03-01: later ones are in no number."
    )
