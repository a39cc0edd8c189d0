"""Older versions that only an inventory lists whose keys another one of current objects lists too are named."""

from __future__ import annotations

from pathlib import Path

import pytest

from glue_jobs import Lake
from tests.inventories import VERSION_FIELDS, Inventory, record
from tests.query.saved.inventory_notes import LAST, notes, page

TOLD = (
    "No number includes the older versions and delete markers that versions of example-data lists, because another"
    " inventory lists the same keys and more, but current objects only. One inventory of all versions can replace both."
)


def lake_of(folder: Path, *others: str) -> Path:
    """A lake with an inventory of all versions below ana/, and one of the current objects of all keys."""
    versions = Inventory(str(folder / "raw"), config="versions", fields=VERSION_FIELDS)
    current = record("ana/tides/1.csv", VersionId="2", IsLatest=True)
    versions.deliver(LAST, [current, {**current, "VersionId": "1", "IsLatest": False}])
    Inventory(str(folder / "raw"), config="objects").deliver(
        LAST, [record(key) for key in ("ana/tides/1.csv", *others)]
    )
    Lake(folder / "lake").ingest("s3_inventory_object", folder / "raw")
    return folder / "lake"


@pytest.mark.parametrize("query", ["storage/storage_classes", "storage/noncurrent_versions"])
def test_older_versions_of_keys_that_another_inventory_lists_as_current_ones_are_named(
    tmp_path: Path, query: str
) -> None:
    lake = lake_of(tmp_path, "zoo/b/1.csv")
    assert notes(lake, query, "2026-03-15")[0] == TOLD
    assert TOLD in page(lake, tmp_path / "reports", "20260315")


def test_an_inventory_of_all_versions_that_counts_is_not_named(tmp_path: Path) -> None:
    assert notes(lake_of(tmp_path), "storage/storage_classes", "2026-03-15") == []
