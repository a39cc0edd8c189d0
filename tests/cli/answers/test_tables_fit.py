"""Every saved query of the sample's lake as a table of 80, 120 and 200 columns."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from rich.cells import cell_len

from glue_jobs.cli.answers.show import View, table_lines
from glue_jobs.lake import Lake as Tables
from glue_jobs.query.answer import Answer
from glue_jobs.query.duckdb.lake_engine import sources
from glue_jobs.query.duckdb.query_engine import QueryEngine
from glue_jobs.query.saved.query import SavedQuery

PARAMETERS = {"account": "harbor-lab", "repository": "tide-gauges"}
QUERIES = SavedQuery.all()
# The sample has no run summaries; its three days are no whole month, and have nothing usual before them.
WITHOUT_ROWS = ("run/", "access/public_usage", "access/surges")


def plain(lines: list[str]) -> list[str]:
    return [re.sub(r"\x1b\[\d*m", "", line) for line in lines]


@pytest.fixture(scope="module")
def answers(demo_lake: str) -> dict[str, Answer]:
    with QueryEngine(sources(Tables(demo_lake, "usage_lake"))) as engine:
        today = datetime.now(UTC).date()
        return {
            query.name: engine.answer(
                query.sql,
                query.bind({each.name: PARAMETERS.get(each.name, each.example) for each in query.metadata.parameters}),
                today,
            )
            for query in QUERIES
        }


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: query.name)
@pytest.mark.parametrize("width", [80, 120, 200])
def test_a_saved_query_fits_the_terminal_and_breaks_no_value(
    query: SavedQuery, width: int, answers: dict[str, Answer]
) -> None:
    rows = answers[query.name]
    assert (
        max(map(cell_len, plain(table_lines(rows, View(query.metadata.show, query.metadata.totals), width)))) <= width
    )
    assert rows.num_rows or query.name.startswith(WITHOUT_ROWS)
    view = View(query.metadata.show, limit=3)
    count = min(3, rows.num_rows)
    in_full = [re.split(" {2,}", line) for line in plain(table_lines(rows, view, None))[1 : count + 1]]
    body = [line for line in plain(table_lines(rows, view, width)) if "(--" not in line][-count:] if count else []
    for line, whole in zip(body, in_full, strict=True):
        cells = re.split(" {2,}", line)
        assert len(cells) >= min(3, len(whole))
        for cell, text in zip(cells, whole, strict=False):
            before, ellipsis, after = cell.partition("…")
            assert cell == text or (ellipsis and text.startswith(before) and text.endswith(after))
            assert not ellipsis or not re.match(r"\d[\d,.:-]*", text), "only texts are cut"


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: query.name)
def test_all_columns_of_a_saved_query_fit_80_columns_as_blocks(query: SavedQuery, answers: dict[str, Answer]) -> None:
    rows = answers[query.name]
    lines = plain(table_lines(rows, View(query.metadata.show, all_columns=True, limit=2), 80))
    assert max(map(cell_len, lines)) <= 80
    text = "\n".join(lines)
    assert "columns (" not in text or not rows.num_rows
    assert all(name in text or "_" in name for name in rows.column_names) or not rows.num_rows
