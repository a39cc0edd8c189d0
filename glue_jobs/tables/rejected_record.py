"""The table of rejected records."""

from __future__ import annotations

from glue_jobs.tables.model import Column, Table

REJECTED_RECORD = Table(
    name="rejected_record",
    description="One row per rejected raw record; if an object has many, one row counts the rest.",
    columns=(
        Column(1, "ingest_date", "date", "Day of the run that rejected the record, UTC."),
        Column(2, "source", "string", "Pipeline that read the object, e.g. s3_access_log."),
        Column(3, "object", "string", "Raw object the record is in."),
        Column(4, "position", "bigint", "Place in the object: byte offset of a line, index of a JSON record or row."),
        Column(5, "reason", "string", "Why it was rejected, one sentence."),
        Column(6, "record", "binary", "The raw bytes, at most the first 64 KiB; addresses as in privacy.addresses."),
        Column(7, "run_id", "string", "Run that rejected the record."),
        Column(
            8,
            "records",
            "bigint",
            "Number of records the row counts: those of an object after its first 1,000 with this reason; else null.",
        ),
    ),
    partitions=("ingest_date", "source"),
)
