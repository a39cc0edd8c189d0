"""Views are loaded, and texts of SQL parsed, once for all of these tests instead of once for each question."""

from __future__ import annotations

from functools import cache

import pytest

from glue_jobs.query.duckdb import query_engine
from glue_jobs.query.saved.view import SavedView

_views = cache(SavedView.all)
_parsed = cache(query_engine.parse)


@pytest.fixture(autouse=True)
def _once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SavedView, "all", staticmethod(_views))
    monkeypatch.setattr(query_engine, "parse", lambda sql: _parsed(sql).copy())
