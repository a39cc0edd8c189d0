"""Notes of the prompt and of the owner's page on inventories of some days before `LAST`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from pathlib import Path

from click.testing import CliRunner

from glue_jobs import Lake
from glue_jobs.cli.main import main
from tests.inventories import Inventory, record

LAST = datetime(2026, 3, 14, 1)
OLD = "The newest inventory is of 2026-03-14: what was stored or deleted later is in no number."


def lake_of(folder: Path, ages: Mapping[str, Iterable[int]], **arguments: object) -> Path:
    """A lake with inventories of one object per bucket, this many days before `LAST`."""
    for bucket, days in ages.items():
        inventory = Inventory(str(folder / "raw"), bucket=bucket)
        for age in days:
            inventory.deliver(LAST - timedelta(days=age), [record("ana/tides/1.csv", 10)])
    Lake(folder / "lake").ingest("s3_inventory_object", folder / "raw", **arguments)
    return folder / "lake"


def notes(lake: Path, query: str, day: str) -> list[str]:
    """The notes of the prompt beside the answer."""
    result = CliRunner().invoke(main, ["query", query, "--lake", str(lake), "--as-of", day])
    assert result.exit_code == 0
    return result.stderr.splitlines()


def page(lake: Path, to: Path, day: str, subjects: str = "storage") -> str:
    """The page of the reports on storage."""
    arguments = ["report", "--lake", str(lake), "--to", str(to), "--date", day, "--subjects", subjects]
    assert CliRunner().invoke(main, arguments).exit_code == 0
    return (to / "index.html").read_text()
