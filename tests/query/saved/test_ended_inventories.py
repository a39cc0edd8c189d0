"""Inventories that ended are named.

A bucket that has no other may be gone, and its last numbers still count. Where a bucket has others, what none of them
lists is in no number.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from glue_jobs import Lake
from tests.inventories import Inventory, record
from tests.query.saved.inventory_notes import LAST, OLD, lake_of, notes, page

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


def test_if_all_inventories_end_their_last_day_is_told(tmp_path: Path) -> None:
    lake = lake_of(tmp_path, {"only": [0]})
    assert notes(lake, "storage/storage_classes", "2026-03-25") == [OLD]
    assert notes(lake, "storage/storage_classes", "2026-03-24") == []
    assert OLD in page(lake, tmp_path / "reports", "20260325")


@pytest.mark.parametrize(
    ("ended", "age", "told"),
    [
        (["zoo/b/1.csv"], 11, True),
        (["ana/tides/1.csv", "zoo/b/1.csv"], 11, True),
        (["zoo/b/1.csv"], 10, False),
        (["zoo/b/1.csv"], 91, False),
        (["ana/tides/1.csv", "ana/tides/2.csv"], 11, False),
        ([], 11, False),
    ],
)
def test_of_a_bucket_with_several_inventories_one_that_ended_is_named_if_no_other_lists_its_keys(
    tmp_path: Path, ended: list[str], age: int, told: bool
) -> None:
    part, other = (Inventory(str(tmp_path / "raw"), config=name) for name in ("part", "other"))
    part.deliver(LAST, [record("ana/tides/1.csv"), record("ana/tides/3.csv")])
    other.deliver(LAST - timedelta(days=age + 1), [record("zoo/b/1.csv")])
    other.deliver(LAST - timedelta(days=age), [record(key) for key in ended])
    Lake(tmp_path / "lake").ingest("s3_inventory_object", tmp_path / "raw")
    last = LAST - timedelta(days=age)
    sentence = (
        f"Of buckets with several inventories these have ended: other of example-data (last: {last:%Y-%m-%d}); what no"
        " other one lists is in no number."
    )
    assert notes(tmp_path / "lake", "storage/storage_classes", "2026-03-15") == [sentence] * told
