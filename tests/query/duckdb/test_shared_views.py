"""Views that several statements read are computed once, and only for the days that one of them reads."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from glue_jobs.query.duckdb.athena_sql import parse
from glue_jobs.query.duckdb.query_engine import QueryEngine
from glue_jobs.query.duckdb.shared_views import shared_views
from glue_jobs.query.duckdb.table_source import TableSource
from glue_jobs.tables.model import Column, Table

TABLE = Table(
    name="logged",
    description="Requests.",
    columns=(Column(1, "event_date", "date", "The day."), Column(2, "key", "string", "The key.")),
    partitions=(),
)
VIEWS = {
    "request": "SELECT event_date, upper(key) AS key FROM logged",
    "by_key": "SELECT event_date, key, count(*) AS requests FROM request GROUP BY event_date, key",
}
COUNT = "SELECT count(*) AS n FROM request"
ROWS = [{"event_date": date(2026, 3, day), "key": "a"} for day in (1, 10, 20)]


@contextmanager
def engine_on(data: Any) -> Iterator[QueryEngine]:
    with QueryEngine({**VIEWS, "logged": lambda: TableSource(TABLE, data)}) as engine:
        yield engine


def rows() -> pa.Table:
    return pa.Table.from_pylist(ROWS, schema=TABLE.arrow_schema)


def since(view: str, day: int) -> str:
    return f"SELECT count(*) AS n FROM {view} WHERE event_date >= DATE '2026-03-{day:02}'"


def shared(*statements: str) -> dict[str, date]:
    views = {name: parse(select) for name, select in VIEWS.items()}
    return shared_views([parse(sql) for sql in statements], views, lambda bound: date.fromisoformat(bound.this.this))


@pytest.mark.parametrize("statements", [(COUNT, f"{COUNT} AS r"), (COUNT, COUNT)])
def test_a_view_that_two_statements_read_is_computed_once(statements: Sequence[str], tmp_path: Path) -> None:
    file = tmp_path / "rows.parquet"
    pq.write_table(rows(), file)
    with engine_on([str(file)]) as engine, engine.sharing(statements):
        assert engine.run(statements[0]).to_pylist() == [{"n": 3}]
        file.unlink()
        assert engine.run(statements[1]).to_pylist() == [{"n": 3}]


@pytest.mark.parametrize(
    ("statements", "expected"),
    [
        ([COUNT], {}),
        ([COUNT, COUNT], {"request": date.min}),
        ([since("request", 10), since("REQUEST", 5)], {"request": date(2026, 3, 5)}),
        ([since("request", 10), COUNT], {"request": date.min}),
        ([since("request", 10), since("request", 5)], {"request": date(2026, 3, 5)}),
        ([f"WITH a AS (SELECT 1 AS b) {COUNT}, a WHERE event_date >= DATE '2026-03-05'"] * 2, {"request": date.min}),
        ([f"WITH a AS (SELECT 1 AS b) {since('request', 5)}"] * 2, {"request": date(2026, 3, 5)}),
        # The view that is read reads another one.
        ([since("by_key", 10), since("request", 5)], {"request": date(2026, 3, 5)}),
        ([since("by_key", 2), since("by_key", 3), since("request", 5)], dict.fromkeys(VIEWS, date(2026, 3, 2))),
        ([since("by_key", 2), since("by_key", 3)], {"by_key": date(2026, 3, 2)}),
        ([f"{COUNT} AS one, request AS two WHERE two.event_date >= DATE '2026-03-05'"], {"request": date.min}),
        ([f"{since('request', 5)} OR key = 'A'"] * 2, {"request": date.min}),
        ([f"{COUNT} WHERE event_date >= current_date"] * 2, {"request": date.min}),
        ([f"{COUNT}, logged WHERE event_date >= DATE '2026-03-05'"] * 2, {"request": date.min}),
    ],
)
def test_a_view_is_shared_from_the_first_day_that_is_read(statements: Sequence[str], expected: dict[str, date]) -> None:
    assert shared(*statements) == expected


def test_the_rows_of_days_that_no_statement_reads_are_not_kept() -> None:
    statements = [since("request", 10), since("request", 20)]
    with engine_on(rows()) as engine:
        with engine.sharing(statements):
            assert [engine.run(sql).to_pylist() for sql in statements] == [[{"n": 2}], [{"n": 1}]]
            assert engine.run(COUNT).to_pylist() == [{"n": 2}]
        assert engine.run(COUNT).to_pylist() == [{"n": 3}]


def test_without_room_for_the_rows_each_statement_computes_them(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    with engine_on(rows()) as engine, engine.sharing([COUNT, COUNT]):
        for folder in tmp_path.iterdir():
            folder.rmdir()
        assert engine.run(COUNT).to_pylist() == [{"n": 3}]


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT FROM",
        f"{COUNT} WHERE event_date >= DATE '2026-13-45'",
        f"{COUNT} WHERE event_date >= no_function(1)",
        f"{COUNT} WHERE event_date >= DATE '-5000-01-01'",
    ],
)
def test_a_statement_that_fails_does_not_keep_the_others_from_sharing(statement: str) -> None:
    with engine_on(rows()) as engine, engine.sharing([statement, COUNT, since("request", 10)]):
        assert engine.run(COUNT).to_pylist() == [{"n": 3}]


def test_an_engine_may_be_closed_before_the_statements_are_done() -> None:
    with ExitStack() as stack, engine_on(rows()) as engine:
        stack.enter_context(engine.sharing([COUNT, COUNT]))
        engine.run(COUNT)
