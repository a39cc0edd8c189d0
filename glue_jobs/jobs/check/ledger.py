"""Check that the ledger adds up, and that its counts are those of the stored rows and rejected records."""

from __future__ import annotations

from collections.abc import Iterable

from glue_jobs.jobs.check.result import CheckResult
from glue_jobs.progress import counted
from glue_jobs.query.duckdb.query_engine import QueryEngine
from glue_jobs.sources.pipeline import Pipeline
from glue_jobs.tables.model import Table

# A union instead of a join, so that stored rows of objects without a ledger row show up too.
_DIFFERENCES = """
SELECT key, sum(ledger) AS ledger, sum(stored) AS stored FROM (
    SELECT key, "{column}" AS ledger, 0 AS stored FROM {ledger}
    UNION ALL
    {stored}
) AS counts GROUP BY key HAVING sum(ledger) <> sum(stored) ORDER BY key
"""
_ROWS = 'SELECT source_object AS key, 0 AS ledger, count(*) AS stored FROM "{table}" GROUP BY source_object'
_NOTHING = "SELECT '' AS key, 0 AS ledger, 0 AS stored WHERE false"
_REJECTED = (
    "SELECT object AS key, 0 AS ledger, coalesce(records, 1) AS stored FROM rejected_record WHERE source = '{name}'"
)


def counting_entries(pipeline: Pipeline) -> str:
    """The ledger's entries of a pipeline whose records are stored, as a subquery.

    If a newer version of an object replaces the rows of the older one, only the newest entry counts. Versions of a
    document share folder and name, because the raw path may have moved; versions of an upload share the address.
    """
    entries = f"SELECT * FROM ingested_object WHERE pipeline = '{pipeline.name}' AND unreadable IS NULL"
    if not pipeline.replaces_objects:
        return f"({entries}) AS entries"
    about = "regexp_extract(key, '[^/]+/[^/]+$')" if pipeline.replaces_by_name else "key"
    newest = f"row_number() OVER (PARTITION BY {about} ORDER BY ingested_at DESC) AS place"
    return f"(SELECT * FROM (SELECT *, {newest} FROM ({entries}) AS entries) AS placed WHERE place = 1) AS newest"


def check_sums(engine: QueryEngine) -> CheckResult:
    """Check that each object's records are the sum of its rows, rejected, duplicate and filtered records."""
    # Unreadable objects have no records, so they add up.
    wrong = engine.run(
        'SELECT key, records, "rows" + rejected + duplicates + filtered AS parts FROM ingested_object'
        ' WHERE records <> "rows" + rejected + duplicates + filtered ORDER BY key'
    )
    count = engine.run(
        "SELECT count(*) AS objects, count(unreadable) AS unreadable, coalesce(sum(records), 0) AS records"
        " FROM ingested_object"
    ).to_pylist()[0]
    apart = f", {counted(count['unreadable'], 'unreadable object')} apart" if count["unreadable"] else ""
    objects = counted(count["objects"] - count["unreadable"], "object")
    return CheckResult(
        "ledger",
        f"{objects} with {counted(count['records'], 'record')} add up{apart}",
        (*(f"{row['key']} has {row['records']:,} records, but {row['parts']:,} parts" for row in wrong.to_pylist()),),
    )


def check_rows(engine: QueryEngine, pipelines: Iterable[Pipeline], uploaded: Iterable[Table]) -> CheckResult:
    """Check that each object has as many stored rows as the ledger says; ``uploaded`` are the tables of uploads."""
    return _compare(engine, pipelines, "rows", "row", [*uploaded])


def check_rejected(engine: QueryEngine, pipelines: Iterable[Pipeline]) -> CheckResult:
    """Check that each object has as many stored rejected records as the ledger says."""
    return _compare(engine, pipelines, "rejected", "rejected record")


def _compare(
    engine: QueryEngine, pipelines: Iterable[Pipeline], column: str, noun: str, uploaded: Iterable[Table] = ()
) -> CheckResult:
    wrong, total = [], 0
    for pipeline in pipelines:
        rows = [_ROWS.format(table=table.name) for table in pipeline.record_tables or uploaded]
        stored = (rows or [_NOTHING]) if column == "rows" else [_REJECTED.format(name=pipeline.name)]
        entries = counting_entries(pipeline)
        sql = _DIFFERENCES.format(column=column, ledger=entries, stored=" UNION ALL ".join(stored))
        wrong += [
            f"{row['key']} has {counted(row['stored'], noun)} stored, and {row['ledger']:,} in the ledger"
            for row in engine.run(sql).to_pylist()
        ]
        total += engine.run(f'SELECT coalesce(sum("{column}"), 0) AS n FROM {entries}')["n"][0].as_py()
    # Rows of inventories are replaced by later snapshots; the check of daily_storage counts the remaining ones.
    said = f"{total:,} are stored, inventories apart, for each object as many as the ledger says"
    return CheckResult(f"{noun}s", said, (*wrong,))
