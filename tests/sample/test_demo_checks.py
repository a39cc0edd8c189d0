"""What the demonstration compares with what it generated."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, replace
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from glue_jobs.publish.publish import Published, Written
from glue_jobs.query.duckdb.query_engine import QueryEngine
from glue_jobs.query.duckdb.table_source import TableSource
from glue_jobs.sample import Truth, write_sample
from glue_jobs.sample.demo_checks import Check, access_log_checks, cloudtrail_checks, inventory_checks, report_checks
from glue_jobs.sources.pipelines import TABLES

NAMES = ("records", "rows", "duplicates", "rejected", "filtered")


@pytest.fixture(scope="module")
def truth(tmp_path_factory: pytest.TempPathFactory) -> Truth:
    return write_sample(tmp_path_factory.mktemp("sample"), last_day=date(2026, 3, 2), days=2, scale=0.02)


@pytest.fixture
def engine(truth: Truth) -> Iterator[QueryEngine]:
    """A lake whose ledger is right for every pipeline and whose other tables are empty."""
    counts = [{name: getattr(made, name, 0) for name in NAMES} for made in (truth, truth.cloudtrail, truth.inventory)]
    counts[2]["records"] = truth.inventory.rows
    pipelines = ("s3_access_log", "cloudtrail_s3_event", "s3_inventory_object")
    ledger = [{"pipeline": name, **each} for name, each in zip(pipelines, counts, strict=True)]
    given: dict[str, list[dict[str, Any]]] = {"ingested_object": ledger}
    sources = {
        table.name: TableSource(
            table, pa.Table.from_pylist(given.get(table.name, []), schema=_nullable(table.arrow_schema))
        )
        for table in TABLES
    }
    with QueryEngine({name: (lambda source=source: source) for name, source in sources.items()}) as engine:
        yield engine


def _nullable(schema: pa.Schema) -> pa.Schema:
    return pa.schema([field.with_nullable(True) for field in schema])


def _ledger(checks: Iterator[Check]) -> list[bool]:
    return [check.holds for check in checks if check.measure.endswith("by the ledger")]


def test_the_ledger_is_compared_pipeline_by_pipeline(engine: QueryEngine, truth: Truth) -> None:
    assert _ledger(access_log_checks(engine, truth)) == [True] * 5
    assert _ledger(cloudtrail_checks(engine, truth.cloudtrail)) == [True] * 5
    assert _ledger(inventory_checks(engine, truth.inventory)) == [True] * 5


def test_one_record_more_or_less_is_seen(engine: QueryEngine, truth: Truth) -> None:
    trail, inventory = truth.cloudtrail, truth.inventory
    assert _ledger(access_log_checks(engine, replace(truth, records=truth.records + 1)))[0] is False
    assert _ledger(cloudtrail_checks(engine, replace(trail, filtered=trail.filtered - 1)))[4] is False
    assert _ledger(inventory_checks(engine, replace(inventory, rows=inventory.rows + 1)))[:2] == [False, False]


def test_an_empty_lake_is_not_what_was_generated(engine: QueryEngine, truth: Truth) -> None:
    checks = [
        *access_log_checks(engine, truth),
        *cloudtrail_checks(engine, truth.cloudtrail),
        *inventory_checks(engine, truth.inventory),
    ]
    groups = [check for check in checks if isinstance(check.generated, dict)]
    assert len(groups) >= 28
    assert [check.measure for check in groups if check.holds or not check.generated] == []


def test_published_files_are_compared_line_by_line(truth: Truth, tmp_path: Path) -> None:
    inventory = truth.inventory
    header = "account,repositories,objects,storage_gb,avg_object_size_mb,oldest_file,newest_file"
    lines = [header, *(",".join(map(str, asdict(each).values())) for each in inventory.accounts)]
    summary = ["metric,value", *(f"{metric},{value}" for metric, value in inventory.summary.items())]
    (tmp_path / "a.csv").write_text("\n".join(lines) + "\n")
    (tmp_path / "s.csv").write_text("\n".join(summary) + "\n")
    files = (Written("a.csv", "storage/accounts", 0, 0, ""), Written("s.csv", "storage/source_summary", 0, 0, ""))
    published = Published(str(tmp_path), files, ())
    assert [check.holds for check in report_checks(published, inventory)] == [True, False, True]
    (tmp_path / "a.csv").write_text("\n".join([header, lines[2], lines[1], *lines[3:]]) + "\n")
    accounts = next(report_checks(published, inventory))
    assert (accounts.holds, accounts.totals) == (False, (len(lines), len(lines)))


def test_groups_that_differ_are_found_though_their_sums_agree() -> None:
    check = Check("requests", {("2026-03", "a"): 1, ("2026-03", "b"): 2}, {("2026-03", "a"): 3})
    assert (check.holds, check.totals, check.first_difference) == (False, (3, 3), "2026-03, a: 1 and 3")
    assert Check("requests", {("2026-03",): 1}, {}).first_difference == "2026-03: 1 and none"
    assert Check("rows", 1, 2).first_difference == ""
