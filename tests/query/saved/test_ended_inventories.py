"""A bucket whose inventories ended is named: it may be gone, and its last numbers still count."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from glue_jobs import Lake
from glue_jobs.cli.main import main
from tests.inventories import Inventory, record

LAST = datetime(2026, 3, 14, 1)
TOLD = (
    "The inventories of gone (last: 2026-03-03) have ended; what the last one lists still counts as stored, even if the"
    " bucket is gone."
)


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lake with the daily inventory of one bucket, a weekly one of another, and one of a bucket that is gone."""
    folder: Path = tmp_path_factory.mktemp("ended")
    for bucket, age in (("daily", 0), ("weekly", 6), ("gone", 11)):
        inventory = Inventory(str(folder / "raw"), bucket=bucket)
        inventory.deliver(LAST - timedelta(days=age), [record("ana/tides/1.csv", 10)])
    Lake(folder / "lake").ingest("s3_inventory_object", folder / "raw")
    return folder / "lake"


def stderr(lake: Path, query: str, day: str = "2026-03-15") -> list[str]:
    result = CliRunner().invoke(main, ["query", query, "--lake", str(lake), "--as-of", day])
    assert result.exit_code == 0
    return result.stderr.splitlines()


def test_a_query_on_what_is_stored_says_which_bucket_may_be_gone(lake: Path) -> None:
    assert stderr(lake, "storage/storage_classes") == [TOLD]
    assert stderr(lake, "storage/storage_classes", "2026-03-13") == []
    assert stderr(lake, "storage/stored_by_month") == []


def test_the_page_of_the_owner_says_it_too(lake: Path, tmp_path: Path) -> None:
    for date, told in (("20260315", True), ("20260313", False)):
        arguments = ["report", "--lake", str(lake), "--to", str(tmp_path), "--date", date, "--subjects", "storage"]
        assert CliRunner().invoke(main, arguments).exit_code == 0
        assert (TOLD in (tmp_path / "index.html").read_text()) == told
