"""The lake: Iceberg tables in a catalog, read and committed through pyiceberg, which no other room imports."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from glue_jobs.lake.catalog import Lake as Lake
    from glue_jobs.lake.schema import describe as describe
    from glue_jobs.lake.schema import iceberg_schema as iceberg_schema
    from glue_jobs.lake.table.inferred import table_from_json as table_from_json
    from glue_jobs.lake.table.inferred import table_to_json as table_to_json
    from glue_jobs.lake.table.loaded import LoadedTable as LoadedTable
    from glue_jobs.lake.table.stored_file import StoredFile as StoredFile

# Imported on first use: a task that writes data files needs the schema, but not the catalog and its database.
_PUBLIC = {
    "Lake": "glue_jobs.lake.catalog",
    "LoadedTable": "glue_jobs.lake.table.loaded",
    "StoredFile": "glue_jobs.lake.table.stored_file",
    "describe": "glue_jobs.lake.schema",
    "iceberg_schema": "glue_jobs.lake.schema",
    "table_from_json": "glue_jobs.lake.table.inferred",
    "table_to_json": "glue_jobs.lake.table.inferred",
}


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_PUBLIC[name]), name)
