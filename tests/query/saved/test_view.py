"""The view of ADX for Amazon S3 metrics runs the published queries of its users unchanged."""

from __future__ import annotations

import shutil
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import sqlglot
from sqlglot import exp

from glue_jobs.query.duckdb.athena_sql import QueryError
from glue_jobs.query.duckdb.query_engine import QueryEngine
from glue_jobs.query.duckdb.table_source import TableSource
from glue_jobs.query.saved.files import QUERIES, SavedQueryError
from glue_jobs.query.saved.query import SavedQuery
from glue_jobs.query.saved.view import SavedView
from glue_jobs.sources.cloudtrail_s3_event.table import CLOUDTRAIL_S3_EVENT
from glue_jobs.sources.tables import TABLES
from glue_jobs.tables.model import arrow_type
from saved_query_cases import tables_read
from tests.query.engines import engine_on

VIEW = SavedView.load("adx_for_s3_metrics")
VIEWS = {view.name: view for view in SavedView.all()}

UNIQUE_SUBSCRIBERS = """
SELECT DISTINCT subscriber_account_id
FROM "adx_metrics_curated"."adx_for_s3_metrics"
WHERE year = '2023' AND month = '05' AND subscriber_account_id != 'anonymous';
"""

EVENTS_BY_TYPE = """
SELECT eventName, count(1) as eventCount
FROM "adx_metrics_curated"."adx_for_s3_metrics"
WHERE year = '2023' AND month = '05' AND subscriber_account_id != 'anonymous'
GROUP BY eventName
ORDER BY eventCount DESC
"""

EVENTS = [
    ("123456789012", "GetObject", "2023-05-01 00:00:00"),
    ("123456789012", "GetObject", "2023-05-31 23:59:59"),
    ("111122223333", "ListObjects", "2023-05-02 10:00:00"),
    ("anonymous", "GetObject", "2023-05-02 10:00:00"),
    (None, "HeadObject", "2023-05-02 10:00:00"),
    ("012345670123", "GetObject", "2023-04-30 23:59:59"),
    ("012345670123", "GetObject", "2024-05-01 00:00:00"),
]


def events() -> pa.Table:
    rows = []
    for subscriber, name, text in EVENTS:
        time = datetime.fromisoformat(text)
        days = {"event_date": time.date(), "year": f"{time:%Y}", "month": f"{time:%m}", "day": f"{time:%d}"}
        rows.append({"subscriber_account_id": subscriber, "event_name": name, "event_time": time, **days})
    return pa.Table.from_pylist(rows, schema=CLOUDTRAIL_S3_EVENT.arrow_schema)


def run(sql: str, rows: pa.Table | None = None) -> list[dict[str, Any]]:
    with engine_on({"cloudtrail_s3_event": events() if rows is None else rows}) as engine:
        answer: list[dict[str, Any]] = engine.run(sql).to_pylist()
        return answer


def test_the_subscribers_of_a_month_are_those_with_an_account_id() -> None:
    found = [row["subscriber_account_id"] for row in run(UNIQUE_SUBSCRIBERS)]
    assert sorted(found) == ["111122223333", "123456789012"]


def test_events_are_counted_by_name_and_sorted_by_frequency() -> None:
    assert [tuple(row.values()) for row in run(EVENTS_BY_TYPE)] == [("GetObject", 2), ("ListObjects", 1)]


@pytest.mark.parametrize("sql", [UNIQUE_SUBSCRIBERS, EVENTS_BY_TYPE])
def test_an_empty_table_gives_no_rows(sql: str) -> None:
    assert run(sql, CLOUDTRAIL_S3_EVENT.arrow_schema.empty_table()) == []


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT count(*) AS n FROM adx_for_s3_metrics WHERE eventname = 'ListObjects'",
        'SELECT count(*) AS n FROM "AwsDataCatalog"."lake"."ADX_for_S3_metrics" WHERE EVENTNAME = \'ListObjects\'',
        "SELECT count(*) AS n FROM adx_for_s3_metrics v JOIN cloudtrail_s3_event e"
        " ON v.eventName = e.event_name AND v.eventTime = e.event_time WHERE eventName = 'ListObjects'",
        "WITH cloudtrail_s3_event AS (SELECT 1 AS other)"
        " SELECT count(*) AS n FROM adx_for_s3_metrics, cloudtrail_s3_event WHERE eventName = 'ListObjects'",
    ],
)
def test_a_view_is_found_under_any_spelling_of_its_name_and_beside_its_table(sql: str) -> None:
    assert run(sql) == [{"n": 1}]


