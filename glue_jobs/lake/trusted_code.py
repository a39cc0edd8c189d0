"""Only this program's own code reads a lake, whatever the lake's metadata says, and only whole manifests are read.

Table properties can name a Python class that pyiceberg imports and calls. Whoever wrote a lake could so run code on the
machine of whoever opens it.
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
        # This is the mapping of the table's metadata itself: what is read from it later lacks the properties, too.
        for name in PROPERTIES_THAT_NAME_CODE:
            if properties and name in properties:
                del properties[name]
        return WholeManifests({**catalog.properties, **(properties or {})})

    # pyiceberg has no public way to choose the reader of a table.
    catalog._load_file_io = load_file_io  # type: ignore[method-assign]
    return catalog
