"""The ledger: the table of raw objects that were ingested."""

from __future__ import annotations

from glue_jobs.tables.model import Column, Table

INGESTED_OBJECT = Table(
    name="ingested_object",
    description="One row per ingested or unreadable raw object; records = rows + rejected + duplicates + filtered.",
    columns=(
        Column(1, "pipeline", "string", "Pipeline that ingested the object; names the table its rows are in."),
        Column(2, "object_day", "date", "Day in the object's key, UTC; null when the key has none."),
        Column(3, "key", "string", "The raw object: s3:// address or absolute path."),
        Column(4, "etag", "string", "ETag of the object; for a file its size and modification time."),
        Column(5, "size", "bigint", "Size of the object in bytes, as stored."),
        Column(6, "last_modified", "timestamp", "When the object was last written, UTC."),
        Column(7, "run_id", "string", "Run that ingested the object."),
        Column(8, "ingested_at", "timestamp", "When that run started, UTC."),
        Column(9, "records", "bigint", "Raw records in the object: non-blank lines, elements of Records, or rows."),
        Column(10, "rows", "bigint", "Records stored as rows."),
        Column(11, "rejected", "bigint", "Records rejected, each in rejected_record with its reason."),
        Column(12, "duplicates", "bigint", "Records that were stored already, or twice in the same run."),
        Column(13, "filtered", "bigint", "Records not for this table, e.g. of other services, and forgotten ones."),
        Column(14, "first_event_time", "timestamp", "Time of the earliest event that could be read, UTC; or null."),
        Column(15, "last_event_time", "timestamp", "Time of the latest event that could be read, UTC; or null."),
        Column(16, "unreadable", "string", "Why it could not be read; another row follows once it is ingested."),
    ),
    partitions=("pipeline", "object_day"),
)
