"""For a day in the past, buckets whose objects are no longer kept are named: reports on objects leave them out."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from tests.inventories import Inventory
from tests.query.saved.inventory_notes import LAST, OLD, lake_of, notes, page

TOLD = (
    "For 2026-03-09 the lake keeps totals of daily, but no single objects any more: answers about objects, their keys"
    " and sizes leave them out."
)


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lake that keeps the objects of two snapshots of a daily inventory, of a weekly one, and an empty one."""
    folder = tmp_path_factory.mktemp("dropped")
    Inventory(str(folder / "raw"), bucket="empty").deliver(LAST - timedelta(days=6), [])
    return lake_of(folder, {"daily": range(7), "weekly": [0, 7]}, keep_snapshots=2)


@pytest.mark.parametrize(
    ("query", "day", "told"),
    [
        ("storage/accounts", "2026-03-09", [TOLD]),
        ("storage/accounts", "2026-03-13", []),
        ("storage/accounts", "2126-03-09", [OLD]),
        ("storage/storage_classes", "2026-03-09", []),
    ],
)
def test_a_query_on_objects_names_the_buckets_that_it_leaves_out(
    lake: Path, query: str, day: str, told: list[str]
) -> None:
    assert notes(lake, query, day) == told


def test_the_page_of_the_owner_names_them_too(lake: Path, tmp_path: Path) -> None:
    assert TOLD in page(lake, tmp_path, "20260309")
    assert TOLD not in page(lake, tmp_path, "20260313")
