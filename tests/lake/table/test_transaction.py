"""A transaction sees its own changes, and computes the metadata once for each."""

from __future__ import annotations

from pathlib import Path

from glue_jobs.lake.table.transaction import OneParentTransaction
from glue_jobs.tables.rejected_record import REJECTED_RECORD
from tests.lake.maintenance import iceberg
from tests.lake.small_commits import new_lake


def test_metadata_are_computed_again_after_a_change_only(tmp_path: Path) -> None:
    table = iceberg(new_lake(tmp_path), REJECTED_RECORD)
    transaction = OneParentTransaction(table)
    before = transaction.table_metadata
    assert transaction.table_metadata is before
    for number in ("1", "2"):
        transaction.set_properties(number=number)
        assert transaction.table_metadata.properties["number"] == number
    assert "number" not in before.properties
    assert "number" not in table.metadata.properties
