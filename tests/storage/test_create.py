"""A file that is being created is seen when it is complete and on the disk, or not at all."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from glue_jobs.errors import StorageError
from glue_jobs.storage import storage_for
from glue_jobs.storage.folder import FolderStorage


def test_an_error_of_the_last_sync_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fsync(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", fsync)
    with (
        pytest.raises(StorageError, match="No space left on device; free some space"),
        FolderStorage().create(f"{tmp_path}/x") as file,
    ):
        file.write(b"0" * 20)
    assert [*tmp_path.iterdir()] == []


@pytest.mark.parametrize("place", ["folder", "bucket"])
def test_an_object_exists_only_when_it_is_complete(place: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    root = str(tmp_path) if place == "folder" else request.getfixturevalue("bucket")
    storage = storage_for(root)

    def names() -> tuple[str, ...]:
        return storage.level(f"{root}/").objects

    with storage.create(f"{root}/x") as file:
        pq.write_table(pa.table({"n": range(9)}), file)
        assert names() == ()
    assert names() == ("x",)
    assert pq.read_table(pa.BufferReader(storage.get(f"{root}/x")))["n"].to_pylist() == [*range(9)]
    with pytest.raises(KeyError), storage.create(f"{root}/y") as file:
        file.write(b"half")
        raise KeyError
    assert names() == ("x",)
    if place == "folder":
        assert len([*tmp_path.iterdir()]) == 1
