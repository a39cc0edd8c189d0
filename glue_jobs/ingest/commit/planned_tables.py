"""The tables and files that a run's plan names. The plan itself describes the tables that are not declared."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from glue_jobs.ingest.staging.run_notes import CommitPlan, PlannedFile, TableChange, partition_values
from glue_jobs.sources.tables import TABLES
from glue_jobs.storage import storage_for
from glue_jobs.tables.model import Table

_TABLES = {table.name: table for table in TABLES}


def planned_tables(plan: CommitPlan) -> list[tuple[Table, TableChange]]:
    """The tables that the plan changes, in the plan's order.

    Raises:
        ValueError: a table is neither declared nor described by the plan.
    """
    # pyiceberg is slow to import, and most runs make their plan before they need it.
    from glue_jobs.lake import table_from_json

    inferred = {name: table_from_json(name, text) for name, text in plan.inferred.items()}
    tables = {**inferred, **_TABLES}
    for name in plan.tables:
        if name not in tables:
            raise ValueError(f"there is no table {name}")
    return [(tables[name], change) for name, change in plan.tables.items()]


def described(table: Table, file: PlannedFile) -> Any:
    """The Iceberg descriptor of the file, read from the file itself."""
    from glue_jobs.lake import describe

    data = storage_for(file.address).get(file.address)
    metadata = pq.read_metadata(pa.BufferReader(data))
    return describe(table, file.address, len(data), metadata, partition_values(table, file))
