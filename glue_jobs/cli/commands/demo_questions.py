"""The questions of the demonstration, and the part of each answer that it shows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from glue_jobs.cli.answers.show import View, table_lines
from glue_jobs.query.duckdb.query_engine import QueryEngine
from glue_jobs.query.saved.query import SavedQuery

Rows = Callable[[Mapping[str, Any]], bool]


@dataclass(frozen=True)
class Question:
    """A question, the saved query that answers it, and the columns and rows of the answer to show.

    ``totals`` names the columns whose sum over those rows is shown.
    """

    text: str
    query: str
    columns: tuple[str, ...]
    rows: Rows = lambda _: True
    totals: tuple[str, ...] = ()
    limit: int = 8


QUESTIONS = (
    Question(
        "How much is read, and does it grow?",
        "access/usage_over_time",
        ("grain", "first_day", "last_day", "logical_downloads", "bytes_sent", "unique_requesters"),
        lambda row: row["level"] == "total" and row["grain"] in ("month", "28 days"),
    ),
    Question(
        "Who reads what I publish?",
        "access/unique_requesters",
        ("account", "unique_requesters", "audience_unique_requesters", "requests"),
        lambda row: row["level"] in ("total", "account"),
    ),
    Question(
        "What is read most?",
        "access/top_objects",
        ("key", "logical_downloads", "bytes_sent", "unique_requesters"),
        limit=5,
    ),
    Question(
        "From where?",
        "access/downloads_by_country",
        ("month", "country_name", "logical_downloads", "bytes_sent", "unique_requesters"),
        lambda row: row["account"] == "(all)",
    ),
    Question(
        "With what?", "access/tools", ("tool", "requests", "share_of_requests", "bytes_sent", "unique_requesters")
    ),
    Question(
        "Who are my subscribers, and are they still there?",
        "subscriber/unique_subscribers",
        ("subscriber_name", "requests", "bytes_out", "active_months", "last_seen"),
    ),
    Question(
        "What do I keep?",
        "storage/storage_classes",
        ("storage_class", "objects", "bytes", "noncurrent_bytes"),
        lambda row: row["level"] == "total" and row["objects"] > 0,
        ("objects", "bytes", "noncurrent_bytes"),
        limit=12,
    ),
    Question(
        "What of it does nobody read?",
        "together/kept_but_never_read",
        ("account", "repository", "storage_class", "unread_objects", "unread_bytes"),
        limit=5,
    ),
)


def answer_lines(question: Question, engine: QueryEngine, width: int | None) -> list[str]:
    """The lines of the table that answers the question today."""
    query = SavedQuery.load(question.query)
    answer = engine.answer(query.sql, query.bind({}), datetime.now(UTC).date()).newest_first()
    wanted = [
        number
        for number, row in enumerate(answer.records)
        if question.rows(dict(zip(answer.column_names, row, strict=True)))
    ]
    shown = answer.take(wanted).select([answer.column_names.index(name) for name in question.columns])
    return table_lines(shown, View(totals=question.totals, limit=question.limit), width)
