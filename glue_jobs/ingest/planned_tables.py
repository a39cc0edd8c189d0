"""The tables that a run's plan names: declared ones, and inferred ones, which the plan itself describes; its files."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from glue_jobs.ingest.run_notes import CommitPlan, PlannedFile, TableChange, partition_values
from glue_jobs.sources.tables import TABLES
from glue_jobs.storage import storage_for
from glue_jobs.tables.model import Table

_TABLES = {table.name: table for table in TABLES}


def planned_tables(plan: CommitPlan) -> list[tuple[Table, TableChange]]:
    """The tables that the plan changes, in its order.

    Raises:
        ValueError: there is no such table.
    """
    # As everything of Iceberg, slow to import, and most runs plan before they need it.
    from glue_jobs.lake import table_from_json

    inferred = {name: table_from_json(name, text) for name, text in plan.inferred.items()}
    tables = {**inferred, **_TABLES}
    for name in plan.tables:
        if name not in tables:
            raise ValueError(f"there is no table {name}")
    return [(tables[name], change) for name, change in plan.tables.items()]


def described(table: Table, file: PlannedFile) -> Any:
    """What Iceberg stores about the file, from the file itself."""
    from glue_jobs.lake import describe

    data = storage_for(file.address).get(file.address)
    metadata = pq.read_metadata(pa.BufferReader(data))
    return describe(table, file.address, len(data), metadata, partition_values(table, file))