def test_the_table_of_a_view_is_opened_once_and_only_if_a_query_reads_the_view() -> None:
    asked: list[str] = []

    def table() -> TableSource:
        asked.append("table")
        return TableSource(CLOUDTRAIL_S3_EVENT, events())

    with QueryEngine({"cloudtrail_s3_event": table, VIEW.name: VIEW.select}) as engine:
        engine.run("SELECT 1 AS one")
        assert asked == []
        engine.run("SELECT count(*) AS n FROM adx_for_s3_metrics")
        engine.run("SELECT count(*) AS n FROM adx_for_s3_metrics, cloudtrail_s3_event")
    assert asked == ["table"]


def test_the_error_for_a_view_without_its_table_names_the_table() -> None:
    with (
        QueryEngine({VIEW.name: VIEW.select}) as engine,
        pytest.raises(QueryError, match="there is no table 'cloudtrail_s3_event'"),
    ):
        engine.run("SELECT * FROM adx_for_s3_metrics")


def test_the_view_has_every_column_of_the_table_once() -> None:
    statement = sqlglot.parse_one(VIEW.ddl, read="athena")
    assert isinstance(statement, exp.Create) and statement.kind == "VIEW"
    read = sorted(column.name for column in statement.find_all(exp.Column))
    assert read == sorted(column.name for column in CLOUDTRAIL_S3_EVENT.columns)


@pytest.mark.parametrize("view", SavedView.all(), ids=lambda view: view.name)
def test_a_view_returns_the_columns_and_types_of_its_metadata(view: SavedView) -> None:
    select = f"SELECT * FROM {view.name}"
    with engine_on({}) as engine:
        returned = engine.run(view.select).schema
        # A file of shared rows has no type for the sum of bigint, for one.
        with engine.sharing([select, select]):
            assert engine.run(select).schema == returned
    assert [(field.name, field.type) for field in returned] == [
        (column.name, arrow_type(column.type)) for column in view.metadata.returns
    ]
    assert tables_read(view.select) == tuple(sorted(view.metadata.reads))


def test_without_cloudfront_logs_requests_are_those_of_the_access_logs() -> None:
    """Also those that CloudFront made, and those of a distribution whose bucket nobody named."""
    day = {"event_date": date(2026, 3, 2), "event_time": datetime(2026, 3, 2, 10)}
    logged = [
        {**day, "bucket": "open-data", "requester": requester, "user_agent": user_agent, "http_status": status}
        for requester in ("svc:cloudfront.amazonaws.com", "alice", None)
        for user_agent in ("Amazon CloudFront", "curl/8.5.0", None)
        for status in (200, 404, None)
    ]
    viewed = {**day, "cs_host": "d111111abcdef8.cloudfront.net", "cs_method": "GET", "sc_status": 200}
    given = {"s3_access_log": [*logged, {}, {"bucket": "open-data"}, day], "cloudfront_log": [viewed]}
    columns = ", ".join(column.name for column in VIEWS["request"].metadata.returns)
    with engine_on(given) as engine:
        assert engine.run("SELECT * FROM request") == engine.run(f"SELECT {columns} FROM access_request")


def test_views_come_behind_the_views_that_they_read() -> None:
    created: set[str] = {table.name for table in TABLES}
    for view in SavedView.all():
        assert set(view.metadata.reads) <= created
        created.add(view.name)


def test_a_view_is_not_listed_as_a_query() -> None:
    assert not [name for name in SavedQuery.names() if name.startswith("views/")]
    assert VIEW in SavedView.all()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    shutil.copytree(QUERIES / "views", tmp_path / "views")
    return tmp_path


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        ("view.sql", "VIEW adx_", "VIEW other_", "must be CREATE OR REPLACE VIEW adx_for_s3_metrics AS"),
        ("view.sql", "CREATE OR REPLACE", "CREATE", "must be CREATE OR REPLACE VIEW adx_for_s3_metrics AS"),
        ("metadata.yaml", "reads:", "tables:", "key reads is missing"),
        ("metadata.yaml", "type: date", "type: day", "input should be 'string'"),
    ],
)
def test_a_mistake_in_a_folder_is_an_error_of_one_line_that_names_the_file(
    root: Path, file: str, old: str, new: str, message: str
) -> None:
    path = root / "views/adx_for_s3_metrics" / file
    path.write_text(path.read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")
    with pytest.raises(SavedQueryError) as caught:
        SavedView.all(root)
    assert message in str(caught.value)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_view_without_its_statement_is_an_error(root: Path) -> None:
    (root / "views/adx_for_s3_metrics/view.sql").unlink()
    with pytest.raises(SavedQueryError, match=r"view\.sql is missing"):
        SavedView.load("adx_for_s3_metrics", root)
