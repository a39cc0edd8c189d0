"""First runs that create one catalog at the same moment."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pyiceberg.catalog
import pytest
from sqlalchemy.exc import OperationalError

import glue_jobs.lake.iceberg_catalog
from glue_jobs.errors import LakeError
from glue_jobs.lake import Lake
from glue_jobs.tables.subscriber import SUBSCRIBER


@pytest.mark.parametrize(("lost_races", "is_opened"), [(0, True), (1, True), (2, True), (3, False)])
def test_each_table_of_the_catalog_may_be_created_by_another_run(
    lost_races: int, is_opened: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = [True] * lost_races

    def load(*arguments: Any, **properties: Any) -> Any:
        if answers and answers.pop():
            raise OperationalError("CREATE", {}, sqlite3.OperationalError("table iceberg_tables already exists"))
        return pyiceberg.catalog.load_catalog(*arguments, **properties)

    monkeypatch.setattr(glue_jobs.lake.iceberg_catalog, "load_catalog", load)
    lake = Lake(str(tmp_path / "lake"), "usage_lake")
    if is_opened:
        lake.create(SUBSCRIBER)
        assert lake.has(SUBSCRIBER)
    else:
        with pytest.raises(LakeError, match="table iceberg_tables already exists"):
            lake.create(SUBSCRIBER)
