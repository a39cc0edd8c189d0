"""A lake with a catalog in its folder cannot be moved or copied: Iceberg knows files by their absolute paths."""

from __future__ import annotations

import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from glue_jobs.errors import LakeError


def check_location(catalog: Path, location: str) -> None:
    """Make sure that the tables in a SQLite catalog are those of the lake at ``location``.

    Without this check, a run on a copy would write to the lake that was copied.

    Raises:
        LakeError: the lake is a copy or was moved.
    """
    created_in = _created_in(catalog)
    if created_in is None or str(created_in) == location:
        return
    # The same folder may have several names.
    with suppress(OSError):
        if created_in.samefile(location):
            return
    raise LakeError(
        f"the lake in {location} was made in {created_in}, and cannot be used from another place: its files are known"
        " by their whole paths; use it where it was made, or ingest the raw objects into a new folder"
    )


def _created_in(catalog: Path) -> Path | None:
    """The folder in which the lake of this catalog was created; None as long as it has no tables."""
    # If the file is damaged, whoever opens it next reports that.
    with suppress(sqlite3.Error), closing(sqlite3.connect(f"{catalog.as_uri()}?mode=ro", uri=True)) as connection:
        row = connection.execute("SELECT metadata_location FROM iceberg_tables").fetchone()
        # <lake>/<database>/<table>/metadata/<file>
        return Path(row[0]).parents[3] if row else None
    return None
