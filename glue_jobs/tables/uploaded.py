"""Tables of uploaded files: three fixed columns, and further columns that are inferred from the files."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from glue_jobs.tables.model import Column, Table

# The table property that stores `Table.inferred`. Its presence marks a table as inferred.
INFERRED = "usage-lake.inferred-types"

SOURCE_OBJECT = "source_object"
INGEST_RUN_ID = "ingest_run_id"
DATE_PARTITION = "date_partition"

FIXED_COLUMNS = (
    Column(1, SOURCE_OBJECT, "string", "Uploaded object that the row is from."),
    Column(2, INGEST_RUN_ID, "string", "Run that stored the row; run_id in ingested_object."),
    Column(3, DATE_PARTITION, "string", "Day on which the object was uploaded, UTC, e.g. 2024-01-15; the partition."),
)
FIXED = tuple(column.name for column in FIXED_COLUMNS)


def uploaded_table(
    name: str, columns: tuple[Column, ...] = FIXED_COLUMNS, types: Mapping[str, Any] | None = None
) -> Table:
    """A table of uploaded files; ``types`` are those of its columns (`glue_jobs.sources.upload.types`)."""
    return Table(
        name=name,
        description=f"One row per record of the files uploaded for {name}.",
        columns=columns,
        partitions=(DATE_PARTITION,),
        sort=(SOURCE_OBJECT,),
        derived=FIXED,
        keys=(SOURCE_OBJECT,),
        inferred=json.dumps(types or {}),
    )
