"""On a real Trino, every view and saved query, and DANDI's summaries, give what DuckDB gives: `make athena`.

What only Athena can show is listed in docs/deploy.md.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from trino_server import Trino, server

from glue_jobs import Lake
from glue_jobs.lake import Lake as StoredLake
from glue_jobs.publish.dandi.counts import count
from glue_jobs.publish.page.sections.storage import UNREAD
from glue_jobs.publish.page.sections.subscribers import SUBSCRIBERS
from glue_jobs.publish.page.usage import USAGE
from glue_jobs.query.answer import records
from glue_jobs.query.duckdb.lake_engine import open_engine
from glue_jobs.query.saved.dropped_objects import dropped_objects
from glue_jobs.query.saved.ended_inventories import ended_inventories
from glue_jobs.query.saved.ended_logs import ended_logs
from glue_jobs.query.saved.metadata import Case
from glue_jobs.query.saved.missing_logs import buckets_without_logs
from glue_jobs.query.saved.own_callers import own_callers
from glue_jobs.query.saved.query import SavedQuery
from glue_jobs.query.saved.uncounted_requests import uncounted_requests
from glue_jobs.query.saved.view import SavedView
from saved_query_cases import TABLES, expected_rows, given_table
from tests.query.engines import engine_on

QUERIES = SavedQuery.all()


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with server(tmp_path_factory.mktemp("trino")) as address:
        yield address


@pytest.fixture(scope="module")
def cases(address: str) -> Trino:
    """All tables, empty, and all views."""
    trino = Trino(address, "cases")
    for table in TABLES.values():
        trino.create(table)
    for view in SavedView.all():
        trino.run(view.ddl)
    return trino


@pytest.fixture(scope="module")
def lake(address: str, demo_lake: str) -> Trino:
    """The tables of the demo's lake as they are, and all views."""
    trino = Trino(address, "lake")
    for table in TABLES.values():
        latest = _latest_metadata(Path(demo_lake), table.name)
        if latest is None:
            trino.create(table)
        else:
            place = json.loads(latest.read_text())["location"]
            trino.run(f"CALL system.register_table('usage_lake', '{table.name}', '{place}', '{latest.name}')")
    for view in SavedView.all():
        trino.run(view.ddl)
    return trino


def _latest_metadata(lake: Path, table: str) -> Path | None:
    found = sorted((lake / "usage_lake" / table / "metadata").glob("*.metadata.json"))
    return found[-1] if found else None


def with_defaults(query: SavedQuery, values: Mapping[str, str]) -> SavedQuery:
    """The query with these values as the defaults of its parameters, which its text for Athena then contains."""
    parameters = [
        each.model_copy(update={"default": values.get(each.name, each.default)}) for each in query.metadata.parameters
    ]
    return replace(query, metadata=query.metadata.model_copy(update={"parameters": parameters}))


def bound(query: SavedQuery, text: str, values: dict[str, str]) -> str:
    """The statement that runs ``text`` with values for its parameters without default, as Athena's users do."""
    asked = [each for each in query.metadata.parameters if each.default is None]
    if not asked:
        return text
    literals = ", ".join(each.literal(values[each.name]) for each in asked)
    return "EXECUTE IMMEDIATE '" + text.replace("'", "''") + f"' USING {literals}"


def assert_same(got: Sequence[dict[str, Any]], wanted: Sequence[dict[str, Any]]) -> None:
    """The same rows in the same order; the last digits of a sum of doubles depend on the order of adding."""

    def is_same(one: Any, other: Any) -> bool:
        if isinstance(one, float) and isinstance(other, float):
            return math.isclose(one, other, rel_tol=1e-9)
        return bool(one == other)

    assert len(got) == len(wanted)
    for row, right in zip(got, wanted, strict=True):
        assert row.keys() == right.keys()
        assert not {name: (row[name], right[name]) for name in row if not is_same(row[name], right[name])}


@pytest.mark.parametrize(
    ("query", "case"),
    [pytest.param(query, case, id=f"{query.name}: {case.name}") for query in QUERIES for case in query.cases],
)
def test_a_case_has_its_rows_on_trino(query: SavedQuery, case: Case, cases: Trino) -> None:
    for name, rows in case.given.items():
        cases.insert(TABLES[name], given_table(TABLES[name], rows))
    try:
        got = cases.run(with_defaults(query, case.parameters).as_of(case.today))
    finally:
        for name, rows in case.given.items():
            if rows:
                cases.run(f"TRUNCATE TABLE {name}")
    assert_same(got, expected_rows(query, case))


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: query.name)
def test_a_named_query_answers_of_a_lake_what_the_laptop_answers(
    query: SavedQuery, lake: Trino, demo_lake: str
) -> None:
    examples = {each.name: each.example for each in query.metadata.parameters if each.default is None}
    today = lake.run("SELECT current_date AS today")[0]["today"]
    got = lake.run(bound(query, query.named_query, examples))
    assert_same(got, Lake(demo_lake).query(query.name, as_of=today, **examples).to_pylist())


class OnTrino:
    """An engine of reports."""

    def __init__(self, trino: Trino) -> None:
        self._trino = trino

    def run(self, sql: str) -> pa.Table:
        rows = self._trino.run(sql)
        # Without rows, the columns are those of an empty answer on the laptop.
        return pa.Table.from_pylist(rows) if rows else pa.table({"source_bucket": [], "subscriber_account_id": []})


@pytest.mark.parametrize("later", [0, 7])
def test_the_sentences_beside_reports_are_those_of_the_laptop(later: int, lake: Trino, demo_lake: str) -> None:
    day = lake.run("SELECT current_date AS today")[0]["today"] + timedelta(days=later)

    def sentences(run: Callable[[str], pa.Table]) -> list[str]:
        unread, subscribers = map(SavedQuery.load, (UNREAD, SUBSCRIBERS))
        return [
            *ended_inventories(run, day),
            *dropped_objects(run, day),
            *ended_logs(run, day),
            *buckets_without_logs(run, unread, day),
            *own_callers(run, subscribers, day),
            *uncounted_requests(lambda sql: records(run(sql)), SavedQuery.load(USAGE), day),
        ]

    with open_engine(StoredLake(demo_lake, "usage_lake")) as engine:
        expected = sentences(engine.run)
    assert expected
    assert sentences(OnTrino(lake).run) == expected


def test_the_summaries_of_dandi_count_on_trino_what_they_count_on_the_laptop(cases: Trino) -> None:
    get = {
        "account": "ana",
        "repository": "tides",
        "key": "ana/tides/1.csv",
        "operation": "REST.GET.OBJECT",
        "http_status": 200,
        "bytes_sent": 5,
        "reader_id": "r1",
        "event_time": "2026-03-02 10:00:00",
    }
    given = [get, {**get, "is_own": True}, {**get, "is_own": False, "http_status": 206, "place": "US/Ohio"}]
    table = TABLES["s3_access_log"]
    rows = given_table(table, [*given, {**get, "account": None, "key": "tides/2.csv", "bytes_sent": None}])
    cases.insert(table, rows)
    try:
        counted = count(OnTrino(cases))
    finally:
        cases.run(f"TRUNCATE TABLE {table.name}")
    with engine_on({table.name: rows}) as engine:
        assert counted == count(engine)
    assert counted.requesters == {"ana/tides": 1, "tides": 1, None: 1}
