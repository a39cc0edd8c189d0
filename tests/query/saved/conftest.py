"""Parse each SQL text once for all of these tests, not once for each query."""

from __future__ import annotations

from functools import cache

import pytest

from glue_jobs.query.duckdb import query_engine

_parsed = cache(query_engine.parse)


@pytest.fixture(autouse=True)
def _once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(query_engine, "parse", lambda sql: _parsed(sql).copy())
