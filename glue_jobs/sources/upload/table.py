"""The table of uploads: the table, rows and rejected records of each object."""

from __future__ import annotations

from glue_jobs.tables.model import Column, Table

UPLOAD = Table(
    name="upload",
    description=(
        "One row per uploaded object. An object that is uploaded again with other content replaces all rows of the old"
        " one. It is stored completely once ingested_object has it with this ingest_run_id."
    ),
    columns=(
        Column(1, "source_object", "string", "The object."),
        Column(2, "table_name", "string", "Table that has the object's rows."),
        Column(3, "format", "string", "csv, json or parquet; null where nothing could be read."),
        Column(4, "rows", "bigint", "Records of the object that are rows of the table."),
        Column(5, "rejected", "bigint", "Records that were rejected, each in rejected_record with its reason."),
        Column(
            6,
            "notes",
            "string",
            "That the file has no records; columns with a number, because their name was taken, or a name in Punycode.",
        ),
        Column(7, "uploaded_at", "timestamp", "When the object was uploaded, UTC."),
        Column(8, "ingest_run_id", "string", "Run that stored the rows; run_id in ingested_object."),
    ),
    partitions=(),
    sort=("source_object",),
    derived=("source_object", "ingest_run_id"),
    keys=("source_object",),
)
