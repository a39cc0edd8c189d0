"""Every folder below queries/ is a query in Athena's SQL that passes its cases and matches its metadata."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import hypothesis
import pyarrow as pa
import pytest
import sqlglot
from hypothesis import given
from hypothesis import strategies as st
from sqlglot import exp
from sqlglot.optimizer.scope import Scope, traverse_scope

from glue_jobs.jobs.library.query_days import QueryDays
from glue_jobs.query.duckdb.athena_sql import tables
from glue_jobs.query.duckdb.query_engine import QueryEngine
from glue_jobs.query.saved.files import QUERIES, SavedQueryError
from glue_jobs.query.saved.metadata import Case, Parameter
from glue_jobs.query.saved.query import SavedQuery
from glue_jobs.query.saved.view import SavedView, base_tables
from glue_jobs.tables.model import arrow_type
from saved_query_cases import TABLES, expected_rows, given_table, tables_read
from tests.query.engines import engine_on
from tools.package import library

VIEWS = {view.name: view for view in SavedView.all()}
SAVED_QUERIES = SavedQuery.all()
WITH_DEFAULTS = [query for query in SAVED_QUERIES if any(each.default for each in query.metadata.parameters)]
# Functions that Athena has and sqlglot does not know.
ATHENA_FUNCTIONS = {"GROUPING"}

each_query = pytest.mark.parametrize("query", SAVED_QUERIES, ids=lambda query: query.name)
each_case = pytest.mark.parametrize(
    ("query", "number"),
    [
        pytest.param(query, number, id=f"{query.name}: {case.name}")
        for query in SAVED_QUERIES
        for number, case in enumerate(query.cases)
    ],
)


def answer(query: SavedQuery, case: Case) -> pa.Table:
    with engine_on({name: given_table(TABLES[name], rows) for name, rows in case.given.items()}) as engine:
        return engine.run(query.sql, query.bind(case.parameters), case.today)


@cache
def saved_answer(name: str, number: int) -> pa.Table:
    """The answer of a saved query to one of its cases, which several tests compare with."""
    query = SavedQuery.load(name)
    return answer(query, query.cases[number])


@each_query
def test_a_query_names_the_columns_that_a_terminal_shows_first(query: SavedQuery) -> None:
    types = {column.name: column.type for column in query.metadata.returns}
    assert query.metadata.show, "show: names them, the most important first"
    assert set(query.metadata.totals) <= set(query.metadata.show) <= types.keys()
    for name in query.metadata.totals:
        assert types[name] in ("bigint", "double") and not name.startswith(("unique_", "share_", "avg_")), name
    if query.metadata.totals:
        # Whoever adds up the rows of all data sets together and those of each counts everything twice.
        assert not [row for case in query.cases for row in case.expect if "(all)" in row.values()]
        assert "\nLIMIT" not in query.sql, "the sum of the first rows is no total"
    rounded = {alias.alias for alias in parsed(query).find_all(exp.Alias) if alias.find(exp.Round)}
    assert not rounded & set(query.metadata.totals), "the sum of rounded numbers is no total"


@each_case
def test_a_query_passes_its_case(query: SavedQuery, number: int) -> None:
    case = query.cases[number]
    assert set(case.given) <= base_tables(query.metadata.reads)
    for row in case.expect:
        assert row.keys() == {column.name for column in query.metadata.returns}
    assert saved_answer(query.name, number).to_pylist() == expected_rows(query, case)


@pytest.mark.parametrize(
    "query",
    [query for query in SAVED_QUERIES if all(each.default for each in query.metadata.parameters)],
    ids=lambda query: query.name,
)
def test_a_query_returns_the_same_from_views_that_are_shared(query: SavedQuery) -> None:
    case = query.cases[1]
    sql = query.as_of(case.today)
    with engine_on({name: given_table(TABLES[name], rows) for name, rows in case.given.items()}) as engine:
        expected = engine.run(sql)
        # A second statement reads the same views.
        with engine.sharing([sql, f"{sql}\n"]):
            assert engine.run(sql).equals(expected)


@each_query
def test_a_query_returns_the_columns_and_types_of_its_metadata(query: SavedQuery) -> None:
    returned = saved_answer(query.name, 0).schema
    assert [(field.name, field.type) for field in returned] == [
        (column.name, arrow_type(column.type)) for column in query.metadata.returns
    ]


@each_query
def test_a_query_has_three_cases_or_more_and_one_of_them_is_empty(query: SavedQuery) -> None:
    assert len(query.cases) >= 3
    assert any(not any(case.given.values()) for case in query.cases)
    assert len({case.name for case in query.cases}) == len(query.cases)


@each_query
def test_a_query_reads_the_tables_of_its_metadata_and_they_exist(query: SavedQuery) -> None:
    assert tables_read(query.sql) == tuple(sorted(query.metadata.reads))
    assert set(query.metadata.reads) <= TABLES.keys() | VIEWS.keys()


@each_query
def test_each_parameter_is_described_and_those_without_default_are_in_a_where_clause(query: SavedQuery) -> None:
    assert len(list(parsed(query).find_all(exp.Placeholder))) == len(query.metadata.parameters)
    asked_for = list(sqlglot.parse_one(query.named_query, read="athena").find_all(exp.Placeholder))
    assert len(asked_for) == sum(parameter.default is None for parameter in query.metadata.parameters)
    assert all(placeholder.find_ancestor(exp.Where) for placeholder in asked_for)
    query.bind({parameter.name: parameter.example for parameter in query.metadata.parameters})


@each_query
def test_a_query_sorts_its_rows_and_reads_the_days_of_a_period_only(query: SavedQuery) -> None:
    tree = parsed(query)
    assert tree.args.get("order")
    for table in tables(tree):
        if "event_date" in stored_columns(table.name):
            select = table.find_ancestor(exp.Select)
            assert select is not None
            days = [column for column in select.args["where"].find_all(exp.Column) if column.name == "event_date"]
            assert len(days) >= 2, "a first and a last day are compared"


@pytest.mark.parametrize("query", WITH_DEFAULTS, ids=lambda query: query.name)
def test_the_named_query_returns_what_the_query_with_its_defaults_returns(query: SavedQuery) -> None:
    without_default = [parameter for parameter in query.metadata.parameters if parameter.default is None]
    metadata = query.metadata.model_copy(update={"parameters": without_default})
    named = replace(query, sql=query.named_query, metadata=metadata)
    for case in query.cases:
        asked = {parameter.name: case.parameters[parameter.name] for parameter in without_default}
        by_default = case.model_copy(update={"parameters": asked})
        assert answer(named, by_default) == answer(query, by_default)


@each_query
def test_a_query_uses_athenas_functions_and_scopes(query: SavedQuery) -> None:
    tree = parsed(query)
    unknown = {call.name.upper() for call in tree.find_all(exp.Anonymous)} - ATHENA_FUNCTIONS
    assert not unknown
    assert not list(tree.find_all(exp.Qualify))
    for scope in traverse_scope(tree):
        assert not invisible_columns(scope)


@each_query
def test_the_days_that_a_query_reads_depend_on_today(query: SavedQuery) -> None:
    long_ago = query.cases[1].model_copy(update={"today": date(1999, 1, 1)})
    assert answer(query, long_ago).num_rows == 0


def stored_columns(name: str) -> set[str]:
    """The columns of a table or view; none for another name."""
    if name in VIEWS:
        return {column.name for column in VIEWS[name].metadata.returns}
    return set(TABLES[name].arrow_schema.names) if name in TABLES else set()


def parsed(query: SavedQuery) -> exp.Expr:
    return sqlglot.parse_one(query.sql, read="athena")


def columns_of(source: exp.Expr | Scope) -> set[str]:
    """The columns of a table, a CTE or a subquery."""
    if isinstance(source, exp.Table):
        return stored_columns(source.name)
    assert isinstance(source, Scope)
    names = selected_names(source)
    return names if "*" not in names else (names - {"*"}) | visible_columns(source)


def selected_names(scope: Scope) -> set[str]:
    assert isinstance(scope.expression, exp.Query)
    return set(scope.expression.named_selects)


def visible_columns(scope: Scope) -> set[str]:
    return {name for _, source in scope.selected_sources.values() for name in columns_of(source)}


def invisible_columns(scope: Scope) -> set[str]:
    """Columns that Athena does not know: no source has them, and aliases of a SELECT are valid in ORDER BY only.

    DuckDB allows aliases in WHERE and GROUP BY too, so running a query does not show the mistake.
    """
    order = scope.expression.args.get("order")
    sorted_by = {id(column) for column in order.find_all(exp.Column)} if order else set()
    visible = visible_columns(scope)
    aliases = selected_names(scope)
    return {
        column.name
        for column in scope.find_all(exp.Column)
        if column.name not in visible and not (id(column) in sorted_by and column.name in aliases)
    }


@pytest.mark.parametrize(
    ("sql", "unseen"),
    [
        ("SELECT lower(key) AS small FROM s3_access_log WHERE small = 'a'", {"small"}),
        ("SELECT lower(key) AS small, count(*) FROM s3_access_log GROUP BY small", {"small"}),
        ("SELECT lower(key) AS small FROM s3_access_log ORDER BY small", set()),
        ("WITH k AS (SELECT *, lower(key) AS small FROM s3_access_log) SELECT small, bucket FROM k", set()),
    ],
)
def test_aliases_are_valid_in_order_by_only(sql: str, unseen: set[str]) -> None:
    scopes = traverse_scope(sqlglot.parse_one(sql, read="athena"))
    assert set().union(*map(invisible_columns, scopes)) == unseen


Request = tuple[int, str, str, int, int, int | None, int | None]
REQUESTS = st.lists(
    st.tuples(
        st.integers(0, 7200),
        st.sampled_from(["REST.GET.OBJECT", "REST.GET.PART", "WEBSITE.GET.OBJECT", "REST.HEAD.OBJECT"]),
        st.sampled_from(["alice", "bob"]),
        st.sampled_from([200, 206, 404]),
        st.integers(0, 100),
        st.sampled_from([None, 0, 100]),
        st.sampled_from([None, 20, 1_000_000]),
    ),
    min_size=1,
    max_size=12,
)


def counted(requests: Sequence[Request]) -> dict[str, int]:
    """The definitions of docs and metadata, applied to one request after another."""
    requests = [r for r in requests if r[3] < 400]
    complete = [r for r in requests if r[1] == "REST.GET.OBJECT" and r[3] == 200]
    served = [r for r in requests if ".GET." in r[1] and r[3] in (200, 206)]
    reads: list[list[Request]] = []
    for request in sorted(served, key=lambda request: (request[2], request[0])):
        end = max(r[0] + (r[6] or 0) / 1000 for r in reads[-1]) if reads else 0
        if reads and reads[-1][-1][2] == request[2] and request[0] - end <= 1800:
            reads[-1].append(request)
        else:
            reads.append([request])
    sizes = [max((r[5] for r in read if r[5] is not None), default=None) for read in reads]
    done = [
        size is not None and sum(r[4] for r in read) >= 0.95 * size for read, size in zip(reads, sizes, strict=True)
    ]
    return {
        "requests": len(requests),
        "complete_gets": len(complete),
        "served_gets": len(served),
        "logical_downloads": sum(done),
        "partial_reads": len(done) - sum(done),
        "bytes_sent": sum(r[4] for r in requests),
        "unique_requesters": len({r[2] for r in requests}),
    }


@given(st.lists(REQUESTS, min_size=1, max_size=10))
@hypothesis.settings(max_examples=30)
def test_downloads_are_counted_as_defined(datasets: list[list[Request]]) -> None:
    # Many data sets in one question, because the question costs more than its rows.
    rows = [
        {
            "event_time": str(datetime(2026, 3, 2) + timedelta(seconds=second)),
            "operation": operation,
            "requester": requester,
            "http_status": status,
            "bytes_sent": sent,
            "object_size": size,
            "total_time_ms": milliseconds,
            "key": "k",
            "bucket": "b",
            "account": f"{number:02}",
        }
        for number, requests in enumerate(datasets)
        for second, operation, requester, status, sent, size, milliseconds in requests
    ]
    case = Case(name="any", today=date(2026, 3, 15), given={"s3_access_log": rows}, parameters={}, expect=[])
    found = {row["account"]: row for row in answer(SavedQuery.load("access/downloads_by_month"), case).to_pylist()}
    # Requests that failed do not count: a data set of nothing else has no row.
    served = {f"{number:02}": counted(each) for number, each in enumerate(datasets) if any(r[3] < 400 for r in each)}
    assert found.keys() == served.keys()
    for account, wanted in served.items():
        assert {name: found[account][name] for name in wanted} == wanted
        assert {name: found[account][f"audience_{name}"] for name in wanted} == wanted


def test_all_queries_choose_snapshots_in_the_same_way() -> None:
    meanings: dict[str, set[str]] = {"snapshot": set(), "s3_inventory_object": set(), "daily_storage": set()}
    for query in SAVED_QUERIES:
        ctes = {cte.alias: cte.this for cte in parsed(query).find_all(exp.CTE)}
        if "inventory_snapshot" in query.metadata.reads:
            meanings["snapshot"].add(ctes["snapshot"].select("1", append=False).sql())
        if "kept" in ctes:
            # Queries select different columns, but the same rows.
            rows = ctes["kept"].select("1", append=False)
            meanings[rows.args["from_"].name].add(rows.sql())
    assert {name: len(texts) for name, texts in meanings.items()} == dict.fromkeys(meanings, 1)


def test_queries_on_access_leave_definitions_to_views() -> None:
    for query in SAVED_QUERIES:
        if query.name.startswith("access/") and query.name != "access/latency":
            assert {"request", "access_by_read", "access_request"} & set(query.metadata.reads)
            assert not {"s3_access_log"} & set(query.metadata.reads)


def test_queries_on_cloudtrail_leave_what_a_get_is_to_the_view() -> None:
    comparing = "together/log_completeness"
    assert [query.name for query in SAVED_QUERIES if "'GetObject'" in query.sql] == [comparing]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    shutil.copytree(QUERIES / "access/top_objects_of_repository", tmp_path / "access/mine")
    return tmp_path


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        ("metadata.yaml", "reads:", "tables:", "key reads is missing"),
        ("metadata.yaml", "parameters:", "owner: me\nparameters:", "key owner is not one of the allowed keys"),
        ("metadata.yaml", "    example: university\n", "", "key parameters.0.example is missing"),
        ("metadata.yaml", "example: university", "example: 012", "should be a valid string, got 10"),
        ("metadata.yaml", "type: string", "type: text", "parameters.0.type: input should be 'string'"),
        ("metadata.yaml", "example: university", "example: a\n    price: gold", "there is no price 'gold'"),
        ("metadata.yaml", "title: The", "title: '", "is not YAML"),
        ("metadata.yaml", "title: The", f"title: {'x' * 128}", "Athena allows 128"),
        ("metadata.yaml", "  The 100", "  " + 1024 * "é", "Athena allows 1024"),
        ("cases.yaml", "today:", "day:", "key 0.today is missing"),
        ("cases.yaml", "2026-03-15", "2026-15-03", "0.today: input should be a valid date"),
        ("metadata.yaml", "example: university", "example: university\n    default: 5", "valid string, got 5"),
        ("query.sql", "SELECT", "SELECT" + " " * 262_144, "Athena allows 262144"),
    ],
)
def test_a_mistake_in_a_folder_is_an_error_of_one_line_that_names_the_file(
    root: Path, file: str, old: str, new: str, message: str
) -> None:
    path = root / "access/mine" / file
    path.write_text(path.read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")
    with pytest.raises(SavedQueryError) as caught:
        _ = SavedQuery.load("access/mine", root).cases
    assert message in str(caught.value)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_folder_that_lacks_a_file_is_an_error(root: Path) -> None:
    (root / "access/mine/cases.yaml").unlink()
    with pytest.raises(SavedQueryError, match=r"cases\.yaml is missing"):
        _ = SavedQuery.load("access/mine", root).cases
    (root / "access/mine/query.sql").unlink()
    with pytest.raises(SavedQueryError, match=r"query\.sql is missing"):
        SavedQuery.all(root)


def test_the_error_for_an_unknown_query_lists_the_known_ones(root: Path) -> None:
    with pytest.raises(SavedQueryError, match=r"no saved query '\.\./secret'; there are access/mine"):
        SavedQuery.load("../secret", root)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"account": "a"}, "parameter 'repository' is missing: .* takes account, repository; an example is rainfall"),
        ({"account": "a", "repository": "r", "day": "x"}, "no parameter 'day'"),
    ],
)
def test_parameters_are_checked_by_name(root: Path, values: dict[str, str], message: str) -> None:
    with pytest.raises(SavedQueryError, match=message):
        SavedQuery.load("access/mine", root).bind(values)


def test_parameters_are_bound_in_order_and_in_their_types(root: Path) -> None:
    path = root / "access/mine/metadata.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("type: string", "type: date", 1), encoding="utf-8")
    query = SavedQuery.load("access/mine", root)
    assert query.bind({"repository": "r", "account": "2026-03-01"}) == [date(2026, 3, 1), "r"]
    with pytest.raises(SavedQueryError, match="account must be a date such as university, not 'March'"):
        query.bind({"repository": "r", "account": "March"})


@pytest.mark.parametrize("price", ["-1", "nan", "inf", "1e7", "1e-10", "cheap"])
def test_a_price_that_nobody_asks_is_refused(price: str) -> None:
    sentence = "price_standard must be a number of US dollars from 0 to 1,000,000 such as 0.023, not '"
    with pytest.raises(SavedQueryError, match=sentence):
        SavedQuery.load("together/cost_to_serve").bind({"price_standard": price})


def test_a_number_beyond_those_of_athena_is_refused() -> None:
    with pytest.raises(
        SavedQueryError, match="minimum_bytes must be a bigint such as 1000000000, not '9223372036854775808'"
    ):
        SavedQuery.load("access/surges").bind({"minimum_bytes": str(2**63)})


def test_a_default_replaces_a_missing_value_and_is_part_of_the_named_query(root: Path) -> None:
    path = root / "access/mine/metadata.yaml"
    with_default = "example: snow\n    default: rain?'fall"
    path.write_text(path.read_text(encoding="utf-8").replace("example: rainfall", with_default), encoding="utf-8")
    sql = """SELECT '?', "?" -- ?\nFROM t /* ? */ WHERE a = ? AND b = ? AND c = '''?'"""
    (root / "access/mine/query.sql").write_text(sql, encoding="utf-8")
    query = SavedQuery.load("access/mine", root)
    assert query.bind({"account": "a"}) == ["a", "rain?'fall"]
    assert query.bind({"account": "a", "repository": "hail"}) == ["a", "hail"]
    assert query.named_query == sql.replace("b = ?", "b = 'rain?''fall'")


def test_a_day_replaces_current_date_outside_of_texts_and_comments(root: Path) -> None:
    sql = (
        """SELECT 'current_date', "current_date" -- current_date\nFROM t WHERE d = Current_Date AND current_dates > ?"""
    )
    (root / "access/mine/query.sql").write_text(sql, encoding="utf-8")
    query = SavedQuery.load("access/mine", root)
    assert query.as_of(date(2026, 3, 1)) == sql.replace("Current_Date", "DATE '2026-03-01'")
    assert query.named_query == sql.replace("Current_Date", "current_date")


@pytest.mark.parametrize("query", SAVED_QUERIES, ids=lambda query: query.name)
def test_a_query_as_of_a_day_returns_what_it_returned_on_that_day(query: SavedQuery) -> None:
    case = query.cases[1]
    today = replace(query, sql=replace(query, sql=query.sql.replace("?", ":p")).as_of(case.today).replace(":p", "?"))
    much_later = case.model_copy(update={"today": date(2126, 1, 1)})
    assert answer(today, much_later) == saved_answer(query.name, 1)


@each_query
def test_a_query_about_its_own_period_returns_what_it_returns_by_default(query: SavedQuery) -> None:
    case, period = query.cases[1], query.metadata.period
    with QueryEngine({}) as engine:
        days = engine.run(f"SELECT CAST({period.first} AS date) AS a, CAST({period.last} AS date) AS b", (), case.today)
    since, until = days["a"][0].as_py(), days["b"][0].as_py()
    named = replace(query, sql=query.of_period(since, until))
    assert named.sql.count(f"DATE '{since}'") == query.sql.count(period.first) > 0
    assert named.sql.count(f"DATE '{until}'") > 0
    assert answer(named, case) == saved_answer(query.name, 1)


def test_who_asked_12_months_before_the_month_that_a_period_begins_in_returns() -> None:
    query = SavedQuery.load("subscriber/new_returning_lapsed")
    case = query.cases[1]
    times = ("2025-03-01 00:00:00", "2026-03-01 00:00:00")
    asked = [{"subscriber_account_id": "111122223333", "event_time": time} for time in times]
    since_mid_march = replace(query, sql=query.of_period(date(2026, 3, 15), None))
    given = {**case.given, "cloudtrail_s3_event": asked}
    answered = answer(since_mid_march, case.model_copy(update={"today": date(2026, 3, 31), "given": given}))
    assert answered.select(["month", "status", "requests"]).to_pylist() == [
        {"month": date(2026, 3, 1), "status": "returning", "requests": 1}
    ]


@pytest.mark.parametrize(("as_of", "until", "lapsed"), [(31, None, 0), (None, 30, 0), (None, 31, 1)])
def test_who_asks_nothing_in_a_month_has_lapsed_once_the_period_contains_its_last_day(
    as_of: int | None, until: int | None, lapsed: int
) -> None:
    query = SavedQuery.load("subscriber/new_returning_lapsed")
    as_of_day, until_day = (day and date(2026, 3, day) for day in (as_of, until))
    days = QueryDays.read(as_of_day, None, until_day, query.metadata.period)
    asked = [{"subscriber_account_id": "111122223333", "event_time": "2026-02-01 00:00:00"}]
    given = {**query.cases[1].given, "cloudtrail_s3_event": asked}
    of_days = replace(query, sql=query.of_period(days.since, days.until))
    answered = answer(of_days, query.cases[1].model_copy(update={"today": days.as_of, "given": given}))
    assert answered["status"].to_pylist() == ["new", "lapsed"][: 1 + lapsed]


def test_queries_are_found_in_the_zip_file_of_the_library(tmp_path: Path) -> None:
    (tmp_path / "library.zip").write_bytes(library())
    code = (
        "from glue_jobs.query.saved.query import SavedQuery as Q;"
        "from glue_jobs.query.saved.view import SavedView as V;"
        "print(len(Q.all()), len(V.all()), Q.__module__, __import__('glue_jobs').__file__)"
    )
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "library.zip")}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
    )
    output = done.stdout.split()
    assert output[:2] == [str(len(SAVED_QUERIES)), str(len(SavedView.all()))]
    assert "library.zip" in output[-1]


@pytest.mark.parametrize(
    ("kind", "text", "literal"),
    [
        ("string", "it's", "'it''s'"),
        ("date", "2026-03-01", "DATE '2026-03-01'"),
        ("bigint", "12", "12"),
        ("double", "0.09", "0.09"),
    ],
)
def test_a_literal_has_the_type_of_its_parameter(kind: Any, text: str, literal: str) -> None:
    assert Parameter(name="p", type=kind, description="Any.", example=text).literal(text) == literal
