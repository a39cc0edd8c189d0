"""Discover the raw objects of a run: those with the source's names, or all objects of a custom archive."""

from __future__ import annotations

from collections.abc import Iterator

from glue_jobs.errors import ArgumentError
from glue_jobs.read.raw_object import RawObject, Skipped, Window
from glue_jobs.sources.layouts.day_folders import DayFolders
from glue_jobs.sources.layouts.day_names import DayNames, day_from_name, excluded_folder
from glue_jobs.sources.layouts.snapshot_folders import SnapshotFolders
from glue_jobs.storage import Storage


def discover(
    storage: Storage, raw: str, names: DayNames, window: Window, skipped: Skipped, any_name: bool
) -> Iterator[RawObject]:
    """Objects below ``raw`` whose day is in the window; with ``any_name`` also those without a day.

    Raises:
        ArgumentError: there is no object below the folder ``raw``, or there are too many folders.
        StorageError: ``raw`` cannot be listed.
    """
    prefix = raw_prefix(storage, raw, skipped)
    if not any_name:
        yield from DayFolders(storage, names, window, skipped).below(prefix)
        return
    for entry in storage.list(prefix):
        folder = excluded_folder(names, entry.address.removeprefix(prefix))
        if folder:
            skipped.folders.add(prefix + folder)
            continue
        day = day_from_name(names, entry.address)
        if day is None or day in window:
            yield RawObject(entry, day)


def discover_snapshots(storage: Storage, raw: str, window: Window, skipped: Skipped) -> Iterator[RawObject]:
    """Snapshot manifests below ``raw`` whose day is in the window; raises like `discover`."""
    skipped.takeable = False
    yield from SnapshotFolders(storage, window, skipped).manifests(raw_prefix(storage, raw, skipped))


def raw_prefix(storage: Storage, raw: str, skipped: Skipped) -> str:
    """The prefix of the addresses of all objects below ``raw``; raises like `discover`."""
    prefix = raw if raw.startswith("s3://") else f"{raw.rstrip('/')}/"
    if not any(True for _ in storage.list(prefix)):
        # A prefix does not exist before the first delivery of AWS. An empty local folder is a mistake.
        if not storage.remote:
            raise ArgumentError(f"there are no objects below {raw}; check the name")
        skipped.empty_path = raw
    return prefix
