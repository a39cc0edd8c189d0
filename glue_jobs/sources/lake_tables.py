"""All tables of a lake: the declared ones, and those that are inferred from its uploads."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING

from glue_jobs.sources.tables import TABLES
from glue_jobs.sources.upload.table import UPLOAD
from glue_jobs.tables.model import Table

if TYPE_CHECKING:
    # Loading a table imports pyiceberg, which takes longer than answering a query.
    from glue_jobs.lake import Lake, LoadedTable

# The note on the table of uploads that lists the names of the tables with their rows.
UPLOADED_TABLES = "usage-lake.uploaded-tables"


def lake_tables(lake: Lake) -> tuple[Table, ...]:
    """The declared tables, then the `uploaded_tables`; raises like that function."""
    return (*TABLES, *uploaded_tables(lake))


def uploaded_tables(lake: Lake) -> tuple[Table, ...]:
    """The tables with the rows of uploads, with their current columns.

    Raises:
        LakeError: the catalog cannot be read.
    """
    if not lake.has(UPLOAD):
        return ()
    uploaded = map(lake.inferred, uploaded_names(lake.load(UPLOAD)))
    return tuple(table for table in uploaded if table is not None)


def uploaded_names(uploads: LoadedTable) -> list[str]:
    """The names of the tables with the rows of uploads; ``uploads`` is the loaded table `UPLOAD`."""
    names: list[str] = json.loads(uploads.note(UPLOADED_TABLES) or "[]")
    return names


def uploaded_names_note(names: Iterable[str]) -> dict[str, str]:
    """The note that stores these names."""
    return {UPLOADED_TABLES: json.dumps(sorted(names))}
