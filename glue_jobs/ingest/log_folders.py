"""Folders of logs that no run has looked into before: of an account or Region, with days before a run's window.

A run looks back a few days. Without a note of the folders it knows, it would never see the earlier days of an account
whose logs are copied below the raw path later.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Set
from datetime import date

from glue_jobs.lake.plain_files import Notes, json_note

# A note on the table of rows: by raw path, the folders with days directly in them, relative to the raw path.
LOG_FOLDERS = "usage-lake.log-folders"

# Another note, of the same kind: the first day of folders with so many earlier objects that no run has taken them.
EARLIER_DAYS = "usage-lake.earlier-days"

# The note is part of the table's metadata, which every reader loads.
MAX_NOTED_FOLDERS = 2_000


def unseen_folders(rows: Notes, raw: str, listed: Set[str]) -> list[str]:
    """The listed folders that no run has noted, sorted; none where no run has noted any, or there are too many."""
    known = json_note(rows, LOG_FOLDERS).get(raw)
    if known is None or len(listed) > MAX_NOTED_FOLDERS:
        return []
    return sorted(listed - {raw + folder for folder in known})


def log_folders_note(rows: Notes, raw: str, seen: Iterable[str]) -> dict[str, str]:
    """The note of a run that has looked into the ``seen`` folders from their first day on."""
    folders = json_note(rows, LOG_FOLDERS)
    found = sorted({folder.removeprefix(raw) for folder in seen} | {*folders.get(raw, ())})
    return {LOG_FOLDERS: json.dumps({**folders, raw: found[:MAX_NOTED_FOLDERS]})}


def earlier_days_note(rows: Notes, raw: str, seen: Iterable[str], untaken: Mapping[str, date]) -> dict[str, str]:
    """The note of a run that left the earlier days of the ``untaken`` folders; none where there is nothing to note."""
    noted = json_note(rows, EARLIER_DAYS)
    folders = {**noted.get(raw, {}), **{folder.removeprefix(raw): str(day) for folder, day in untaken.items()}}
    for folder in seen:
        folders.pop(folder.removeprefix(raw), None)
    if folders == noted.get(raw, {}):
        return {}
    return {EARLIER_DAYS: json.dumps({**noted, raw: folders})}


def untaken_folders(rows: Notes) -> list[tuple[str, str, date]]:
    """The raw path, the folder and its first day, of folders with earlier days that no run has taken."""
    return [
        (raw, raw + folder, date.fromisoformat(day))
        for raw, folders in sorted(json_note(rows, EARLIER_DAYS).items())
        for folder, day in sorted(folders.items())
    ]
