"""Files in folders, listed in the same order as S3: by the bytes of the whole key."""

from __future__ import annotations

import errno
import heapq
import os
import re
import shutil
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from time import time
from typing import BinaryIO
from uuid import uuid4

from glue_jobs.errors import StorageError, UnreadableObjectError
from glue_jobs.storage.interface import KEYS_PER_PAGE, Entry, Level

# The suffix of a file that is still being written. Listings omit such files; `delete` removes those of killed runs.
UNFINISHED = re.compile(r"\.unfinished-[0-9a-f]{32}")

# The size of one write to the operating system.
BYTES_PER_WRITE = 2**20

# Sorts after every name.
LAST = "\U0010ffff"


class FolderStorage:
    """The local file system, as `Storage` describes it."""

    remote = False
    keys_per_page = KEYS_PER_PAGE

    def level(self, prefix: str, start_after: str = "") -> Level:
        folder, stem = _split(prefix)
        names: list[str] = []
        if not _is_folder(folder):
            return Level((), (), more=False)
        with _explained("list", folder), os.scandir(folder) as entries:
            for entry in entries:
                if not entry.name.startswith(stem) or UNFINISHED.search(entry.name):
                    continue
                slash = "/" if _is_subfolder(entry) else ""
                # As on S3, a folder is listed unless ``start_after`` sorts after every name it can contain.
                if folder + entry.name + (f"/{LAST}" if slash else "") > start_after:
                    names.append(entry.name[len(stem) :] + slash)
        page = heapq.nsmallest(self.keys_per_page, names)
        objects = tuple(name for name in page if not name.endswith("/"))
        folders = tuple(name[:-1] for name in page if name.endswith("/"))
        return Level(objects, folders, more=len(names) > len(page))

    def list(self, prefix: str, start_after: str = "", stop: str | None = None) -> Iterator[Entry]:
        folder, _ = _split(prefix)
        if _is_folder(folder):
            yield from _walk(folder, prefix, start_after, stop)

    def read(self, entry: Entry, start: int = 0, end: int | None = None) -> bytes:
        with _explained("read", entry.address), open(entry.address, "rb") as file:  # noqa: PTH123
            file.seek(start)
            wanted = max((entry.size if end is None else min(end, entry.size)) - start, 0)
            data = file.read(wanted)
            if _etag(os.fstat(file.fileno())) != entry.etag or len(data) != wanted:
                raise UnreadableObjectError(entry.address, "it changed while it was being read")
            return data

    def get(self, address: str) -> bytes:
        with _explained("read", address):
            return Path(address).read_bytes()

    def open(self, address: str) -> BinaryIO:
        with _explained("read", address):
            return Path(address).open("rb")

    def put(self, address: str, data: bytes | memoryview, content_type: str | None = None) -> None:
        if not data:
            # An empty file cannot be half-written, so it gets its final name at once. A run creates its folder by an
            # empty file: with an unfinished name, a killed run's folder would be invisible to the run that cleans up.
            with _explained("write", address):
                path = Path(address)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.open("wb").close()
                sync_folder(path.parent)
            return
        with self.create(address) as file:
            file.write(data)

    @contextmanager
    def create(self, address: str) -> Iterator[BinaryIO]:
        path = Path(address)
        unfinished = Path(f"{address}.unfinished-{uuid4().hex}")
        with _explained("write", address):
            path.parent.mkdir(parents=True, exist_ok=True)
            try:
                with unfinished.open("wb", BYTES_PER_WRITE) as file:
                    yield file
                    # A commit must not refer to data that a power failure can lose.
                    file.flush()
                    os.fsync(file.fileno())
                # Readers see the whole file or none, even if this process is killed.
                os.replace(unfinished, path)  # noqa: PTH105
            except BaseException:
                unfinished.unlink(missing_ok=True)
                raise
            sync_folder(path.parent)

    def delete(self, addresses: Sequence[str]) -> None:
        for address in addresses:
            path = Path(address)
            with _explained("delete", address):
                try:
                    path.unlink()
                except FileNotFoundError:
                    _remove_unfinished(path)

    def remove_folder(self, address: str) -> None:
        with _explained("delete", address):
            shutil.rmtree(address, ignore_errors=True)


