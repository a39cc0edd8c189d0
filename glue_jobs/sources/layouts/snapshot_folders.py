"""Finding snapshots of S3 Inventory: one folder each, named after its minute, with a manifest and its checksum.

``[prefix/]SOURCE-BUCKET/CONFIG-ID/YYYY-MM-DDTHH-MMZ/manifest.json``; beside the snapshots lie ``data/`` with the files
of all of them and ``hive/``, which are never listed:
https://docs.aws.amazon.com/AmazonS3/latest/userguide/storage-inventory-location.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta

from glue_jobs.errors import ArgumentError
from glue_jobs.read.raw_object import RawObject, Skipped, Window
from glue_jobs.sources.layouts.day_folders import END_OF_FOLDER, MAX_FOLDER_DEPTH, MAX_FOLDERS
from glue_jobs.storage import Entry, Storage

MANIFEST = "manifest.json"
CHECKSUM = "manifest.checksum"

_NAME = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}-\d{2}Z")
_BESIDE = frozenset({"data", "hive"})

# Folders of snapshots looked into at a time.
LOOKS = 16


def snapshot_time(folder: str) -> datetime | None:
    """When the snapshot in a folder of that name was begun, UTC; None when it is no snapshot's folder."""
    if not _NAME.fullmatch(folder):
        return None
    try:
        return datetime.strptime(folder, "%Y-%m-%dT%H-%MZ").replace(tzinfo=UTC).replace(tzinfo=None)
    except ValueError:
        return None


class SnapshotFolders:
    """One walk over a raw path; ``skipped`` is complete once `objects` is exhausted."""

    def __init__(self, storage: Storage, window: Window, skipped: Skipped) -> None:
        self._storage = storage
        self._window = window
        self._skipped = skipped
        self._visited = 0

    def objects(self, prefix: str, depth: int = 0) -> Iterator[RawObject]:
        """The manifests of the window's snapshots below ``prefix``, a folder of any level.

        Raises:
            ArgumentError: there are far more folders than inventories lie in.
        """
        self._visited += 1
        if self._visited > MAX_FOLDERS:
            raise ArgumentError(f"there are over {MAX_FOLDERS} folders below the raw path; name the inventories' own")
        if snapshot_time(prefix.rstrip("/").rpartition("/")[2]):
            yield from self._manifests([prefix])
            return
        folders: list[str] = []
        for objects, some in self._pages(prefix):
            if any(map(snapshot_time, some)):
                yield from self._snapshots(prefix)
                return
            folders += some
            for name in objects:
                self._skipped.add(prefix + name)
        for folder in folders:
            if depth == MAX_FOLDER_DEPTH:
                self._skipped.add(f"{prefix}{folder}/")
            elif not self._is_beside(f"{prefix}{folder}/", folder):
                yield from self.objects(f"{prefix}{folder}/", depth + 1)

    def _is_beside(self, prefix: str, folder: str) -> bool:
        """Whether it belongs to a configuration without snapshots, and is no bucket or configuration of that name."""
        if folder not in _BESIDE:
            return False
        folders = self._storage.level(prefix).folders
        return not folders if folder == "data" else any(name.startswith("dt=") for name in folders)

    def _pages(self, prefix: str, after: str = "") -> Iterator[tuple[tuple[str, ...], tuple[str, ...]]]:
        more = True
        while more:
            page = self._storage.level(prefix, after)
            yield page.objects, page.folders
            more = page.more
            after = prefix + max([*page.objects, *(folder + END_OF_FOLDER for folder in page.folders)], default="")

    def _snapshots(self, prefix: str) -> Iterator[RawObject]:
        """Those below the folder of a configuration, which are named in the order of their times."""
        since, until = self._window.since, self._window.until
        # Years have four digits: names of the window come after this one, and before the next.
        stop = (until + timedelta(days=1)).isoformat() if until and until < date.max else ":"
        for objects, folders in self._pages(prefix, f"{prefix}{since.isoformat()}" if since else ""):
            for name in (*objects, *(f"{folder}/" for folder in folders if self._is_strange(folder))):
                self._skipped.add(prefix + name)
            yield from self._manifests([f"{prefix}{folder}/" for folder in folders if snapshot_time(folder)])
            if folders and max(folders) >= stop:
                return

    def _is_strange(self, folder: str) -> bool:
        return folder not in _BESIDE and not snapshot_time(folder)

    def _manifests(self, folders: list[str]) -> Iterator[RawObject]:
        times = {folder: snapshot_time(folder.rstrip("/").rpartition("/")[2]) for folder in folders}
        wanted = [folder for folder, time in times.items() if time and time.date() in self._window]
        with ThreadPoolExecutor(LOOKS if self._storage.remote else 1) as pool:
            for folder, entries in zip(wanted, pool.map(self._files, wanted), strict=True):
                time = times[folder]
                if time and {MANIFEST, CHECKSUM} <= entries.keys():
                    yield RawObject(entries[MANIFEST], time.date())
                else:
                    self._skipped.unfinished.add(folder)

    def _files(self, folder: str) -> dict[str, Entry]:
        # The two files sort next to each other; nothing else is of interest.
        names = self._storage.list(f"{folder}manifest.")
        return {entry.address.removeprefix(folder): entry for entry in names}
