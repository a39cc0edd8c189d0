"""How queries read tables: each once, and only the days of their period."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from sqlglot import exp

from glue_jobs.query.duckdb.athena_sql import for_duckdb, parse
from glue_jobs.query.saved.metadata import ParameterValue
from glue_jobs.query.saved.query import SavedQuery
from glue_jobs.query.saved.view import SavedView
from glue_jobs.sources.tables import TABLES

NOW = datetime(2026, 3, 15, tzinfo=UTC)
QUERIES = SavedQuery.all()
VIEWS = {view.name: view for view in SavedView.all()}
each_query = pytest.mark.parametrize("query", QUERIES, ids=lambda query: query.name)

# What is read more than once, and why.
SCANS = {
    # Contents kept more than once, and then where they are: in one step, all keys would be grouped in memory.
    "storage/duplicates_by_etag": {"s3_inventory_object": 2, "inventory_snapshot": 2},
    # The days of snapshots that were compared, and then what changed.
    "storage/changes_by_month": {"daily_change": 2},
    # The snapshots that count: for their totals, and for the classes of their objects.
    "together/cost_to_serve": {"inventory_snapshot": 2},
}

# No value, the lowest and the highest of a column, so that statistics decide no condition of a query.
BOUNDS: list[dict[pa.DataType, Any]] = [
    {},
    {pa.date32(): date(2006, 3, 14), pa.string(): "", pa.int32(): 0, pa.int64(): 0, pa.bool_(): False},
    {pa.date32(): date(2126, 1, 1), pa.string(): "~", pa.int32(): 999, pa.int64(): 10**12, pa.bool_(): True},
]


def scans(sql: str) -> Counter[str]:
    """How often Athena scans each table or view: it runs a CTE again for each time that it is named."""
    tree = parse(sql)
    ctes = {cte.alias: cte.this for cte in tree.find_all(exp.CTE)}
    clause = next(tree.find_all(exp.With), None)
    if clause is not None:
        clause.pop()

    def count(node: exp.Expr) -> Counter[str]:
        total: Counter[str] = Counter()
        for table in node.find_all(exp.Table):
            total += count(ctes[table.name]) if table.name in ctes else Counter([table.name])
        return total

    return count(tree)


@each_query
def test_a_query_scans_each_table_once(query: SavedQuery) -> None:
    found = scans(query.sql)
    assert found.keys() == set(query.metadata.reads)
    assert {name: times for name, times in found.items() if times > 1} == SCANS.get(query.name, {})


def test_a_cte_that_is_named_twice_is_scanned_twice() -> None:
    assert scans("WITH a AS (SELECT 1 AS x FROM t), b AS (SELECT x FROM a) SELECT * FROM a, b") == {"t": 2}


@pytest.fixture(scope="module")
def lake() -> Iterator[duckdb.DuckDBPyConnection]:
    """Every table with three rows, some of days before and after all periods, and every view."""
    with duckdb.connect() as connection:
        for table in TABLES:
            schema = table.arrow_schema
            rows = [{field.name: bounds.get(field.type) for field in schema} for bounds in BOUNDS]
            data = pa.Table.from_pylist(rows, schema=schema)
            connection.register("data", data)
            connection.execute(f"CREATE TABLE {table.name} AS SELECT * FROM data")
        for view in VIEWS.values():
            select = for_duckdb(parse(view.select), NOW)
            connection.execute(f"CREATE VIEW {view.name} AS {select}")
        yield connection


def plan(
    lake: duckdb.DuckDBPyConnection, query: str, values: Sequence[ParameterValue] = ()
) -> Iterator[dict[str, Any]]:
    """All steps of DuckDB's plan."""
    sql = for_duckdb(parse(query), NOW)
    ((_, text),) = lake.execute(f"EXPLAIN (FORMAT JSON) {sql}", values).fetchall()
    steps = json.loads(text)
    while steps:
        step = steps.pop()
        yield step
        steps.extend(step["children"])


@each_query
def test_the_days_of_the_period_are_a_filter_of_the_scan_also_through_views(
    lake: duckdb.DuckDBPyConnection, query: SavedQuery
) -> None:
    values = query.bind({each.name: each.example for each in query.metadata.parameters})
    read = [step["extra_info"] for step in plan(lake, query.sql, values) if "Table" in step["extra_info"]]
    assert read
    for table in read:
        name = table["Table"].rpartition(".")[2]
        columns = next(each.arrow_schema.names for each in TABLES if each.name == name)
        if "event_date" in columns:
            # The view on CloudTrail looks for corrections on all days; nearly all files have none.
            assert "event_date" in str(table.get("Filters")) or "original_event_id" in str(table.get("Filters"))


@pytest.mark.parametrize("name", ["request", "access_by_read"])
def test_a_view_on_requests_scans_the_access_logs_once(lake: duckdb.DuckDBPyConnection, name: str) -> None:
    tables = [step["extra_info"].get("Table", "") for step in plan(lake, f"SELECT * FROM {name}")]
    assert [table.rpartition(".")[2] for table in tables].count("s3_access_log") == 1
