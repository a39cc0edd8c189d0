"""Files that go to the disk while they are written: all bytes, in order, and no error is lost."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from glue_jobs.errors import StorageError
from glue_jobs.storage import storage_for, synced_file
from glue_jobs.storage.synced_file import SyncedFile


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, size in (("BUFFER", 8), ("STEP", 20)):
        monkeypatch.setattr(synced_file, name, size)


@given(st.lists(st.binary(max_size=60)))
def test_what_is_written_is_in_the_file(tmp_path_factory: pytest.TempPathFactory, pieces: list[bytes]) -> None:
    path = tmp_path_factory.mktemp("synced") / "x"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(synced_file, "BUFFER", 8)
        patch.setattr(synced_file, "STEP", 20)
        with SyncedFile(path) as file:
            for piece in pieces:
                assert file.write(piece) == len(piece)
            assert file.tell() == sum(map(len, pieces))
            file.sync()
    assert path.read_bytes() == b"".join(pieces)


@pytest.mark.usefixtures("small")
def test_what_is_written_is_on_its_way_to_the_disk_before_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = threading.Event()
    monkeypatch.setattr(os, "fsync", lambda _: begun.set())
    with SyncedFile(tmp_path / "x") as file:
        file.write(b"0" * 20)
        assert begun.wait(5)


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("failing", [1, 2, 3])
def test_an_error_is_told_whenever_it_comes(failing: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = 0

    def fsync(_descriptor: int) -> None:
        nonlocal calls
        calls += 1
        # As the system does: it tells of an error once.
        if calls == failing:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fsync)
    with (
        pytest.raises(StorageError, match="No space left on device; free some space"),
        storage_for(str(tmp_path)).create(f"{tmp_path}/x") as file,
    ):
        for _ in range(5):
            file.write(b"0" * 20)
            file._early and file._early.exception()  # type: ignore[attr-defined]
    assert [*tmp_path.iterdir()] == []


@pytest.mark.parametrize("place", ["folder", "bucket"])
def test_an_object_is_there_when_it_is_whole_and_never_when_it_is_not(
    place: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
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
