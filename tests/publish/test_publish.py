"""The published files: names, contents, the manifest, and what is left after a failure."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import boto3
import pyarrow as pa
import pytest

from glue_jobs.config import Prices
from glue_jobs.config.prices import StoragePrices, TierPrices
from glue_jobs.errors import StorageError, UsageLakeError
from glue_jobs.lake import Lake
from glue_jobs.progress import PlainReporter
from glue_jobs.publish.publish import Edition, Published, ReportError, publish, sentence
from glue_jobs.publish.report_set import SOURCE_STATS, Report, report_set
from glue_jobs.query.saved.query import SavedQuery
from glue_jobs.storage import storage_for
from tests.disturbed import failing
from tests.job_process import main
from tests.publish.lakes import with_inventory

DAY = date(2026, 3, 15)
NAMES = ("storage/accounts", "storage/growth", "storage/extensions")


ONE_ROW = pa.table({"key": ["=a"], "n": [1]})


class FakeEngine:
    """Returns ``rows`` for every query; fails queries that contain one of the given words."""

    def __init__(self, *failing: str, rows: pa.Table = ONE_ROW) -> None:
        self._failing, self._rows = failing, rows
        self.asked: list[str] = []

    def run(self, sql: str) -> pa.Table:
        self.asked.append(sql)
        if any(word in sql for word in self._failing):
            raise UsageLakeError("the query failed:\x1b no memory")
        return self._rows


def reports(*names: str) -> list[Report]:
    return [report for report in report_set() if report.query.name in names]


def published(
    folder: Path | str, *failing: str, day: date = DAY, failed: tuple[tuple[str, str], ...] = ()
) -> Published:
    return publish(reports(*NAMES), FakeEngine(*failing), str(folder), Edition(day, failed=failed), PlainReporter())


def files(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_every_query_whose_parameters_have_defaults_is_a_report() -> None:
    names = {report.query.name: [report.name(form, DAY) for form in report.forms] for report in report_set()}
    of_summaries = {f"run/{name}" for name in ("counts_by_score", "matches_by_family", "matches_by_sequence")}
    without_default = {"access/top_objects_of_repository", "run/matches_of_run", *of_summaries}
    assert names.keys() == set(SavedQuery.names()) - without_default
    assert [names[name] for name in SOURCE_STATS] == [
        ["accounts/source-stats-accounts-20260315.csv"],
        ["repositories/source-stats-repositories-20260315.csv"],
        ["source/source-stats-summary-20260315.csv"],
    ]
    assert names["together/cost_to_serve"] == [
        f"together/cost_to_serve-20260315.{ending}" for ending in ("csv", "json")
    ]


def test_files_are_written_and_listed_in_the_manifest(tmp_path: Path) -> None:
    text = sentence(published(tmp_path))
    found = files(tmp_path)
    manifest = json.loads(found.pop("manifest-20260315.json"))
    # Every day replaces these, so the manifest does not list them.
    assert found.pop("index.html")
    assert json.loads(found.pop("summary.json")) == {"day": "2026-03-15"}
    assert found.pop("digest.txt").decode() == "Usage of 2–8 March 2026 (UTC)\n"
    assert text == f"3 reports in 8 files are in {tmp_path}"
    assert found.keys() == {
        "accounts/source-stats-accounts-20260315.csv",
        "storage/extensions-20260315.csv",
        "storage/extensions-20260315.json",
        "storage/growth-20260315.csv",
        "storage/growth-20260315.json",
    }
    assert found["storage/growth-20260315.csv"] == b"key,n\n'=a,1\n"
    assert json.loads(found["storage/growth-20260315.json"]) == [{"key": "=a", "n": 1}]
    assert manifest["failed"] == []
    assert {file["name"]: (file["rows"], file["bytes"], file["sha256"]) for file in manifest["files"]} == {
        name: (1, len(data), hashlib.sha256(data).hexdigest()) for name, data in found.items()
    }
    assert {file["query"] for file in manifest["files"]} == set(NAMES)


def test_a_query_runs_as_of_the_day_with_its_defaults() -> None:
    engine = FakeEngine()
    with pytest.raises(StorageError):
        publish(reports("together/cost_to_serve"), engine, "/proc/nowhere", Edition(DAY), PlainReporter())
    (sql,) = engine.asked
    assert "date_trunc('month', DATE '2026-03-15')" in sql
    assert "CAST(0.023 AS double)" in sql


def test_prices_of_the_configuration_replace_the_defaults(tmp_path: Path) -> None:
    tiers = TierPrices(INFREQUENT=0.5)
    engine = FakeEngine(rows=ONE_ROW.slice(0, 0))
    prices = Prices(storage_gb_month=StoragePrices(GLACIER=0.25), intelligent_tiering_gb_month=tiers, transfer_per_gb=0)
    names = ("subscriber/estimated_transfer_cost", "together/cost_to_serve")
    publish(reports(*names), engine, str(tmp_path), Edition(DAY, prices), PlainReporter())
    transfer, cost = engine.asked
    assert "CAST(0.0 AS double)" in transfer
    used = {name: price for price, name in re.findall(r"CAST\(([\d.]+) AS double\) AS (price_\w+)", cost)}
    changed = {"price_glacier": "0.25", "price_tier_infrequent": "0.5", "price_per_gb_out": "0.0"}
    assert used.items() >= changed.items()
    assert (used["price_standard"], used["price_tier_frequent"]) == ("0.023", "0.023")


def test_a_manifest_stays_valid_when_other_days_are_published(tmp_path: Path) -> None:
    published(tmp_path)
    published(tmp_path, "no such", day=date(2026, 3, 16))
    listed = json.loads(files(tmp_path)["manifest-20260315.json"])["files"]
    assert listed
    assert all(hashlib.sha256(files(tmp_path)[each["name"]]).hexdigest() == each["sha256"] for each in listed)


def test_the_manifest_names_earlier_failures(tmp_path: Path) -> None:
    result = published(tmp_path, failed=(("views/a", "no table"),))
    assert json.loads(files(tmp_path)["manifest-20260315.json"])["failed"] == ["views/a"]
    assert result.failed == (("views/a", "no table"),)


def test_the_other_reports_are_written_when_a_query_fails(tmp_path: Path) -> None:
    result = published(tmp_path, "What changed")
    found = files(tmp_path)
    assert sorted(found) == [
        "accounts/source-stats-accounts-20260315.csv",
        "digest.txt",
        "index.html",
        "manifest-20260315.json",
        "storage/extensions-20260315.csv",
        "storage/extensions-20260315.json",
        "summary.json",
    ]
    assert json.loads(found["manifest-20260315.json"])["failed"] == ["storage/growth"]
    with pytest.raises(ReportError, match=r"2 reports in 6 files .* but 1 failed: storage/growth: the query"):
        sentence(result)


def test_a_failed_write_leaves_no_partial_file_and_no_manifest(tmp_path: Path) -> None:
    full = failing(os, "fsync", OSError(28, "No space left on device"), nth=3)
    with full, pytest.raises(StorageError, match="No space left on device; free some space"):
        published(tmp_path)
    assert list(files(tmp_path)) == ["accounts/source-stats-accounts-20260315.csv"]


def test_no_manifest_lists_the_files_of_a_day_while_they_are_written_again(tmp_path: Path) -> None:
    published(tmp_path)
    full = failing(os, "fsync", OSError(28, "No space left on device"), nth=3)
    with full, pytest.raises(StorageError):
        published(tmp_path)
    assert len(files(tmp_path)) == 8
    assert not [name for name in files(tmp_path) if name.startswith("manifest")]


def test_files_on_s3_have_content_types(bucket: str) -> None:
    published(f"{bucket}/public")
    name = bucket.removeprefix("s3://")
    entries = storage_for(f"{bucket}/").list(f"{bucket}/")
    keys = [entry.address.removeprefix(f"{bucket}/") for entry in entries]
    types = {key: boto3.client("s3").head_object(Bucket=name, Key=key)["ContentType"] for key in keys}
    assert len(types) == 9
    assert types.pop("public/digest.txt") == "text/plain; charset=utf-8"
    assert types.pop("public/index.html") == "text/html; charset=utf-8"
    for key, kind in types.items():
        assert kind == ("text/csv; charset=utf-8" if key.endswith(".csv") else "application/json")
    csv = storage_for(f"{bucket}/").get(f"{bucket}/public/storage/growth-20260315.csv")
    assert csv == b"key,n\n'=a,1\n"


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("lake")
    with_inventory(Lake(str(folder), "usage_lake"))
    yield str(folder)


def job(lake: str, folder: Path, *more: str) -> int:
    return main(["--pipeline", "report", "--lake_path", lake, "--report_path", str(folder), *more])


def test_what_a_killed_run_left_half_written_is_removed_a_day_later(lake: str, tmp_path: Path) -> None:
    old, new = (f"storage/growth-20260314.csv.unfinished-{digit * 32}" for digit in "ab")
    other = "storage/is.unfinished-x"
    (tmp_path / "storage").mkdir()
    for name in (old, new, other):
        (tmp_path / name).write_bytes(b"half")
        os.utime(tmp_path / name, (0, 0) if name != new else None)
    assert job(lake, tmp_path, "--date", "20260315", "--subjects", "storage") == 0
    assert [name for name in (old, new, other) if (tmp_path / name).exists()] == [new, other]


def test_the_job_writes_the_same_files_as_source_stats(lake: str, tmp_path: Path) -> None:
    assert job(lake, tmp_path, "--date", "20260315") == 0
    found = {name: data.decode() for name, data in files(tmp_path).items() if "source-stats" in name}
    assert found == {
        "accounts/source-stats-accounts-20260315.csv": (
            "account,repositories,objects,storage_gb,avg_object_size_mb,oldest_file,newest_file\n"
            '"""quoted, account""",1,1,1.5,1536.0,2024-04-17 18:11:22,2024-04-17 18:11:22\n'
            "earth,1,3,1.01,343.04,2024-04-17 18:11:22,2025-04-17 12:23:46\n"
        ),
        "repositories/source-stats-repositories-20260315.csv": (
            "account,repository,objects,storage_gb,avg_object_size_mb,oldest_file,newest_file\n"
            '"""quoted, account""",snow,1,1.5,1536.0,2024-04-17 18:11:22,2024-04-17 18:11:22\n'
            "earth,clouds,3,1.01,343.04,2024-04-17 18:11:22,2025-04-17 12:23:46\n"
        ),
        "source/source-stats-summary-20260315.csv": (
            "metric,value\nTotal Accounts,2\nTotal Repositories,2\nTotal Objects,4\nTotal Storage (TB),0.0\n"
        ),
    }


def test_reports_of_a_day_use_the_data_of_that_day(lake: str, tmp_path: Path) -> None:
    assert job(lake, tmp_path, "--date", "20260307") == 0
    assert files(tmp_path)["source/source-stats-summary-20260307.csv"] == b"metric,value\n"


def test_a_lake_without_tables_is_an_error(tmp_path: Path, capsys: Any) -> None:
    (tmp_path / "lake").mkdir()
    assert job(str(tmp_path / "lake"), tmp_path / "out") == 1
    assert "there are no tables in database usage_lake of" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_the_manifest_names_what_told_places(tmp_path: Path) -> None:
    told = ("dbip.mmdb sha256:0123; DBIP-City-Lite of 2026-11-01; IP geolocation by DB-IP",)
    publish(reports(*NAMES), FakeEngine(), str(tmp_path), Edition(DAY, place_sources=told), PlainReporter())
    assert json.loads(files(tmp_path)["manifest-20260315.json"])["place_sources"] == list(told)
