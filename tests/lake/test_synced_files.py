"""A commit in a folder refers only to files that are on the disk, so a power failure after it loses none of them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from glue_jobs.tables.rejected_record import REJECTED_RECORD
from tests.lake.small_commits import commit, new_lake


def test_the_metadata_of_a_commit_and_its_name_are_on_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[tuple[int, int]] = []

    def note(descriptor: int) -> None:
        status = os.fstat(descriptor)
        synced.append((status.st_ino, status.st_size))

    monkeypatch.setattr(os, "fsync", note)
    lake = new_lake(tmp_path)
    commit(lake, 0)
    folder = Path(lake.load(REJECTED_RECORD).location, "metadata")
    assert {path.name.rpartition(".")[2] for path in folder.iterdir()} == {"json", "avro"}
    assert {(path.stat().st_ino, path.stat().st_size) for path in folder.iterdir()} <= {*synced}
    # The names of all files in the folder.
    assert synced[-1][0] == folder.stat().st_ino
