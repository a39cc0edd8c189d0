"""The lake that the arguments ``lake_path``, ``database`` and ``catalog`` name."""

from __future__ import annotations

import re
from collections.abc import Mapping

from glue_jobs.errors import ArgumentError
from glue_jobs.jobs.arguments.declared import CATALOGS
from glue_jobs.lake import Lake
from glue_jobs.storage import address


def lake_argument(values: Mapping[str, str]) -> Lake:
    """The lake that the arguments name; nothing is read yet.

    Raises:
        ArgumentError: the catalog is neither sqlite nor glue, or the database has a name that Athena does not accept.
        LakeError: a lake at that address cannot have that catalog.
    """
    catalog = values.get("catalog")
    if catalog not in (None, *CATALOGS):
        raise ArgumentError(f"there is no catalog {catalog!r}; there are sqlite and glue")
    database = values.get("database", "usage_lake")
    if not re.fullmatch("[a-z0-9_-]+", database):
        raise ArgumentError(f"the name of a database has lower-case letters, digits, _ and -; it is {database!r}")
    return Lake(address(values["lake_path"]), database, catalog)
