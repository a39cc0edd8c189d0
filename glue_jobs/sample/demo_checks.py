"""What the demonstration generated beside what its lake counts, one measure after the other."""

from __future__ import annotations

import csv
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from glue_jobs.publish.publish import Published
from glue_jobs.query.duckdb.query_engine import QueryEngine
from glue_jobs.query.saved.query import SavedQuery
from glue_jobs.sample import InventoryTruth, Truth, Usage
from glue_jobs.sample.inventory_truth import KeptByAccount, KeptByRepository
from glue_jobs.sample.trail_truth import TrailTruth
from glue_jobs.sources.cloudtrail_s3_event.table import CLOUDTRAIL_S3_EVENT
from glue_jobs.sources.s3_access_log.table import S3_ACCESS_LOG
from glue_jobs.sources.s3_inventory_object.table import S3_INVENTORY_OBJECT

Counts = dict[tuple[str, ...], int]
Groups = dict[tuple[str, ...], dict[str, Any]]

USAGE = ("requests", "errors", "gets", "bytes_out", "unique_objects")
STORED = ("objects", "bytes", "noncurrent_objects", "noncurrent_bytes", "delete_markers")
GROWN = tuple(f"{change}_{what}" for change in ("added", "removed", "rewritten") for what in ("objects", "bytes"))
UNREAD = ("unread_objects", "unread_bytes")

LEDGER = """SELECT sum(records) AS records, sum("rows") AS "rows", sum(duplicates) AS duplicates,
sum(rejected) AS rejected, sum(filtered) AS filtered FROM ingested_object WHERE pipeline = ?"""

LINES = """SELECT count(*) AS "rows", sum(bytes_sent) AS bytes_sent, count_if(is_robot) AS robot_rows,
count_if(is_own) AS own_rows FROM s3_access_log"""

# Old events do not say whether they are management events.
EVENTS = """SELECT count(*) AS "rows", sum(bytes_out) FILTER (WHERE NOT coalesce(management_event, false)) AS bytes_out,
count_if(is_robot) AS robot_rows, count_if(is_own) AS own_rows FROM cloudtrail_s3_event"""

# AWS services have no account id, so they fall out here too.
EVENT_NAMES = """SELECT date_trunc('month', event_date) AS month, event_name, count(*) AS events
FROM cloudtrail_s3_event WHERE subscriber_account_id <> 'anonymous' GROUP BY 1, 2"""

SUBSCRIBERS = """SELECT date_trunc('month', event_date) AS month, count(DISTINCT subscriber_account_id) AS subscribers
FROM cloudtrail_s3_event WHERE subscriber_account_id <> 'anonymous' GROUP BY 1"""

VERSIONS = """SELECT source_bucket, snapshot_time, count(*) AS "rows" FROM s3_inventory_object GROUP BY 1, 2"""

SNAPSHOTS = """SELECT source_bucket, snapshot_time, sum(objects) AS objects, sum(bytes) AS bytes,
sum(noncurrent_objects) AS noncurrent_objects, sum(noncurrent_bytes) AS noncurrent_bytes,
sum(delete_markers) AS delete_markers FROM daily_storage GROUP BY 1, 2"""


@dataclass(frozen=True)
class Check:
    """One measure: a number, or a number per group, as it was generated and as the lake counts it."""

    measure: str
    generated: int | Counts
    counted: int | Counts

    @property
    def holds(self) -> bool:
        """Whether both are the same, in every group."""
        return self.generated == self.counted

    @property
    def totals(self) -> tuple[int, int]:
        """What was generated and what was counted, summed over the groups."""
        return _total(self.generated), _total(self.counted)

    @property
    def first_difference(self) -> str:
        """Where the groups differ first, e.g. ``2026-03, anonymous: 7 and 8``; empty without groups or differences."""
        if self.holds or not (isinstance(self.generated, dict) and isinstance(self.counted, dict)):
            return ""
        pairs = {key: (self.generated.get(key), self.counted.get(key)) for key in self.generated | self.counted}
        key, (generated, counted) = min((key, pair) for key, pair in pairs.items() if pair[0] != pair[1])
        return f"{', '.join(key)}: {_told(generated)} and {_told(counted)}"


def access_log_checks(engine: QueryEngine, truth: Truth) -> Iterator[Check]:
    """The lake's access logs against the truth of the sample they come from; raises QueryError."""
    ledger = {name: getattr(truth, name) for name in ("records", "rows", "duplicates", "rejected")} | {"filtered": 0}
    yield from _ledger_checks(engine, S3_ACCESS_LOG.name, ledger)
    yield from _row_checks(engine, LINES, truth)
    made: Groups = {
        (group.month, group.account or "(none)", group.repository or "(none)"): asdict(group.all)
        for group in truth.groups
    }
    downloads = SavedQuery.load("access/downloads_by_month")
    counted: Groups = {(_month(row), row["account"], row["repository"]): row for row in _rows(engine, downloads.sql)}
    returned = {column.name for column in downloads.metadata.returns}
    names = [field.name for field in fields(Usage) if field.name in returned]
    yield from _group_checks(names, "month and data set", made, counted)


