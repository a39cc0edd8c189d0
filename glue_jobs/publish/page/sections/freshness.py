"""The newest data of each source, and how many of its records were stored, rejected or skipped."""

from __future__ import annotations

from datetime import datetime

from glue_jobs.publish.page import words
from glue_jobs.publish.page.answers import Answers
from glue_jobs.publish.page.markup import EMPTY
from glue_jobs.publish.page.section import Section
from glue_jobs.publish.page.tables import Column, count_column, data_table

FRESHNESS = "together/freshness"
SOURCES = {
    "s3_access_log": "S3 server access logs",
    "cloudtrail_s3_event": "CloudTrail events of S3",
    "s3_inventory_object": "S3 Inventory",
    "cloudfront_log": "CloudFront logs",
    "run_summary": "Run summaries",
}
DOWNLOAD_LOGS = frozenset({"s3_access_log", "cloudfront_log"})
"""The sources from which downloads are counted."""


def has_download_logs(answers: Answers) -> bool | None:
    """Whether the lake has logs from which downloads are counted; None if the answers do not say."""
    return _has_any(answers, DOWNLOAD_LOGS)


def has_inventories(answers: Answers) -> bool | None:
    """Whether the lake has inventories; None if the answers do not say."""
    return _has_any(answers, frozenset({"s3_inventory_object"}))


def _has_any(answers: Answers, pipelines: frozenset[str]) -> bool | None:
    sources = {row["pipeline"] for row in answers.rows(FRESHNESS)}
    return bool(sources & pipelines) if sources else None


def freshness(answers: Answers) -> Section | None:
    """A table of the sources."""
    rows = [{**row, "source": SOURCES.get(row["pipeline"], row["pipeline"])} for row in answers.rows(FRESHNESS)]
    if not rows:
        return None
    last = max((row["last_event_time"] for row in rows if row["last_event_time"]), default=None)
    records, rejected = sum(row["records"] for row in rows), sum(row["rejected"] for row in rows)
    until = (
        f"The data reach to {words.day(last)},{words.NO_BREAK}{last:%H:%M} UTC"
        if last
        else "The sources have no events"
    )
    columns = [
        Column("Source", "source"),
        Column("Last event", "last_event_time", _time),
        Column("Newest file", "last_delivery", _time),
        count_column("Files", "raw_objects"),
        count_column("Records", "records"),
        count_column("Stored", "stored_rows"),
        count_column("Unreadable", "rejected"),
        count_column("Known already", "duplicates"),
        count_column("Filtered", "filtered"),
    ]
    return Section(
        "freshness",
        "Freshness",
        until,
        f"{words.share(rejected, records)} of {words.plural(records, 'record')} could not be read; they are kept with "
        "the reason. Access logs arrive hours late, some days late, so the last days still grow.",
        data_table("Sources, how far they reach, and their records", columns, rows),
        EMPTY,
        (FRESHNESS,),
    )


def _time(moment: datetime) -> str:
    return f"{words.short_day(moment)} {moment:%Y, %H:%M}".replace(" ", words.NO_BREAK)
