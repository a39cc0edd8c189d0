"""Folders of logs that no run has looked into before: of an account or Region, with days before a run's window.

A run looks back a few days. Without a note of the folders it knows, it would never see the earlier days of an account
whose logs are copied below the raw path later.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Set

from glue_jobs.lake import LoadedTable

# A note on the table of rows: by raw path, the folders with days directly in them, relative to the raw path.
LOG_FOLDERS = "usage-lake.log-folders"

# The note is part of the table's metadata, which every reader loads.
MAX_NOTED_FOLDERS = 2_000


def unseen_folders(rows: LoadedTable, raw: str, listed: Set[str]) -> list[str]:
    """The listed folders that no run has noted, sorted; none where no run has noted any, or there are too many."""
    known = _folders(rows).get(raw)
    if known is None or len(listed) > MAX_NOTED_FOLDERS:
        return []
    return sorted(listed - {raw + folder for folder in known})


def log_folders_note(rows: LoadedTable, raw: str, seen: Iterable[str]) -> dict[str, str]:
    """The note of a run that has looked into the ``seen`` folders from their first day on."""
    folders = _folders(rows)
    found = sorted({folder.removeprefix(raw) for folder in seen} | {*folders.get(raw, ())})
    return {LOG_FOLDERS: json.dumps({**folders, raw: found[:MAX_NOTED_FOLDERS]})}


def _folders(rows: LoadedTable) -> dict[str, list[str]]:
    folders: dict[str, list[str]] = json.loads(rows.note(LOG_FOLDERS) or "{}")
    return folders
