"""The lake: its tables in a catalog.

A commit succeeds only while its table is at the snapshot that was loaded. So a caller first loads a table, then works,
and then `LoadedTable.append` either adds all files in one snapshot or raises LostRaceError.

Importing pyiceberg takes half a second. So the metadata of a lake in a folder is read without it where possible, and
modules that need it are imported inside functions.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from glue_jobs.errors import ArgumentError, LakeError
from glue_jobs.lake.failures import explained
from glue_jobs.lake.location_check import check_location, check_not_lost, check_table
from glue_jobs.lake.without_pyiceberg.catalog_file import metadata_locations
from glue_jobs.lake.without_pyiceberg.plain_files import PlainFile, PlainNotes, plain_files, plain_notes
from glue_jobs.storage import storage_for
from glue_jobs.tables.model import Table

if TYPE_CHECKING:
    from pyiceberg.catalog import Catalog

    from glue_jobs.lake.table.loaded import LoadedTable


class Lake:
    """The tables of one database below one location.

    ``location`` is a folder or ``s3://bucket/prefix``. ``catalog`` is ``sqlite`` (a file in the lake's folder; the
    default for a folder) or ``glue`` (the default on S3).
    """

    def __init__(self, location: str, database: str, catalog: str | None = None) -> None:
        self.location = location.rstrip("/")
        self.database = database
        self.catalog_type = catalog or ("glue" if location.startswith("s3://") else "sqlite")
        if self.catalog_type == "sqlite" and location.startswith("s3://"):
            raise LakeError(f"a sqlite catalog is a file in the lake's folder and cannot be in {location}; use glue")

    def __getstate__(self) -> dict[str, object]:
        # Another process that unpickles this object opens the catalog itself.
        return {name: value for name, value in self.__dict__.items() if name != "_catalog"}

    @property
    def _catalog_file(self) -> Path:
        return Path(f"{self.location}/catalog.db")

    @property
    def is_new(self) -> bool:
        """Whether there is certainly no lake yet. Always False for Glue, because no service is asked."""
        return self.catalog_type == "sqlite" and not self._catalog_file.exists()

    def refuse_own(self, *addresses: str) -> None:
        """Raise ArgumentError for the address of the lake, or one among its data, where runs delete unknown files."""
        own = (f"{self.location}/{self.database}/", f"{self.location}/_runs/")
        for each in addresses:
            if each == self.location or f"{each}/".startswith(own):
                raise ArgumentError(f"{each} belongs to the lake; write to another folder")

    def new_location(self, table: Table) -> str:
        """The location of the table if this program creates it."""
        return f"{self.location}/{self.database}/{table.name}"

    @cached_property
    def _catalog(self) -> Catalog:
        from glue_jobs.lake.iceberg_catalog import open_catalog

        # This call checks the location: a run on a copy would write to the original lake.
        self._metadata_locations()
        with explained(f"open the {self.catalog_type} catalog of {self.location}"):
            return open_catalog(self.location, str(self._catalog_file) if self.catalog_type == "sqlite" else None)

    def _metadata_locations(self) -> Mapping[tuple[str, str], str] | None:
        """The address of each table's metadata file, by database and table; None if only pyiceberg can find them.

        Raises:
            LakeError: the lake is a copy or was moved.
        """
        if self.catalog_type != "sqlite":
            return None
        if not self._catalog_file.exists():
            return {}
        locations = None
        # A killed run may leave an unfinished SQLite transaction. Only a connection that may write can roll it back.
        with suppress(sqlite3.Error):
            locations = metadata_locations(self._catalog_file)
        check_location(self.location, locations)
        return locations

    def create(self, table: Table) -> None:
        """Create the table, or add the columns and properties that a newer version of the program declares.

        Raises:
            LakeError: the catalog or the storage failed, or a table of that name has other field ids.
        """
        from glue_jobs.lake.iceberg_catalog import create_table

        if self.is_new:
            storage_for(self.location).put(f"{self.location}/.usage-lake", b"s3-usage-lake\n")
        with explained(f"create the table {table.name} in {self.location}"):
            create_table(self._catalog, self.new_location(table), self.database, table)

    def load(self, table: Table) -> LoadedTable:
        """The table at its current snapshot.

        Raises:
            LakeError: there is no such table, or it cannot be read.
        """
        from glue_jobs.lake.iceberg_catalog import load_table
        from glue_jobs.lake.table.loaded import LoadedTable

        with explained(f"read the table {table.name} of {self.location}"):
            loaded = load_table(self._catalog, self.database, table.name)
        if loaded is None:
            check_not_lost(self.new_location(table))
            raise LakeError(
                f"there is no table {table.name} in database {self.database} of {self.location}; ingest something first"
            )
        check_table(self.location, self.database, loaded.location())
        return LoadedTable(table, loaded)

    def plain_files(self, table: Table) -> list[PlainFile] | None:
        """The files that have all rows of the table; None if they are on S3 or only some of their rows count.

        Raises:
            LakeError: there is no such table, or it cannot be read.
        """
        location = (self._metadata_locations() or {}).get((self.database, table.name))
        files = plain_files(table, location) if location else None
        return files if files is not None else self.load(table).plain_files()

    def inferred(self, name: str) -> Table | None:
        """The inferred table of that name with its current columns; None if there is no such table.

        Raises:
            LakeError: another program created a table of that name, or the catalog cannot be read.
        """
        from glue_jobs.lake.table.inferred import load_inferred

        with explained(f"read the table {name} of {self.location}"):
            if self.catalog_type == "sqlite" and (self.database, name) not in (self._metadata_locations() or {}):
                return None
            return load_inferred(self._catalog, self.database, name)

    def notes(self, table: Table) -> PlainNotes | LoadedTable:
        """The notes of the table and the number of its commits, read without pyiceberg if possible.

        Raises:
            LakeError: there is no such table, or it cannot be read.
        """
        location = (self._metadata_locations() or {}).get((self.database, table.name))
        return (plain_notes(location) if location else None) or self.load(table)

    def has(self, table: Table) -> bool:
        """Whether the table exists; creates nothing.

        Raises:
            LakeError: the catalog cannot be read.
        """
        with explained(f"look for the table {table.name} of {self.location}"):
            locations = self._metadata_locations()
            if locations is not None:
                return (self.database, table.name) in locations
            return self._catalog.table_exists((self.database, table.name))

    def databases(self) -> list[str]:
        """The databases of the lake. With Glue, only this one: Glue's catalog lists databases of other lakes too.

        Raises:
            LakeError: the catalog cannot be read.
        """
        if self.catalog_type == "glue" or not self._catalog_file.exists():
            return [self.database]
        with explained(f"list the databases of {self.location}"):
            return sorted(".".join(name) for name in self._catalog.list_namespaces())

    def check_any(self, tables: Iterable[Table]) -> None:
        """Check that there is a lake to query: the answers for a mistyped address must not be zeros.

        Raises:
            LakeError: none of the tables exists, or the catalog cannot be read.
        """
        known = list(tables)
        if not any(map(self.has, known)):
            for table in known:
                check_not_lost(self.new_location(table))
            raise LakeError(
                f"there are no tables in database {self.database} of {self.location}; ingest something first,"
                " or name another lake or database"
            )
