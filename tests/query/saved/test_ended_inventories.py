"""A bucket whose inventories ended is named: it may be gone, and its last numbers still count."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.query.saved.inventory_notes import lake_of, notes, page

TOLD = (
    "The inventories of gone (last: 2026-03-03) have ended; what the last one lists still counts as stored, even if the"
    " bucket is gone."
)


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lake with the daily inventory of one bucket, a weekly one of another, and one of a bucket that is gone."""
    return lake_of(tmp_path_factory.mktemp("ended"), {"daily": [0], "weekly": [6], "gone": [11]})


def test_a_query_on_what_is_stored_says_which_bucket_may_be_gone(lake: Path) -> None:
    assert notes(lake, "storage/storage_classes", "2026-03-15") == [TOLD]
    assert notes(lake, "storage/storage_classes", "2026-03-13") == []
    assert notes(lake, "storage/stored_by_month", "2026-03-15") == []


def test_the_page_of_the_owner_says_it_too(lake: Path, tmp_path: Path) -> None:
    assert TOLD in page(lake, tmp_path, "20260315")
    assert TOLD not in page(lake, tmp_path, "20260313")
