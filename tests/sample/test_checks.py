"""What is generated is compared with what a lake counts: measure by measure, group by group, line by line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from itertools import takewhile
from pathlib import Path
from typing import Any

import pytest

from glue_jobs.publish.publish import Published, PublishedFile
from glue_jobs.query.duckdb.query_engine import QueryEngine
from glue_jobs.sample import Truth
from glue_jobs.sample.truth.checks import Check, lake_checks, report_checks
from glue_jobs.sample.truth.public_checks import public_checks
from tests.query.engines import engine_on

SOURCES = ("s3_access_log", "cloudtrail_s3_event", "cloudfront_log", "s3_inventory_object")


@pytest.fixture
def engine(truth: Truth) -> Iterator[QueryEngine]:
    """A lake whose ledger is right for every pipeline and whose other tables are empty."""
    ledger = [{"pipeline": source, **truth.row(f"{source}/ledger")} for source in SOURCES]
    with engine_on({"ingested_object": ledger}) as engine:
        yield engine


def _ledger(engine: QueryEngine, source: str, truth: Truth) -> list[bool]:
    """They come first; the others, which take longer, are not asked for."""
    checks = takewhile(lambda check: check.measure.endswith("by the ledger"), lake_checks(engine, source, truth))
    return [check.holds for check in checks]


@pytest.mark.parametrize("source", SOURCES)
def test_the_ledger_is_compared_and_one_record_more_or_less_is_seen(
    engine: QueryEngine, truth: Truth, source: str
) -> None:
    assert _ledger(engine, source, truth) == [True] * 5
    for place, name in enumerate(("records", "rows", "duplicates", "rejected", "filtered")):
        ledger = truth.row(f"{source}/ledger")
        other = replace(truth, answers=truth.answers | {f"{source}/ledger": [ledger | {name: ledger[name] + 1}]})
        assert _ledger(engine, source, other) == [number != place for number in range(5)]


def test_every_measure_of_an_empty_lake_differs(engine: QueryEngine, truth: Truth) -> None:
    checks = [check for source in SOURCES for check in lake_checks(engine, source, truth)]
    tables = [check for check in checks if not check.measure.endswith("by the ledger")]
    assert len(tables) >= 50
    assert [check.measure for check in tables if check.holds or not check.generated] == []
    generated = {check.measure: check.totals[0] for check in tables}
    # Requests that failed are in no data set's usage.
    assert 0 < generated["requests (each month and data set)"] < generated["requests (each operation)"]
    assert generated["audience_requests (each month and data set)"] < generated["requests (each operation)"]
    assert generated["rows (each snapshot)"] == truth.row("s3_inventory_object/ledger")["records"]


def test_published_files_are_compared_line_by_line(truth: Truth, tmp_path: Path) -> None:
    lines, summary = (_csv(truth.rows(f"s3_inventory_object/{name}")) for name in ("accounts", "summary"))
    (tmp_path / "a.csv").write_text("\n".join(lines) + "\n")
    (tmp_path / "s.csv").write_text("\n".join(summary) + "\n")
    files = (
        PublishedFile("a.csv", "storage/accounts", 0, 0, ""),
        PublishedFile("s.csv", "storage/source_summary", 0, 0, ""),
    )
    published = Published(str(tmp_path), files, ())
    assert [check.holds for check in report_checks(published, truth)] == [True, False, True]
    (tmp_path / "a.csv").write_text("\n".join([lines[0], lines[2], lines[1], *lines[3:]]) + "\n")
    accounts = next(report_checks(published, truth))
    assert (accounts.holds, accounts.totals) == (False, (len(lines), len(lines)))


def _csv(rows: list[dict[str, Any]]) -> list[str]:
    return [",".join(rows[0]), *(",".join(map(str, row.values())) for row in rows)]


def test_public_months_are_compared_and_rows_of_few_readers_found(truth: Truth, tmp_path: Path) -> None:
    exact = {"traffic": "audience", "month": "2026-02", "account": "(all)", "repository": "(all)"}
    countries = [
        {**exact, "country": "FR", "logical_downloads": 30, "unique_readers": 12},
        {**exact, "country": "IS", "logical_downloads": 4, "unique_readers": 3},
    ]
    known = replace(truth, answers={**truth.answers, "s3_access_log/countries": countries})
    shown = [{"breakdown": "country", "country": name, "downloads": 30} for name in ("FR", "(other)")]

    def differing(rows: list[dict[str, Any]]) -> list[str]:
        (tmp_path / "m.json").write_text(json.dumps({"month": "2026-02", "rows": rows}))
        published = Published(str(tmp_path), (PublishedFile("m.json", "access/public_usage", 0, 0, ""),), ())
        return [check.measure for check in public_checks(published, 10, known) if not check.holds]

    assert differing(shown) == []
    assert differing([{**shown[0], "downloads": 31}]) == ["public downloads (each month and country)"]
    assert differing([{**shown[0], "country": "IS", "downloads": 4}]) == ["public rows of few readers (country)"]


def test_groups_that_differ_are_found_though_their_sums_agree() -> None:
    check = Check("requests", {("2026-03", "a"): 1, ("2026-03", "b"): 2}, {("2026-03", "a"): 3})
    assert (check.holds, check.totals, check.first_difference) == (False, (3, 3), "2026-03, a: 1 and 3")
    assert Check("requests", {("2026-03",): 1}, {}).first_difference == "2026-03: 1 and none"
    assert Check("rows", {(): 1}, {(): 2}).first_difference == ""
