"""A file that is being written is seen when it is complete and on the disk, or not at all."""

from __future__ import annotations

import errno
import os
import resource
from pathlib import Path

import pytest

from glue_jobs.errors import StorageError
from glue_jobs.storage.folder import FolderStorage


def test_an_error_of_the_last_sync_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fsync(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", fsync)
    with pytest.raises(StorageError, match="No space left on device; free some space"):
        FolderStorage().put(f"{tmp_path}/x", b"0" * 20)
    assert [*tmp_path.iterdir()] == []


def test_a_file_exists_only_when_it_is_complete(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sync, seen = os.fsync, []

    def fsync(descriptor: int) -> None:
        seen.append(FolderStorage().level(f"{tmp_path}/").objects)
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    FolderStorage().put(f"{tmp_path}/x", b"0" * 20)
    # The file is synced, then the folder with its name.
    assert seen == [(), ("x",)]
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"0" * 20]


def test_an_empty_file_has_its_name_from_the_beginning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    monkeypatch.setattr(os, "fsync", lambda _: seen.append([path.name for path in tmp_path.iterdir()]))
    FolderStorage().put(f"{tmp_path}/run", b"")
    # A run that is killed after this has a folder that the next run finds.
    assert seen == [["run"], ["run"]]


def test_a_file_that_was_written_in_part_is_an_error_and_leaves_the_one_before(tmp_path: Path) -> None:
    FolderStorage().put(f"{tmp_path}/x", b"before")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2**20, limits[1]))
    try:
        with pytest.raises(StorageError, match="File too large"):
            FolderStorage().put(f"{tmp_path}/x", memoryview(bytes(2**20 + 1)))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"before"]
