"""Compare the generated sample with the counts of a lake, measure by measure."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from glue_jobs.publish.publish import Published
from glue_jobs.query.duckdb.query_engine import QueryEngine
from glue_jobs.query.saved.query import SavedQuery
from glue_jobs.sample.truth.truth import Row, Truth

Counts = dict[tuple[str, ...], int]

LEDGER = """SELECT sum(records) AS records, sum("rows") AS "rows", sum(duplicates) AS duplicates,
sum(rejected) AS rejected, sum(filtered) AS filtered FROM ingested_object WHERE pipeline = '{source}'"""

LINES = """SELECT count(*) AS "rows", sum(bytes_sent) AS bytes_sent, count_if(is_robot) AS robot_rows,
count_if(is_own) AS own_rows FROM s3_access_log"""

OPERATIONS = "SELECT operation, count(*) AS requests FROM s3_access_log GROUP BY 1"

VIEWS = """SELECT count(*) AS "rows", sum(sc_bytes) AS sc_bytes, count_if(is_robot) AS robot_rows,
count_if(is_own) AS own_rows FROM cloudfront_log"""

# Old events do not say whether they are management events.
EVENTS = """SELECT count(*) AS "rows", sum(bytes_out) FILTER (WHERE NOT coalesce(management_event, false)) AS bytes_out,
count_if(is_robot) AS robot_rows, count_if(is_own) AS own_rows FROM cloudtrail_s3_event"""

# Requests of AWS services have no account id, so the condition excludes them too.
EVENT_NAMES = """SELECT date_trunc('month', event_date) AS month, event_name, count(*) AS events
FROM cloudtrail_request WHERE subscriber_account_id <> 'anonymous' GROUP BY 1, 2"""

SUBSCRIBERS = """SELECT date_trunc('month', event_date) AS month, count(DISTINCT subscriber_account_id)
AS unique_subscribers FROM cloudtrail_request WHERE subscriber_account_id <> 'anonymous' GROUP BY 1"""

VERSIONS = 'SELECT source_bucket, snapshot_time, count(*) AS "rows" FROM s3_inventory_object GROUP BY 1, 2'

SNAPSHOTS = """SELECT source_bucket, snapshot_time, sum(objects) AS objects, sum(bytes) AS bytes,
sum(noncurrent_objects) AS noncurrent_objects, sum(noncurrent_bytes) AS noncurrent_bytes,
sum(delete_markers) AS delete_markers FROM daily_storage GROUP BY 1, 2"""


class Comparison(NamedTuple):
    """A question of the truth, and the ``query`` for the lake's answer: SQL or the name of a saved query.

    ``measures`` and ``groups`` are names of columns: measures are summed by groups, which ``of`` describes. ``part``
    selects one part of the traffic; its name is the prefix of the query's measures.
    """

    question: str
    query: str
    measures: str
    of: str = ""
    groups: str = ""
    part: str = ""


USAGE = "requests complete_gets served_gets logical_downloads partial_reads bytes_sent unique_requesters"
GROWTH = "added_objects added_bytes removed_objects removed_bytes rewritten_objects rewritten_bytes"
STORED = "objects bytes noncurrent_objects noncurrent_bytes delete_markers"
UNREAD = "objects bytes unread_objects unread_bytes audience_unread_objects audience_unread_bytes"
ANONYMOUS = "requests anonymous_requests requests_without_account bytes_out anonymous_bytes_out"
PLACES = "requests logical_downloads bytes_sent unique_requesters"
DATA_SET = ("month and data set", "month account repository")
SNAPSHOT = ("snapshot", "source_bucket snapshot_time")
COMPARISONS = {
    "s3_access_log": (
        Comparison("totals", LINES, "rows bytes_sent robot_rows own_rows"),
        Comparison("operations", OPERATIONS, "requests", "operation", "operation"),
        Comparison("usage", "access/downloads_by_month", USAGE, *DATA_SET, "all"),
        Comparison("usage", "access/downloads_by_month", USAGE, *DATA_SET, "audience"),
        *(
            Comparison(question, f"access/downloads_by_{kind}", PLACES, kind, f"month account repository {kind}", "all")
            for question, kind in (("countries", "country"), ("places", "place"), ("networks", "network"))
        ),
    ),
    "cloudtrail_s3_event": (
        Comparison("totals", EVENTS, "rows bytes_out robot_rows own_rows"),
        Comparison(
            "usage",
            "subscriber/usage_by_month",
            "requests errors gets bytes_out unique_objects",
            "month and subscriber",
            "month subscriber_account_id",
        ),
        Comparison(
            "data_sets",
            "subscriber/usage_by_dataset",
            "requests gets bytes_out unique_objects",
            "data set and subscriber",
            "level account repository subscriber_account_id",
        ),
        Comparison("events", EVENT_NAMES, "events", "month and name", "month event_name"),
        Comparison("unique_subscribers", SUBSCRIBERS, "unique_subscribers", "month", "month"),
        Comparison(
            "denied",
            "subscriber/denied_requests",
            "denied_requests",
            "subscriber and name",
            "subscriber_account_id event_name",
        ),
        Comparison("anonymous", "subscriber/anonymous_share", ANONYMOUS, "month", "month"),
    ),
    "cloudfront_log": (
        Comparison("totals", VIEWS, "rows sc_bytes robot_rows own_rows"),
        Comparison(
            "usage",
            "cloudfront/downloads_by_month",
            "requests complete_gets served_gets bytes_sent unique_requesters",
            *DATA_SET,
        ),
        Comparison("usage", "cloudfront/cache_hits", "hits misses", *DATA_SET),
    ),
    "s3_inventory_object": (
        Comparison("snapshots", VERSIONS, "rows", *SNAPSHOT),
        Comparison("snapshots", SNAPSHOTS, STORED, *SNAPSHOT),
        Comparison("growth", "storage/growth", GROWTH, "bucket", "source_bucket"),
        Comparison(
            "unread",
            "together/kept_but_never_read",
            UNREAD,
            "data set and storage class",
            "account repository storage_class",
        ),
    ),
}
REPORTS = {"storage/accounts": "accounts", "storage/repositories": "repositories", "storage/source_summary": "summary"}
"""Published reports that are compared line by line, and the questions of the truth with their lines."""


@dataclass(frozen=True)
class Check:
    """One measure by group, as generated and as counted by the lake. Without groups, the only group is ``()``."""

    measure: str
    generated: Counts
    counted: Counts

    @property
    def holds(self) -> bool:
        """Whether both are equal in every group."""
        return self.generated == self.counted

    @property
    def totals(self) -> tuple[int, int]:
        """The generated and the counted values, each summed over the groups."""
        return sum(self.generated.values()), sum(self.counted.values())

    @property
    def first_difference(self) -> str:
        """The first group that differs, e.g. ``2026-03, anonymous: 7 and 8``; empty without groups or differences."""
        for group in sorted(self.generated.keys() | self.counted.keys()):
            pair = [self.generated.get(group), self.counted.get(group)]
            if group and pair[0] != pair[1]:
                return f"{', '.join(group)}: {' and '.join('none' if each is None else f'{each:,}' for each in pair)}"
        return ""


def lake_checks(engine: QueryEngine, source: str, truth: Truth) -> Iterator[Check]:
    """Compare the lake's table of a source with the truth of its sample; raises QueryError."""
    ledger = truth.rows(f"{source}/ledger")
    for check in _compare(engine, Comparison("ledger", LEDGER.format(source=source), " ".join(ledger[0])), ledger):
        yield Check(f"{check.measure}, by the ledger", check.generated, check.counted)
    for comparison in COMPARISONS[source]:
        rows = truth.rows(f"{source}/{comparison.question}")
        # The lake has no snapshots whose delivery is incomplete.
        rows = [row for row in rows if row.get("complete", True) and row.get("traffic", "") == comparison.part]
        yield from _compare(engine, comparison, rows)


