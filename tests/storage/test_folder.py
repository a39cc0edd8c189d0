"""Files in folders are listed in the order of S3, read as they were listed, and written completely or not at all."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from glue_jobs.errors import ArgumentError, StorageError
from glue_jobs.storage import Entry, address
from glue_jobs.storage.folder import LAST, FolderStorage
from tests.disturbed import failing

STORAGE = FolderStorage()


def names(root: Path, prefix: str = "", start_after: str = "", stop: str | None = None) -> list[str]:
    found = STORAGE.list(
        f"{root}/{prefix}", f"{root}/{start_after}" if start_after else "", None if stop is None else f"{root}/{stop}"
    )
    return [entry.address.removeprefix(f"{root}/") for entry in found]


def write(root: Path, *paths: str) -> None:
    for path in paths:
        STORAGE.put(f"{root}/{path}", path.encode())


def entry(root: Path, name: str) -> Entry:
    (found,) = STORAGE.list(f"{root}/{name}")
    return found


def test_a_listing_is_sorted_by_key_as_on_s3(tmp_path: Path) -> None:
    write(tmp_path, "a/z", "a-b", "a.c", "a0", "b/c/d")
    assert names(tmp_path) == ["a-b", "a.c", "a/z", "a0", "b/c/d"]


def test_a_listing_can_start_and_stop_inside_folders(tmp_path: Path) -> None:
    write(tmp_path, "2023/12/31/x", "2024/01/01/x", "2024/01/02/x", "2024/02/01/x")
    assert names(tmp_path, start_after="2024/01/01/x", stop="2024/02/01/x") == ["2024/01/02/x"]
    assert names(tmp_path, prefix="2024/0", start_after="2024/01/02/w") == ["2024/01/02/x", "2024/02/01/x"]


def test_a_missing_folder_lists_nothing(tmp_path: Path) -> None:
    assert names(tmp_path, "none/") == []


def test_a_level_shows_names_without_the_prefix(tmp_path: Path) -> None:
    write(tmp_path, "logs-1", "logs-2", "logs/x", "other")
    level = STORAGE.level(f"{tmp_path}/logs")
    assert (level.objects, level.folders, level.more) == (("-1", "-2"), ("",), False)


def test_a_long_level_comes_in_pages_as_on_s3(tmp_path: Path) -> None:
    storage = FolderStorage()
    storage.keys_per_page = 2
    for name in ("a/x", "a-b", "b", "c/y", "d"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    seen, after, more = [], "", True
    while more:
        level = storage.level(f"{tmp_path}/", after)
        assert len(level.objects) + len(level.folders) <= 2
        seen += [*level.objects, *(f"{name}/" for name in level.folders)]
        more = level.more
        ends = [*level.objects, *(f"{name}/{LAST}" for name in level.folders)]
        after = f"{tmp_path}/{max(ends, default='')}"
    assert sorted(seen) == ["a-b", "a/", "b", "c/", "d"]


def test_a_level_of_a_missing_folder_is_empty_as_on_s3(tmp_path: Path) -> None:
    level = STORAGE.level(f"{tmp_path}/none/")
    assert (level.objects, level.folders, level.more) == ((), (), False)


def test_a_range_of_bytes_ends_with_the_object(tmp_path: Path) -> None:
    STORAGE.put(f"{tmp_path}/x", b"0123456789")
    found = entry(tmp_path, "x")
    assert STORAGE.read(found) == b"0123456789"
    assert STORAGE.read(found, 0, 3) == b"012"
    assert STORAGE.read(found, 2, 5) == b"234"
    assert STORAGE.read(found, 8, 99) == b"89"
    assert STORAGE.read(found, 20, 30) == b""


def test_a_file_that_was_rewritten_since_it_was_listed_is_refused(tmp_path: Path) -> None:
    STORAGE.put(f"{tmp_path}/x", b"0123456789")
    found = entry(tmp_path, "x")
    STORAGE.put(f"{tmp_path}/x", b"01234567890")
    with pytest.raises(StorageError, match="x: it changed while it was being read"):
        STORAGE.read(found)


def test_a_file_that_shrinks_while_it_is_read_is_refused(tmp_path: Path) -> None:
    STORAGE.put(f"{tmp_path}/x", b"0123456789")
    found = entry(tmp_path, "x")._replace(size=11)
    with pytest.raises(StorageError, match="changed while it was being read"):
        STORAGE.read(found)


def test_the_error_for_a_missing_file_names_it(tmp_path: Path) -> None:
    STORAGE.put(f"{tmp_path}/x", b"1")
    found = entry(tmp_path, "x")
    STORAGE.delete([found.address])
    for read in (lambda: STORAGE.read(found), lambda: STORAGE.get(found.address), lambda: STORAGE.open(found.address)):
        with pytest.raises(StorageError, match=r"cannot read .*/x: No such file or directory"):
            read()


def test_a_file_that_vanishes_during_a_listing_is_left_out(tmp_path: Path) -> None:
    write(tmp_path, "a", "b/c", "d")
    listing = STORAGE.list(f"{tmp_path}/")
    assert next(listing).address.endswith("/a")
    STORAGE.delete([f"{tmp_path}/d"])
    STORAGE.remove_folder(f"{tmp_path}/b")
    assert list(listing) == []


def test_what_is_no_file_is_listed_with_the_reason_why_it_cannot_be_read(tmp_path: Path) -> None:
    write(tmp_path, "a")
    (tmp_path / "link").symlink_to(tmp_path / "gone")
    os.mkfifo(tmp_path / "pipe")
    found = {entry.address.removeprefix(f"{tmp_path}/"): entry.unreadable for entry in STORAGE.list(f"{tmp_path}/")}
    assert found == {
        "a": "",
        "link": "the link leads nowhere: No such file or directory",
        "pipe": "it is no regular file",
    }


def test_a_link_to_a_folder_it_is_in_is_not_followed(tmp_path: Path) -> None:
    write(tmp_path, "raw/a/1", "raw/b/2", "other/3")
    (tmp_path / "raw/a/up").symlink_to(tmp_path)
    (tmp_path / "raw/a/itself").symlink_to(tmp_path / "raw/a")
    # Together these two are a loop, too.
    (tmp_path / "raw/a/to_b").symlink_to(tmp_path / "raw/b")
    (tmp_path / "raw/b/to_a").symlink_to(tmp_path / "raw/a")
    (tmp_path / "raw/other").symlink_to(tmp_path / "other")
    entries = list(STORAGE.list(f"{tmp_path}/raw/"))
    readable = [entry.address.removeprefix(f"{tmp_path}/raw/") for entry in entries if not entry.unreadable]
    assert readable == ["a/1", "a/to_b/2", "b/2", "b/to_a/1", "other/3"]
    assert {entry.unreadable for entry in entries} == {"", "it is a link to a folder it is in"}
    assert STORAGE.level(f"{tmp_path}/raw/a/").folders == ("to_b",)


def test_a_file_name_that_is_not_utf_8_is_an_error(tmp_path: Path) -> None:
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff")).touch()
    with pytest.raises(StorageError, match="is not UTF-8; rename it"):
        names(tmp_path)


def test_an_interrupted_write_leaves_the_old_content(tmp_path: Path) -> None:
    STORAGE.put(f"{tmp_path}/x", b"old")
    with failing(os, "fsync", KeyboardInterrupt()), pytest.raises(KeyboardInterrupt):
        STORAGE.put(f"{tmp_path}/x", b"new")
    assert STORAGE.get(f"{tmp_path}/x") == b"old"


def test_a_file_is_listed_only_when_it_is_finished(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[list[str]] = []

    def look(_descriptor: int) -> None:
        level = STORAGE.level(f"{tmp_path}/")
        seen.append([*names(tmp_path), *level.objects, str(len([*tmp_path.iterdir()]))])

    monkeypatch.setattr(os, "fsync", look)
    STORAGE.put(f"{tmp_path}/x", b"1")
    assert seen == [["1"], ["x", "x", "1"]]


def test_deleting_an_unfinished_file_removes_what_was_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", lambda *_: os._exit(9))
        child = os.fork()
        if not child:
            STORAGE.put(f"{tmp_path}/x", b"half")
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
    assert len([*tmp_path.iterdir()]) == 1
    STORAGE.delete([f"{tmp_path}/x"])
    assert [*tmp_path.iterdir()] == []


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (errno.ENOSPC, "No space left on device; free some space and start the run again"),
        (errno.EIO, "Input/output error"),
        (errno.EROFS, "Read-only file system"),
    ],
)
def test_a_failed_write_leaves_nothing_and_only_a_full_disk_gets_the_hint_to_free_space(
    tmp_path: Path, code: int, reason: str
) -> None:
    with failing(os, "fsync", OSError(code, os.strerror(code))), pytest.raises(StorageError) as error:
        STORAGE.put(f"{tmp_path}/x", b"data")
    assert str(error.value) == f"cannot write {tmp_path}/x: {reason}"
    assert [*tmp_path.iterdir()] == []


def test_deleting_twice_is_no_error(tmp_path: Path) -> None:
    write(tmp_path, "x")
    STORAGE.delete([f"{tmp_path}/x", f"{tmp_path}/x", f"{tmp_path}/none/x"])
    assert names(tmp_path) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("s3://bucket", "s3://bucket/"),
        ("s3://bucket/", "s3://bucket/"),
        ("s3://bucket/logs", "s3://bucket/logs"),
        ("s3://bucket/logs/", "s3://bucket/logs/"),
        ("/a/b/", "/a/b"),
        ("/a/../b", "/b"),
        ("file:///a/b", "/a/b"),
    ],
)
def test_a_text_becomes_an_address(text: str, expected: str) -> None:
    assert address(text) == expected


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("s3://", "s3:// names no bucket"),
        ("s3:///logs", "names no bucket"),
        ("https://example.com/logs", "is neither a folder nor an s3:// address"),
        ("arn:aws:s3:::example-data/logs", "is neither a folder nor an s3:// address"),
        ("s3a://bucket", "is neither a folder nor an s3:// address"),
        ("", "an empty text"),
        ("lake-\udcff", r"the name of 'lake-\\udcff' is not UTF-8; rename it"),
        ("s3:/example-lake/x", "'s3:/example-lake/x' is neither a folder nor an s3:// address"),
    ],
)
def test_a_text_that_is_not_an_address_is_refused(text: str, sentence: str) -> None:
    with pytest.raises(ArgumentError, match=sentence):
        address(text)


def test_a_relative_path_becomes_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert address("logs") == str(tmp_path / "logs")
