"""A lake with a catalog in its folder cannot be moved or copied: Iceberg knows files by their absolute paths."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from glue_jobs.errors import LakeError


def check_location(location: str, metadata_locations: Mapping[tuple[str, str], str] | None) -> None:
    """Make sure that the files of metadata that a SQLite catalog names are those of the lake at ``location``.

    Raises:
        LakeError: the lake is a copy or was moved.
    """
    # Of a damaged catalog nothing is known; whoever opens it next reports that.
    if not metadata_locations:
        return
    # <lake>/<database>/<table>/metadata/<file>
    created_in = Path(next(iter(metadata_locations.values()))).parents[3]
    if str(created_in) == location:
        return
    # The same folder may have several names.
    with suppress(OSError):
        if created_in.samefile(location):
            return
    raise LakeError(
        f"the lake in {location} was made in {created_in}, and cannot be used from another place: its files are known"
        " by their whole paths; use it where it was made, or ingest the raw objects into a new folder"
    )