def report_checks(published: Published, truth: Truth) -> Iterator[Check]:
    """Compare the published files of Source Stats with the truth: every line and its position, header included.

    A missing file counts as a file without lines.
    """
    names = {file.query: file.name for file in published.files}
    for query, question in REPORTS.items():
        rows, name = truth.rows(f"s3_inventory_object/{question}"), names.get(query, "")
        generated = [tuple(rows[0]), *(tuple(map(str, row.values())) for row in rows)]
        yield Check(f"lines of {name or query}", _placed(generated), _placed(_lines(Path(published.folder, name))))


def _compare(engine: QueryEngine, comparison: Comparison, generated: list[Row]) -> Iterator[Check]:
    sql = comparison.query if " " in comparison.query else SavedQuery.load(comparison.query).sql
    counted, groups = engine.run(sql).to_pylist(), comparison.groups.split()
    prefix = "audience_" if comparison.part == "audience" else ""
    for measure in comparison.measures.split():
        name = f"{prefix}{measure}"
        title = f"{name} (each {comparison.of})" if comparison.of else name
        of_truth, of_lake = _sums(generated, groups, measure), _sums(counted, groups, name)
        if prefix:
            # A group without an audience has no row in the truth, and zeros in the lake.
            of_lake = {group: value for group, value in of_lake.items() if value or group in of_truth}
        yield Check(title, of_truth, of_lake)


def _sums(rows: Iterable[Row], groups: list[str], measure: str) -> Counts:
    sums: dict[tuple[str, ...], int] = defaultdict(int)
    for row in rows:
        sums[tuple(_shown(name, row[name]) for name in groups)] += row[measure] or 0
    return dict(sums)


def _shown(name: str, value: Any) -> str:
    if isinstance(value, date):
        return f"{value:%Y-%m}" if name == "month" else f"{value:%Y-%m-%dT%H:%M:%SZ}"
    return "(none)" if value is None else str(value)


def _lines(path: Path) -> list[tuple[str, ...]]:
    if not path.is_file():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return [tuple(line) for line in csv.reader(file)]


def _placed(lines: list[tuple[str, ...]]) -> Counts:
    return {(f"line {place}", *line): 1 for place, line in enumerate(lines, 1)}
