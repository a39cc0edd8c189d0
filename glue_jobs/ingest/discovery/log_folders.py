"""Folders of an account, a Region or an inventory that no run has listed, with days before the window of this run.

A run lists only the days of its window. Logs of another account may be copied below the raw path later. A note of all
known folders is how a run detects such a folder and ingests its earlier days.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Set
from datetime import date

from glue_jobs.lake.without_pyiceberg.plain_files import Notes, json_note

# A note on the table of rows: by raw path, the known folders that directly contain days, relative to the raw path.
LOG_FOLDERS = "usage-lake.log-folders"

# A note of the same form: the first day of each folder whose earlier objects are too many for one run to ingest.
EARLIER_DAYS = "usage-lake.earlier-days"

# The note is part of the table's metadata, which every reader loads.
MAX_NOTED_FOLDERS = 2_000


def unseen_folders(rows: Notes, raw: str, listed: Set[str]) -> list[str]:
    """The listed folders that no run has noted, sorted; none if there is no note yet or too many folders are listed."""
    known = json_note(rows, LOG_FOLDERS).get(raw)
    # Runs of earlier versions noted no folders of inventories.
    if not known or len(listed) > MAX_NOTED_FOLDERS:
        return []
    return sorted(listed - {raw + folder for folder in known})


def log_folders_note(rows: Notes, raw: str, seen: Iterable[str]) -> dict[str, str]:
    """The note of a run that has listed the ``seen`` folders from their first day on."""
    folders = json_note(rows, LOG_FOLDERS)
    found = sorted({folder.removeprefix(raw) for folder in seen} | {*folders.get(raw, ())})
    return {LOG_FOLDERS: json.dumps({**folders, raw: found[:MAX_NOTED_FOLDERS]})}


def earlier_days_note(rows: Notes, raw: str, seen: Iterable[str], untaken: Mapping[str, date]) -> dict[str, str]:
    """The note of a run that did not ingest the earlier days of the ``untaken`` folders; empty if nothing changed."""
    noted = json_note(rows, EARLIER_DAYS)
    folders = {**noted.get(raw, {}), **{folder.removeprefix(raw): str(day) for folder, day in untaken.items()}}
    for folder in seen:
        folders.pop(folder.removeprefix(raw), None)
    if folders == noted.get(raw, {}):
        return {}
    return {EARLIER_DAYS: json.dumps({**noted, raw: folders})}


def untaken_folders(rows: Notes) -> list[tuple[str, str, date]]:
    """Folders with earlier days that no run has ingested: the raw path, the folder, and its first day."""
    return [
        (raw, raw + folder, date.fromisoformat(day))
        for raw, folders in sorted(json_note(rows, EARLIER_DAYS).items())
        for folder, day in sorted(folders.items())
    ]
