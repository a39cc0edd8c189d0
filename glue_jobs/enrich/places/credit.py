"""The databases and network files behind the places in a lake; their licences require reports to name them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING

from glue_jobs.enrich.places.sources import PREFIX
from glue_jobs.enrich.reference_data import ReferenceData
from glue_jobs.tables.model import Table

if TYPE_CHECKING:
    from glue_jobs.lake import Lake, LoadedTable

NOTE = "usage-lake.place-sources"


def place_sources_note(rows: LoadedTable, reference: ReferenceData) -> dict[str, str]:
    """The note of a commit to the table of ``rows``: the sources of all its places, also those of earlier runs."""
    used = {version for name, version in reference.versions.items() if name.startswith(PREFIX)}
    return {NOTE: json.dumps(sorted({*_noted(rows), *used}))} if used else {}


def place_sources(lake: Lake, tables: Iterable[Table]) -> tuple[str, ...]:
    """Version, kind, date and licence line of every source of places in these tables, sorted.

    Raises:
        LakeError: a table cannot be read.
    """
    return tuple(sorted({source for table in tables if lake.has(table) for source in _noted(lake.load(table))}))


def _noted(rows: LoadedTable) -> list[str]:
    return [str(each) for each in json.loads(rows.note(NOTE) or "[]")]
