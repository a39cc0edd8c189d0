"""The SQLite catalog of a lake in a folder, read without pyiceberg and SQLAlchemy, which take long to import."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

# The name of the catalog for pyiceberg, which stores it in each row.
CATALOG = "usage_lake"
WAIT_SECONDS = 60


def metadata_locations(catalog: Path) -> dict[tuple[str, str], str]:
    """The address of each table's current metadata file, by database and table; empty if there are no tables yet.

    Raises:
        sqlite3.Error: the file cannot be read, or is not such a catalog.
    """
    with closing(sqlite3.connect(f"{catalog.as_uri()}?mode=ro", uri=True, timeout=WAIT_SECONDS)) as connection:
        # pyiceberg creates its tables when it opens the catalog for the first time.
        if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'iceberg_tables'").fetchone():
            return {}
        rows = connection.execute(
            "SELECT table_namespace, table_name, metadata_location FROM iceberg_tables WHERE catalog_name = ?",
            [CATALOG],
        )
        return {(database, table): location for database, table, location in rows if location}
