"""Read a lake with trusted code only, whatever the lake's metadata says, and read only whole manifests.

Table properties can name a Python class that pyiceberg imports and calls. So the writer of a lake could run code on the
machine of anybody who opens it.
"""

from __future__ import annotations

from typing import Any

from pyiceberg.catalog import Catalog
from pyiceberg.table import TableProperties

from glue_jobs.lake.whole_manifests import WholeManifests

PROPERTIES_THAT_NAME_CODE = ("py-io-impl", TableProperties.WRITE_PY_LOCATION_PROVIDER_IMPL)


def ignoring_named_code(catalog: Catalog) -> Catalog:
    """The catalog, changed so that the tables it loads have no properties that name code."""

    def load_file_io(properties: Any = None, location: str | None = None) -> Any:
        # This is the mapping in the table's metadata itself, so later readers of the metadata do not see them either.
        for name in PROPERTIES_THAT_NAME_CODE:
            if properties and name in properties:
                del properties[name]
        return WholeManifests({**catalog.properties, **(properties or {})})

    # pyiceberg has no public way to choose the reader of a table.
    catalog._load_file_io = load_file_io  # type: ignore[method-assign]
    return catalog
