"""The tables that a run's plan names: declared ones, and inferred ones, which the plan itself describes."""

from __future__ import annotations

from glue_jobs.ingest.run_notes import CommitPlan, TableChange
from glue_jobs.sources.tables import TABLES
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
