"""The queries of the commands ``status`` and ``rejected``."""

from __future__ import annotations

from collections.abc import Iterator

from glue_jobs.ingest.discovery.log_folders import untaken_folders
from glue_jobs.lake import Lake
from glue_jobs.progress import printable
from glue_jobs.query.answer import Answer
from glue_jobs.sources import SOURCES
from glue_jobs.sources.pipelines import PIPELINES

# A source without ingested objects has a row of zeros, to reveal a mistyped path.
STATUS = f"""
WITH ingested AS (SELECT * FROM ingested_object WHERE unreadable IS NULL),
unreadable AS (
    SELECT pipeline, count(DISTINCT key) AS objects FROM ingested_object
    WHERE unreadable IS NOT NULL AND key NOT IN (SELECT key FROM ingested WHERE key IS NOT NULL)
    GROUP BY pipeline
)
SELECT source.pipeline, count(key) AS objects, sum(records) AS records, sum(rows) AS "rows", sum(rejected) AS rejected,
       sum(duplicates) AS duplicates, sum(filtered) AS filtered, coalesce(max(unreadable.objects), 0) AS unreadable,
       min(first_event_time) AS oldest_event, max(last_event_time) AS newest_event, max(ingested_at) AS last_run
FROM (VALUES {", ".join(f"('{source}')" for source in SOURCES)}) AS source (pipeline)
LEFT JOIN ingested ON ingested.pipeline = source.pipeline
LEFT JOIN unreadable ON unreadable.pipeline = source.pipeline
GROUP BY source.pipeline ORDER BY source.pipeline
"""
STATUS_SHOWN = (
    "pipeline",
    "objects",
    "records",
    "rejected",
    "unreadable",
    "newest_event",
    "last_run",
    "rows",
    "duplicates",
)

REJECTED = """
SELECT source, reason, object, position, coalesce(records, 1) AS records, record FROM rejected_record
ORDER BY ingest_date DESC, run_id DESC, object, position
"""

REJECTED_SHOWN = ("reason", "record")

# The table rejected_record contains the whole record.
MAX_RECORD_BYTES_SHOWN = 160


def untaken_sentences(lake: Lake) -> Iterator[str]:
    """A sentence about each folder with earlier days that no run has ingested.

    Raises:
        LakeError: a table cannot be read.
    """
    for pipeline in PIPELINES:
        if lake.has(pipeline.table):
            for raw, folder, day in untaken_folders(lake.load(pipeline.table)):
                yield (
                    f"{folder} has earlier days, from {day} on, that are not ingested:"
                    f" usage-lake ingest {pipeline.name} --from {raw} --since {day} takes them"
                )


def readable(rows: Answer) -> Answer:
    """The rows with the bytes of the last column, ``record``, as printable text, shortened to a line."""
    return Answer(
        rows.column_names,
        [(*others, None if value is None else _escaped(value)) for *others, value in rows.records],
    )


def _escaped(value: bytes) -> str:
    text = printable(value[:MAX_RECORD_BYTES_SHOWN].decode("utf-8", "backslashreplace"))
    return text + ("…" if len(value) > MAX_RECORD_BYTES_SHOWN else "")
