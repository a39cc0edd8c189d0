"""Reports on a lake on S3 are queried with Athena; their files are the same as with DuckDB."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import boto3
import pytest

from glue_jobs.lake import Lake
from glue_jobs.query.duckdb.lake_engine import sources
from glue_jobs.query.duckdb.query_engine import QueryEngine
from glue_jobs.query.glue_views import view_table
from glue_jobs.query.saved.view import SavedView
from glue_jobs.storage import storage_for
from tests.disturbed import failing
from tests.job_process import main
from tests.publish.lakes import with_inventory
from tests.query.fake_athena import FakeAthena, serving


@pytest.fixture
def fake(bucket: str) -> Iterator[FakeAthena]:
    # A database belongs to one lake, and the catalog outlives a test.
    glue = boto3.client("glue")
    with suppress(glue.exceptions.EntityNotFoundException):
        glue.delete_database(Name="usage_lake")
    lake = with_inventory(Lake(f"{bucket}/lake", "usage_lake"))
    with QueryEngine(sources(lake)) as engine:
        fake = FakeAthena(engine.run, f"{bucket}/results")
        with serving(fake):
            yield fake


def job(lake: str, folder: str) -> int:
    paths = ["--lake_path", lake, "--report_path", folder]
    return main(["--pipeline", "report", *paths, "--date", "20260315", "--workgroup", "usage"])


def below(folder: str) -> dict[str, bytes]:
    storage = storage_for(f"{folder}/")
    entries = storage.list(f"{folder}/")
    return {entry.address.removeprefix(f"{folder}/"): storage.get(entry.address) for entry in entries}


def test_athena_finds_the_views_and_gives_the_same_files_as_duckdb(
    fake: FakeAthena, bucket: str, tmp_path: Path
) -> None:
    with_inventory(Lake(str(tmp_path / "lake"), "usage_lake"))
    assert job(str(tmp_path / "lake"), str(tmp_path / "reports")) == 0
    assert not fake.started
    assert job(f"{bucket}/lake", f"{bucket}/reports") == 0
    assert below(f"{bucket}/reports") == below(str(tmp_path / "reports"))
    assert not below(f"{bucket}/results")
    for view in SavedView.all():
        stored = boto3.client("glue").get_table(DatabaseName="usage_lake", Name=view.name)["Table"]
        assert stored["ViewOriginalText"] == view_table(view, "usage_lake")["ViewOriginalText"]
    assert {request["WorkGroup"] for request in fake.started.values()} == {"usage"}


def test_a_report_that_athena_fails_is_named_and_the_others_are_written(
    fake: FakeAthena, bucket: str, capsys: pytest.CaptureFixture[str]
) -> None:
    exhausted = KeyError("Query exhausted resources at this scale factor")
    with failing(fake, "answer", exhausted, when=lambda sql: "What changed per data set" in sql):
        assert job(f"{bucket}/lake", f"{bucket}/reports") == 1
    output = capsys.readouterr().err
    assert "1 failed: storage/growth: query" in output
    assert "Query exhausted resources" in output
    names = below(f"{bucket}/reports")
    assert "accounts/source-stats-accounts-20260315.csv" in names
    assert "storage/growth-20260315.csv" not in names
    assert "manifest-20260315.json" in names
