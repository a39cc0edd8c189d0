"""Files are replaced and removed as wholes, in one commit."""

from __future__ import annotations

import time
from pathlib import Path

import pyarrow as pa
import pytest
from pyiceberg.expressions import visitors
from pyiceberg.manifest import ManifestFile

from glue_jobs.errors import LostRaceError
from glue_jobs.lake import Lake
from glue_jobs.tables.rejected_record import REJECTED_RECORD
from glue_jobs.tables.subscriber import SUBSCRIBER
from tests.lake.small_commits import commit, new_lake


def test_a_file_is_found_whichever_manifest_another_thread_looks_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake = new_lake(tmp_path)
    written = [address for number in range(4) for address in commit(lake, number)]

    def slow(self: visitors._ManifestEvalVisitor, manifest: ManifestFile) -> bool:
        self.partition_fields = manifest.partitions or []
        time.sleep(0.05)
        return visitors.visit(self.partition_filter, self)

    monkeypatch.setattr(visitors._ManifestEvalVisitor, "eval", slow)
    loaded = lake.load(REJECTED_RECORD)
    gone = [file for file in loaded.files() if file.address in written[1:3]]
    loaded.append([], {}, gone)
    assert sorted(file.address for file in lake.load(REJECTED_RECORD).files()) == sorted([written[0], written[3]])


def test_who_loses_the_race_to_replace_the_rows_leaves_no_file(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path / "lake"), "usage_lake")
    lake.create(SUBSCRIBER)
    first, second = lake.load(SUBSCRIBER), lake.load(SUBSCRIBER)
    rows = [pa.Table.from_pylist([{"account_id": name, "name": name}], SUBSCRIBER.arrow_schema) for name in "ab"]
    first.replace(rows[0])
    with pytest.raises(LostRaceError):
        second.replace(rows[1])
    stored = lake.load(SUBSCRIBER)
    assert stored.rows(("name",))["name"].to_pylist() == ["a"]
    assert {str(path) for path in tmp_path.rglob("*.parquet")} == {file.address for file in stored.files()}
    stored.replace(rows[1])
    assert lake.load(SUBSCRIBER).rows(("name",))["name"].to_pylist() == ["b"]