def cloudtrail_checks(engine: QueryEngine, truth: TrailTruth) -> Iterator[Check]:
    """The lake's CloudTrail events against the truth of the sample they come from; raises QueryError."""
    names = ("records", "rows", "duplicates", "rejected", "filtered")
    yield from _ledger_checks(engine, CLOUDTRAIL_S3_EVENT.name, {name: getattr(truth, name) for name in names})
    yield from _row_checks(engine, EVENTS, truth)
    made: Groups = {(each.month, each.subscriber_account_id or "(none)"): asdict(each) for each in truth.usage}
    usage = _rows(engine, SavedQuery.load("subscriber/usage_by_month").sql)
    counted: Groups = {(_month(row), row["subscriber_account_id"]): row for row in usage}
    yield from _group_checks(USAGE, "month and subscriber", made, counted)
    yield Check(
        "events (each month and name)",
        {(month, name): count for month, names in truth.events.items() for name, count in names.items()},
        {(_month(row), row["event_name"]): row["events"] for row in _rows(engine, EVENT_NAMES)},
    )
    yield Check(
        "unique_subscribers (each month)",
        {(month,): count for month, count in truth.unique_subscribers.items()},
        {(_month(row),): row["subscribers"] for row in _rows(engine, SUBSCRIBERS)},
    )
    yield _denied_check(engine, truth)


def inventory_checks(engine: QueryEngine, truth: InventoryTruth) -> Iterator[Check]:
    """The lake's inventories against the truth of the sample they come from; raises QueryError."""
    ledger = {"records": truth.rows, "rows": truth.rows, "duplicates": 0, "rejected": 0, "filtered": 0}
    yield from _ledger_checks(engine, S3_INVENTORY_OBJECT.name, ledger)
    complete = [each for each in truth.snapshots if each.complete]
    made: Groups = {(each.source_bucket, each.time): asdict(each) for each in complete}
    for names, sql in (("rows",), VERSIONS), (STORED, SNAPSHOTS):
        yield from _group_checks(names, "snapshot", made, {_snapshot(row): row for row in _rows(engine, sql)})
    growth = _summed(_rows(engine, SavedQuery.load("storage/growth").sql), ("source_bucket",), GROWN)
    yield from _group_checks(GROWN, "bucket", {(each.source_bucket,): asdict(each) for each in truth.growth}, growth)
    unread: Groups = {
        (each.account or "(none)", each.repository or "(none)", each.storage_class): asdict(each)
        for each in truth.unread
    }
    kept = _rows(engine, SavedQuery.load("together/kept_but_never_read").sql)
    counted: Groups = {(row["account"], row["repository"], row["storage_class"]): row for row in kept}
    yield from _group_checks(UNREAD, "data set and storage class", unread, counted)


def report_checks(published: Published, truth: InventoryTruth) -> Iterator[Check]:
    """The published files of Source Stats against the truth: every line in its place, the header included.

    A file that was not written has no lines.
    """
    generated: dict[str, list[tuple[str, ...]]] = {
        "storage/accounts": _report(KeptByAccount, truth.accounts),
        "storage/repositories": _report(KeptByRepository, truth.repositories),
        "storage/source_summary": [("metric", "value"), *truth.summary.items()],
    }
    names = {file.query: file.name for file in published.files}
    for query, lines in generated.items():
        name = names.get(query, "")
        yield Check(f"lines of {name or query}", _placed(lines), _placed(_lines(Path(published.folder, name))))


def _denied_check(engine: QueryEngine, truth: TrailTruth) -> Check:
    generated: Counter[tuple[str, ...]] = Counter()
    for each in truth.denied:
        generated[each.subscriber_account_id or "(none)", each.event_name] += each.requests
    counted: Counter[tuple[str, ...]] = Counter()
    for row in _rows(engine, SavedQuery.load("subscriber/denied_requests").sql):
        counted[row["subscriber_account_id"], row["event_name"]] += row["denied_requests"]
    return Check("denied_requests (each subscriber and name)", dict(generated), dict(counted))


def _ledger_checks(engine: QueryEngine, pipeline: str, generated: dict[str, int]) -> Iterator[Check]:
    counted = engine.run(LEDGER, [pipeline]).to_pylist()[0]
    for name, value in generated.items():
        yield Check(f"{name}, by the ledger", value, counted[name] or 0)


def _row_checks(engine: QueryEngine, sql: str, truth: Truth | TrailTruth) -> Iterator[Check]:
    for name, value in _rows(engine, sql)[0].items():
        yield Check(name, getattr(truth, name), value or 0)


def _group_checks(names: Iterable[str], groups: str, generated: Groups, counted: Groups) -> Iterator[Check]:
    for name in names:
        made, found = ({key: row[name] for key, row in rows.items()} for rows in (generated, counted))
        yield Check(f"{name} (each {groups})", made, found)


def _rows(engine: QueryEngine, sql: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = engine.run(sql).to_pylist()
    return rows


def _summed(rows: Iterable[dict[str, Any]], group: Iterable[str], names: Iterable[str]) -> Groups:
    sums: Groups = defaultdict(Counter)
    for row in rows:
        sums[tuple(row[name] for name in group)].update({name: row[name] for name in names})
    return sums


def _snapshot(row: dict[str, Any]) -> tuple[str, str]:
    return row["source_bucket"], f"{row['snapshot_time']:%Y-%m-%dT%H:%M:%SZ}"


def _report(kind: type, rows: Iterable[KeptByAccount | KeptByRepository]) -> list[tuple[str, ...]]:
    return [tuple(field.name for field in fields(kind)), *(tuple(map(str, asdict(row).values())) for row in rows)]


def _lines(path: Path) -> list[tuple[str, ...]]:
    if not path.is_file():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return [tuple(line) for line in csv.reader(file)]


def _placed(lines: Sequence[tuple[str, ...]]) -> Counts:
    return {(f"line {place}", *line): 1 for place, line in enumerate(lines, 1)}


def _month(row: dict[str, Any]) -> str:
    return f"{row['month']:%Y-%m}"


def _total(value: int | Counts) -> int:
    return sum(value.values()) if isinstance(value, dict) else value


def _told(count: int | None) -> str:
    return "none" if count is None else f"{count:,}"
