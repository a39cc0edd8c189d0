"""Files that are synced while they are written hold all bytes in order and report every write error."""

from __future__ import annotations

import errno
import os
import threading
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from glue_jobs.errors import StorageError
from glue_jobs.storage import storage_for
from glue_jobs.storage.folder import FolderStorage
from glue_jobs.storage.limits import Limits
from glue_jobs.storage.synced_file import SyncedFile

SMALL = Limits(bytes_per_write=8, bytes_per_sync=20)


@given(st.lists(st.binary(max_size=60)))
def test_a_file_holds_what_was_written(tmp_path_factory: pytest.TempPathFactory, pieces: list[bytes]) -> None:
    path = tmp_path_factory.mktemp("synced") / "x"
    with SyncedFile(path, SMALL) as file:
        for piece in pieces:
            assert file.write(piece) == len(piece)
        assert file.tell() == sum(map(len, pieces))
        file.sync()
    assert path.read_bytes() == b"".join(pieces)


def test_bytes_are_synced_before_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced = threading.Event()
    monkeypatch.setattr(os, "fsync", lambda _: synced.set())
    with SyncedFile(tmp_path / "x", SMALL) as file:
        file.write(b"0" * 19)
        assert not synced.wait(0.1)
        file.write(b"0")
        assert synced.wait(5)


def fail_once(patch: pytest.MonkeyPatch, *, in_background: bool) -> None:
    """Let the first fsync of one thread fail; as in the kernel, later ones report nothing."""
    failed = False

    def fsync(_descriptor: int) -> None:
        nonlocal failed
        if not failed and in_background == (threading.current_thread() is not threading.main_thread()):
            failed = True
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    patch.setattr(os, "fsync", fsync)


@pytest.mark.parametrize("in_background", [True, False])
def test_an_error_of_the_last_sync_is_reported(
    in_background: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fail_once(monkeypatch, in_background=in_background)
    with (
        pytest.raises(StorageError, match="No space left on device; free some space"),
        FolderStorage(SMALL).create(f"{tmp_path}/x") as file,
    ):
        file.write(b"0" * 20)
    assert [*tmp_path.iterdir()] == []


def test_an_error_in_the_background_stops_the_writing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fail_once(monkeypatch, in_background=True)
    stop = time.monotonic() + 5
    with pytest.raises(OSError, match="No space left on device"), SyncedFile(tmp_path / "x", SMALL) as file:
        while time.monotonic() < stop:
            file.write(b"0" * 20)


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
