"""For a day in the past, buckets whose objects are no longer kept are named: reports on objects leave them out."""

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
    "For 2026-03-09 the lake keeps totals of daily, but no single objects any more: answers about objects, their keys"
    " and sizes leave them out."
)


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lake that keeps the objects of two snapshots of a daily inventory, of a weekly one, and an empty one."""
    folder: Path = tmp_path_factory.mktemp("dropped")
    for bucket, ages in (("daily", range(7)), ("weekly", (0, 7))):
        inventory = Inventory(str(folder / "raw"), bucket=bucket)
        for age in ages:
            inventory.deliver(LAST - timedelta(days=age), [record("ana/tides/1.csv", 10)])
    Inventory(str(folder / "raw"), bucket="empty").deliver(LAST - timedelta(days=6), [])
    Lake(folder / "lake").ingest("s3_inventory_object", folder / "raw", keep_snapshots=2)
    return folder / "lake"


@pytest.mark.parametrize(
    ("query", "day", "notes"),
    [
        ("storage/accounts", "2026-03-09", [TOLD]),
        ("storage/accounts", "2026-03-13", []),
        ("storage/accounts", "2126-03-09", []),
        ("storage/storage_classes", "2026-03-09", []),
    ],
)
def test_a_query_on_objects_names_the_buckets_that_it_leaves_out(
    lake: Path, query: str, day: str, notes: list[str]
) -> None:
    result = CliRunner().invoke(main, ["query", query, "--lake", str(lake), "--as-of", day])
    assert (result.exit_code, result.stderr.splitlines()) == (0, notes)


def test_the_page_of_the_owner_names_them_too(lake: Path, tmp_path: Path) -> None:
    for date, told in (("20260309", True), ("20260313", False)):
        arguments = ["report", "--lake", str(lake), "--to", str(tmp_path), "--date", date, "--subjects", "storage"]
        assert CliRunner().invoke(main, arguments).exit_code == 0
        assert (TOLD in (tmp_path / "index.html").read_text()) == told
