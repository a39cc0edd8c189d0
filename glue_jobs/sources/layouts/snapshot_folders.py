"""Discovery of S3 Inventory snapshots: one folder per snapshot, named after its minute, with a manifest and a checksum.

The layout is ``[prefix/]SOURCE-BUCKET/CONFIG-ID/YYYY-MM-DDTHH-MMZ/manifest.json``. Beside the snapshots, ``data/`` has
the data files of all of them, and ``hive/`` has symlinks. Discovery searches neither for manifests.

Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/storage-inventory-location.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime

from glue_jobs.errors import ArgumentError
from glue_jobs.read.raw_object import RawObject, Skipped, Window
from glue_jobs.sources.layouts.day_folders import END_OF_FOLDER, MAX_FOLDER_DEPTH, MAX_FOLDERS
from glue_jobs.storage import Entry, Storage

MANIFEST = "manifest.json"
CHECKSUM = "manifest.checksum"

MAX_CONCURRENT_LISTINGS = 16

_SNAPSHOT_FOLDER = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}-\d{2}Z")

# Folders of an inventory configuration that are not snapshots.
_OTHER_FOLDERS = frozenset({"data", "hive"})

# Appended to a day, sorts after every folder of that day.
_END_OF_DAY = "~"


def snapshot_time(folder: str) -> datetime | None:
    """When S3 began the snapshot in a folder of that name, UTC; None if the name is not that of a snapshot."""
    if not _SNAPSHOT_FOLDER.fullmatch(folder):
        return None
    try:
        return datetime.strptime(folder, "%Y-%m-%dT%H-%MZ").replace(tzinfo=UTC).replace(tzinfo=None)
    except ValueError:
        return None


class SnapshotFolders:
    """One walk over a raw path. ``skipped`` is complete when `manifests` is exhausted."""

    def __init__(self, storage: Storage, window: Window, skipped: Skipped) -> None:
        self._storage = storage
        self._window = window
        self._skipped = skipped
        self._visited = 0

    def manifests(self, prefix: str, depth: int = 0) -> Iterator[RawObject]:
        """The manifests below ``prefix`` whose day is in the window. The prefix may be at any level of the layout.

        A snapshot without manifest or checksum is not delivered yet and goes to ``skipped.unfinished``.

        Raises:
            ArgumentError: there are more folders than any layout of inventories has.
            StorageError: a folder cannot be listed.
        """
        self._visited += 1
        if self._visited > MAX_FOLDERS:
            raise ArgumentError(f"there are over {MAX_FOLDERS} folders below the raw path; name the inventories' own")
        if snapshot_time(prefix.rstrip("/").rpartition("/")[2]):
            yield from self._delivered([prefix])
            return
        folders: list[str] = []
        for objects, subfolders in self._pages(prefix):
            if any(map(snapshot_time, subfolders)):
                yield from self._snapshots(prefix)
                return
            folders += subfolders
            for name in objects:
                self._skipped.add(prefix + name)
        for folder in folders:
            if depth == MAX_FOLDER_DEPTH:
                self._skipped.add(f"{prefix}{folder}/")
            elif not self._is_without_snapshots(f"{prefix}{folder}/", folder):
                yield from self.manifests(f"{prefix}{folder}/", depth + 1)

    def _is_without_snapshots(self, prefix: str, folder: str) -> bool:
        """Whether the folder is ``data/`` or ``hive/`` of a configuration, not a bucket or configuration so named."""
        if folder not in _OTHER_FOLDERS:
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
        """The manifests of one configuration. Its snapshots sort by time, so only the window is listed."""
        self._skipped.log_folders.add(prefix)
        since, until = self._window.since, self._window.until
        start = prefix + since.isoformat() if since else ""
        for objects, folders in self._pages(prefix, start):
            unknown = [folder for folder in folders if folder not in _OTHER_FOLDERS and not snapshot_time(folder)]
            for name in (*objects, *(f"{folder}/" for folder in unknown)):
                self._skipped.add(prefix + name)
            yield from self._delivered([f"{prefix}{folder}/" for folder in folders if snapshot_time(folder)])
            if until and folders and max(folders) >= f"{until}{_END_OF_DAY}":
                return

    def _delivered(self, folders: list[str]) -> Iterator[RawObject]:
        """The manifests in these folders of snapshots."""
        days: dict[str, date] = {}
        for folder in folders:
            time = snapshot_time(folder.rstrip("/").rpartition("/")[2])
            if time and time.date() in self._window:
                days[folder] = time.date()
        with ThreadPoolExecutor(MAX_CONCURRENT_LISTINGS if self._storage.remote else 1) as pool:
            for (folder, day), entries in zip(days.items(), pool.map(self._files, days), strict=True):
                if {MANIFEST, CHECKSUM} <= entries.keys():
                    yield RawObject(entries[MANIFEST], day)
                else:
                    self._skipped.unfinished.add(folder)

    def _files(self, folder: str) -> dict[str, Entry]:
        entries = self._storage.list(f"{folder}manifest.")
        return {entry.address.removeprefix(folder): entry for entry in entries}
