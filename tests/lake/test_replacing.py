"""Files are replaced and removed as wholes, in one commit."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from pyiceberg.expressions import visitors
from pyiceberg.manifest import ManifestFile

from glue_jobs.tables.rejected_record import REJECTED_RECORD
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
