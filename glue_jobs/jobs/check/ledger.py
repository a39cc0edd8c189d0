"""Whether the ledger adds up, and counts the rows and rejected records that are stored."""

from __future__ import annotations

from collections.abc import Iterable

from glue_jobs.jobs.check.result import CheckResult, counted
from glue_jobs.query.duckdb.query_engine import QueryEngine
from glue_jobs.sources.pipeline import EventPipeline

# A stored row counts against the ledger's number, so that objects without a ledger row show up too.
_ROWS = """
SELECT key, sum(ledger) AS ledger, sum(stored) AS stored FROM (
    SELECT key, "rows" AS ledger, 0 AS stored FROM ingested_object WHERE pipeline = '{name}'
    UNION ALL
    SELECT source_object AS key, 0 AS ledger, count(*) AS stored FROM {name} GROUP BY source_object
) AS counts GROUP BY key HAVING sum(ledger) <> sum(stored) ORDER BY key
"""
_REJECTED = """
SELECT key, sum(ledger) AS ledger, sum(stored) AS stored FROM (
    SELECT key, rejected AS ledger, 0 AS stored FROM ingested_object WHERE pipeline = '{name}'
    UNION ALL
    SELECT object AS key, 0 AS ledger, coalesce(records, 1) AS stored FROM rejected_record WHERE source = '{name}'
) AS counts GROUP BY key HAVING sum(ledger) <> sum(stored) ORDER BY key
"""


def check_sums(engine: QueryEngine) -> CheckResult:
    """Whether the records of each object are its rows, rejected, duplicate and filtered records."""
    # Records of unreadable objects are all 0.
    wrong = engine.run(
        'SELECT key, records, "rows" + rejected + duplicates + filtered AS parts FROM ingested_object'
        ' WHERE records <> "rows" + rejected + duplicates + filtered ORDER BY key'
    )
    count = engine.run(
        "SELECT count(*) AS objects, count(unreadable) AS unreadable, coalesce(sum(records), 0) AS records"
        " FROM ingested_object"
    ).to_pylist()[0]
    apart = f", {counted(count['unreadable'], 'entry')} of unreadable ones apart" if count["unreadable"] else ""
    objects = counted(count["objects"] - count["unreadable"], "object")
    return CheckResult(
        "ledger",
        f"{objects} with {counted(count['records'], 'record')} add up{apart}",
        (*(f"{row['key']} has {row['records']:,} records, but {row['parts']:,} parts" for row in wrong.to_pylist()),),
    )


def check_rows(engine: QueryEngine, pipelines: Iterable[EventPipeline]) -> CheckResult:
    """Whether each object has as many rows in its table as the ledger says."""
    return _compare(engine, pipelines, _ROWS, "rows", "row")


def check_rejected(engine: QueryEngine, pipelines: Iterable[EventPipeline]) -> CheckResult:
    """Whether each object has as many rejected records as the ledger says."""
    return _compare(engine, pipelines, _REJECTED, "rejected", "rejected record")


def _compare(
    engine: QueryEngine, pipelines: Iterable[EventPipeline], sql: str, ledger_column: str, noun: str
) -> CheckResult:
    wrong, total = [], 0
    for name in (pipeline.name for pipeline in pipelines):
        wrong += [
            f"{row['key']} has {counted(row['stored'], noun)} stored, and {row['ledger']:,} in the ledger"
            for row in engine.run(sql.format(name=name)).to_pylist()
        ]
        sums = engine.run(
            f"SELECT coalesce(sum(\"{ledger_column}\"), 0) AS n FROM ingested_object WHERE pipeline = '{name}'"
        )
        total += sums["n"][0].as_py()
    return CheckResult(f"{noun}s", f"{total:,} are stored, for each object as many as the ledger says", (*wrong,))
