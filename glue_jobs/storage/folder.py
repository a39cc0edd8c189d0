"""Files in folders, listed in the order S3 would list them."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from glue_jobs.errors import StorageError
from glue_jobs.storage import Entry, Level


class FolderStorage:
    """The local file system, as `Storage` describes it."""

    def level(self, prefix: str, start_after: str = "") -> Level:
        folder, stem = _split(prefix)
        objects, folders = [], []
        with _explained("list", folder), os.scandir(folder) as entries:
            for entry in entries:
                if not entry.name.startswith(stem):
                    continue
                if entry.is_dir():
                    folders.append(entry.name[len(stem) :])
                elif folder + entry.name > start_after:
                    objects.append(entry.name[len(stem) :])
        return Level(tuple(sorted(objects)), tuple(sorted(folders)), more=False)

    def list(self, prefix: str, start_after: str = "", stop: str | None = None) -> Iterator[Entry]:
        folder, _ = _split(prefix)
        if Path(folder).is_dir():
            yield from _walk(folder, prefix, start_after, stop)

    def read(self, entry: Entry, start: int = 0, end: int | None = None) -> bytes:
        with _explained("read", entry.address), Path(entry.address).open("rb", buffering=0) as file:
            if _etag(os.fstat(file.fileno())) != entry.etag:
                raise StorageError(f"{entry.address} changed while it was being read; start the run again")
            if start:
                file.seek(start)
            wanted = (entry.size if end is None else min(end, entry.size)) - start
            return _read_all(file.fileno(), max(wanted, 0))

    def get(self, address: str) -> bytes:
        with _explained("read", address):
            return Path(address).read_bytes()

    def open(self, address: str) -> BinaryIO:
        with _explained("read", address):
            return Path(address).open("rb")

    def put(self, address: str, data: bytes) -> None:
        path = Path(address)
        with _explained("write", address):
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("wb") as file:
                file.write(data)
                file.flush()
                # A commit must never point at bytes that a power cut can take away.
                os.fsync(file.fileno())

    def delete(self, addresses: list[str]) -> None:
        for address in addresses:
            with _explained("delete", address):
                Path(address).unlink(missing_ok=True)

    def remove_folder(self, address: str) -> None:
        with _explained("delete", address):
            shutil.rmtree(address, ignore_errors=True)


def _split(prefix: str) -> tuple[str, str]:
    folder, slash, stem = prefix.rpartition("/")
    return folder + slash, stem


def _etag(status: os.stat_result) -> str:
    return f"{status.st_size}-{status.st_mtime_ns}"


def _walk(folder: str, prefix: str, start_after: str, stop: str | None) -> Iterator[Entry]:
    names: list[tuple[str, bool]] = []
    with _explained("list", folder), os.scandir(folder) as entries:
        for entry in entries:
            is_folder = entry.is_dir()
            names.append((f"{folder}{entry.name}{'/' if is_folder else ''}", is_folder))
    for name, is_folder in sorted(names):
        if stop is not None and name >= stop:
            return
        if is_folder:
            # Everything inside sorts between the folder's own name and the name with its last slash raised.
            if name[:-1] + "0" > start_after and (name.startswith(prefix) or prefix.startswith(name)):
                yield from _walk(name, prefix, start_after, stop)
        elif name > start_after and name.startswith(prefix):
            with _explained("read", name):
                status = Path(name).stat()
            modified = datetime.fromtimestamp(status.st_mtime, UTC).replace(tzinfo=None)
            yield Entry(name, status.st_size, _etag(status), modified)


def _read_all(descriptor: int, wanted: int) -> bytes:
    parts = []
    while wanted:
        part = os.read(descriptor, wanted)
        if not part:
            break
        parts.append(part)
        wanted -= len(part)
    return parts[0] if len(parts) == 1 else b"".join(parts)


@contextmanager
def _explained(action: str, path: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        hint = "; free some space and start the run again" if reason == "No space left on device" else ""
        raise StorageError(f"cannot {action} {path}: {reason}{hint}") from error
