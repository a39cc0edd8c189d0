"""Check that a lake is used at the location where it was created.

A lake with a catalog in its folder cannot be moved or copied, because Iceberg stores absolute paths. On S3, the catalog
is that of the account, in which each database name belongs to one lake.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from glue_jobs.errors import LakeError
from glue_jobs.storage import storage_for

METADATA = re.compile(r"[0-9]+-.+[.]metadata[.]json")


def check_location(location: str, metadata_locations: Mapping[tuple[str, str], str] | None) -> None:
    """Check that the metadata files in a SQLite catalog are those of the lake at ``location``.

    Raises:
        LakeError: the lake is a copy or was moved.
    """
    # A damaged catalog cannot be checked; opening it reports the damage.
    if not metadata_locations:
        return
    # <lake>/<database>/<table>/metadata/<file>
    created_in = Path(next(iter(metadata_locations.values()))).parents[3]
    if str(created_in) == location:
        return
    # The same folder may have several paths.
    with suppress(OSError):
        if created_in.samefile(location):
            return
    raise LakeError(
        f"the lake in {location} was made in {created_in}, and cannot be used from another place: its files are known"
        " by their whole paths; use it where it was made, or ingest the raw objects into a new folder"
    )


def check_table(location: str, database: str, table_location: str) -> None:
    """Check that a table in ``database`` of an account's catalog belongs to the lake at ``location``.

    Raises:
        LakeError: the database is that of another lake.
    """
    # A folder may have several paths, and `check_location` has already checked it.
    if not location.startswith("s3://") or _lake_of(table_location) == location:
        return
    raise LakeError(
        f"the tables of database {database} are not in {location}, but in {_lake_of(table_location)}; name that"
        " lake, or another database"
    )


def _lake_of(table_location: str) -> str:
    """The lake of a table at ``<lake>/<database>/<table>``."""
    return table_location.rsplit("/", 2)[0]


def check_not_lost(location: str) -> None:
    """Check that a table that is missing in the catalog never had rows at this location.

    A new table there would treat the files of the old one as orphan files, and delete them in time.

    Raises:
        LakeError: the table had rows there.
    """
    folder, storage = f"{location}/metadata/", storage_for(location)
    # A first run that was killed leaves data or the first version of the metadata.
    later = storage.list(folder, start_after=f"{folder}00001")
    was_committed = any(METADATA.fullmatch(entry.address.removeprefix(folder)) for entry in later)
    if was_committed and any(storage.list(f"{location}/data/")):
        raise LakeError(
            f"the files of a table are in {location}, but the catalog does not have the table any more; bring the"
            " catalog back from a copy or register the table in it, or move that folder away to begin anew"
        )