def _is_folder(folder: str) -> bool:
    with _explained("list", folder):
        return Path(folder).is_dir()


def sync_folder(folder: Path) -> None:
    """Make the names in the folder survive a power failure."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _remove_unfinished(path: Path) -> None:
    if path.parent.is_dir():
        with os.scandir(path.parent) as entries:
            for entry in entries:
                if entry.name.startswith(path.name) and UNFINISHED.fullmatch(entry.name, len(path.name)):
                    Path(entry).unlink(missing_ok=True)


def remove_unfinished_since(folder: Path, seconds: int) -> None:
    """Remove files in the folder that have been unfinished for so long that no program is writing them."""
    for path in folder.iterdir() if folder.is_dir() else ():
        with suppress(OSError):
            if UNFINISHED.search(path.name) and path.stat().st_mtime < time() - seconds:
                path.unlink()


def _split(prefix: str) -> tuple[str, str]:
    folder, slash, stem = prefix.rpartition("/")
    return folder + slash, stem


def _etag(status: os.stat_result) -> str:
    return f"{status.st_size}-{status.st_mtime_ns}"


def _walk(folder: str, prefix: str, start_after: str, stop: str | None) -> Iterator[Entry]:
    for name, is_folder in _names(folder):
        if stop is not None and name >= stop:
            return
        if is_folder:
            # "0" follows "/": everything in the folder sorts between "name/" and "name0".
            if name[:-1] + "0" > start_after and (name.startswith(prefix) or prefix.startswith(name)):
                yield from _walk(name, prefix, start_after, stop)
        elif name > start_after and name.startswith(prefix) and (entry := _entry(name)):
            yield entry


def _names(folder: str) -> list[tuple[str, bool]]:
    """The sorted addresses in a folder, and whether each is a folder (then it ends in a slash); empty if it is gone."""
    try:
        with _explained("list", folder), os.scandir(folder) as entries:
            found = [(entry.name, _is_subfolder(entry)) for entry in entries if not UNFINISHED.search(entry.name)]
    except StorageError as error:
        if isinstance(error.__cause__, FileNotFoundError):
            return []
        raise
    return sorted((f"{folder}{name}{'/' if is_folder else ''}", is_folder) for name, is_folder in found)


def _is_subfolder(entry: os.DirEntry[str]) -> bool:
    """Whether the entry is a folder to list; a link to a folder that contains it is not, as listing would never end."""
    if not entry.is_dir():
        return False
    if not entry.is_symlink():
        return True
    target, path = Path(entry.path).resolve(), Path(entry.path)
    return all(parent.resolve() != target for parent in path.parents)


def _entry(name: str) -> Entry | None:
    """The file as a listing shows it; None if it was removed after its folder was listed."""
    try:
        name.encode()
    except UnicodeEncodeError:
        raise StorageError(f"the name of {os.fsencode(name)!r} is not UTF-8; rename it") from None
    unreadable = ""
    try:
        # For many thousand files, creating a Path for each would take longer than the system call.
        status = os.stat(name)  # noqa: PTH116
    except OSError as error:
        if not Path(name).is_symlink():
            if isinstance(error, FileNotFoundError):
                return None
            with _explained("read", name):
                raise
        status, unreadable = Path(name).lstat(), f"the link leads nowhere: {error.strerror}"
    if not unreadable and not stat.S_ISREG(status.st_mode):
        # Opening a pipe would wait for its writer. A folder reaches this line if it contains this link to it.
        unreadable = "it is a link to a folder it is in" if stat.S_ISDIR(status.st_mode) else "it is no regular file"
    modified = datetime.fromtimestamp(status.st_mtime, UTC).replace(tzinfo=None)
    return Entry(name, status.st_size, _etag(status), modified, unreadable)


@contextmanager
def _explained(action: str, path: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        # All other errors of reading concern this file only.
        if action == "read" and error.errno not in (errno.EMFILE, errno.ENFILE, errno.ENOMEM):
            denied = isinstance(error, PermissionError)
            raise UnreadableObjectError(path, error.strerror or str(error), denied) from error
        hint = "; free some space and start the run again" if error.errno == errno.ENOSPC else ""
        raise StorageError(f"cannot {action} {path}: {error.strerror or error}{hint}") from error
