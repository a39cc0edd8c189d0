"""Lakes with a catalog in their folder stay where they were made: Iceberg knows files by their whole paths."""

from __future__ import annotations

import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from glue_jobs.errors import LakeError


def check_place(catalog: Path, location: str) -> None:
    """See to it that the tables in a SQLite catalog are those of the lake at ``location``.

    Without that a run on a copy would write into the lake that was copied.

    Raises:
        LakeError: the lake is a copy, or was moved.
    """
    made = _made_at(catalog)
    if made is None or str(made) == location:
        return
    # The same folder may have several names.
    with suppress(OSError):
        if made.samefile(location):
            return
    raise LakeError(
        f"the lake in {location} was made in {made}, and cannot be used from another place: its files are known"
        " by their whole paths; use it where it was made, or ingest the raw objects into a new folder"
    )


def _made_at(catalog: Path) -> Path | None:
    """The folder of the lake whose catalog this is; None as long as it has no tables."""
    # Whatever else is wrong with the file is told by whoever opens it next.
    with suppress(sqlite3.Error), closing(sqlite3.connect(f"{catalog.as_uri()}?mode=ro", uri=True)) as connection:
        row = connection.execute("SELECT metadata_location FROM iceberg_tables").fetchone()
        # <lake>/<database>/<table>/metadata/<file>
        return Path(row[0]).parents[3] if row else None
    return None
