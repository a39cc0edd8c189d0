"""``usage-lake demo``: a publisher's raw records, ingested, asked, published, compared with what was generated."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from rich.console import Console
from rich.text import Text

from glue_jobs.cli.show import print_rows
from glue_jobs.errors import ArgumentError
from glue_jobs.ingest.ingest import ingest
from glue_jobs.ingest.request import IngestRequest
from glue_jobs.jobs.ingest_job import ingest_request
from glue_jobs.jobs.report_job import ReportRequest, report, report_request
from glue_jobs.jobs.run_summary import sentence
from glue_jobs.progress import Reporter
from glue_jobs.publish.publish import sentence as reports_sentence
from glue_jobs.query.duckdb.lake_tables import sources
from glue_jobs.query.duckdb.query_engine import QueryEngine
from glue_jobs.query.saved.query import SavedQuery
from glue_jobs.sample import Truth, write_sample
from glue_jobs.sample.demo_checks import Check, access_log_checks, cloudtrail_checks, inventory_checks, report_checks
from glue_jobs.sources.pipelines import PIPELINES
from glue_jobs.workers.spark import session

# A folder with this file in it was made by a demonstration and may be made anew.
MARK = ".usage-lake-demo"

# Answered on the terminal, with these columns; the reports have the answers of all saved queries whole.
SHOWN = (
    ("Who reads what I publish?", "access/unique_requesters", ("level", "account", "repository", "unique_requesters")),
    ("What is read most?", "access/top_objects", ("key", "logical_downloads", "unique_requesters")),
    ("With what?", "access/tools", ("tool", "requests", "unique_requesters", "bytes_sent")),
    (
        "How much does each subscriber read?",
        "subscriber/usage_by_month",
        ("month", "subscriber_name", "requests", "bytes_out", "unique_objects"),
    ),
    (
        "Who are they, and are they still there?",
        "subscriber/unique_subscribers",
        ("subscriber_name", "requests", "gets", "active_months", "last_seen"),
    ),
    (
        "What do I keep?",
        "storage/repositories",
        ("account", "repository", "objects", "storage_gb", "oldest_file", "newest_file"),
    ),
    (
        "What of it does nobody read?",
        "together/kept_but_never_read",
        ("account", "repository", "storage_class", "unread_objects", "unread_bytes"),
    ),
)
ROWS_SHOWN = 8


def demonstrate(folder: Path, scale: float, reporter: Reporter) -> bool:
    """Run the whole demonstration in ``folder``; True when the lake counts exactly what was generated.

    Raises:
        ArgumentError: the folder holds something that no demonstration made.
        UsageLakeError: there is no Java 17 to run Spark on.
    """
    console = Console(highlight=False)
    _make_room(folder)
    console.rule("1. A publisher's raw logs and inventories", align="left")
    truth = write_sample(folder, last_day=datetime.now(UTC).date() - timedelta(days=1), scale=scale)
    _tell_sample(folder, truth, console)

    console.rule("2. Ingest them, twice: the second run finds nothing new", align="left")
    # So little would be ingested without Spark: it is to be seen at work.
    session()
    for pipeline in PIPELINES:
        wanted = _ingest_request(folder, pipeline.name)
        for _ in range(2):
            # A terminal breaks lines between words; a file gets the whole line.
            console.print(Text(sentence(ingest(wanted, reporter))), soft_wrap=not console.is_terminal)

    console.rule("3. Ask", align="left")
    with QueryEngine(sources(wanted.lake)) as engine:
        _ask(engine, console)
        checks = {
            "S3 access logs": list(access_log_checks(engine, truth)),
            "CloudTrail": list(cloudtrail_checks(engine, truth.cloudtrail)),
            "S3 Inventory": list(inventory_checks(engine, truth.inventory)),
        }

    console.rule("4. Publish", align="left")
    published = report(_report_request(folder), reporter)
    console.print(Text(reports_sentence(published)), soft_wrap=True)
    checks["Published reports"] = list(report_checks(published, truth.inventory))

    console.rule("5. Is it true?", align="left")
    console.print("Where a measure has groups, every group is compared, and the sum of them is shown.\n")
    equal = [_compare(source, found, console) for source, found in checks.items()]
    true = all(equal)
    verdict = "[bold green]The lake counts exactly what was generated.[/]"
    console.print(verdict if true else "[bold red]The lake does not count what was generated: this is a bug.[/]")
    _tell_next(folder, console)
    return true


def _tell_sample(folder: Path, truth: Truth, console: Console) -> None:
    console.print(f"requests of {truth.first_day} to {truth.last_day} to two buckets, as both logs tell of them")
    trail = truth.cloudtrail
    console.print(f"S3 access logs  {truth.records:>9,} lines   in {len(truth.objects):>6,} files")
    console.print(f"CloudTrail      {trail.records:>9,} events  in {len(trail.objects):>6,} files")
    inventory = truth.inventory
    console.print(f"S3 Inventory    {inventory.rows:>9,} rows    in {len(inventory.snapshots):>6,} snapshots")
    console.print(f"raw files       {folder}/raw", soft_wrap=True)
    console.print(f"configuration   {folder}/config.yaml", soft_wrap=True)


def _make_room(folder: Path) -> None:
    if folder.exists() and any(folder.iterdir()):
        if not (folder / MARK).exists():
            raise ArgumentError(f"{folder} holds something else already; name another folder with --dir")
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MARK).touch()


def _ingest_request(folder: Path, pipeline: str) -> IngestRequest:
    paths = {"raw_path": f"{folder}/raw/{pipeline}", "lake_path": f"{folder}/lake", "config": f"{folder}/config.yaml"}
    return ingest_request({"pipeline": pipeline, **paths})


def _report_request(folder: Path) -> ReportRequest:
    paths = {"lake_path": f"{folder}/lake", "report_path": f"{folder}/reports", "config": f"{folder}/config.yaml"}
    return report_request(paths)


def _ask(engine: QueryEngine, console: Console) -> None:
    for question, name, columns in SHOWN:
        console.print(f"\n[bold]{question}[/]  (usage-lake query {name})", soft_wrap=True)
        query = SavedQuery.load(name)
        rows = engine.run(query.sql, query.bind({}))
        print_rows(rows.select(columns).slice(0, ROWS_SHOWN), "table")


def _compare(source: str, checks: Iterable[Check], console: Console) -> bool:
    console.print(f"[bold]{source:<52}{'generated':>18}{'in the lake':>20}[/]", soft_wrap=True)
    true = True
    for check in checks:
        generated, counted = check.totals
        sign = "[green]equal[/]" if check.holds else "[red]DIFFERENT[/]"
        console.print(f"{check.measure:<52}{generated:>18,}{counted:>20,} {sign}", soft_wrap=True)
        if check.first_difference:
            console.print(Text(f"  first in {check.first_difference}"), soft_wrap=True)
        true = true and check.holds
    console.print()
    return true


def _tell_next(folder: Path, console: Console) -> None:
    console.print("\nTry next:", style="bold")
    console.print(f"  .venv/bin/usage-lake status --lake {folder}/lake", soft_wrap=True)
    console.print(f"  .venv/bin/usage-lake rejected --lake {folder}/lake --limit 5", soft_wrap=True)
    statement = "SELECT operation, count(*) AS n FROM s3_access_log GROUP BY operation ORDER BY n DESC"
    console.print(f'  .venv/bin/usage-lake sql "{statement}" --lake {folder}/lake', soft_wrap=True)
