"""``usage-lake demo``: ingests a sample publisher's raw records, asks, publishes, and compares with the truth."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from rich.console import Console
from rich.text import Text

from glue_jobs.cli.show import print_rows
from glue_jobs.errors import ArgumentError
from glue_jobs.jobs.arguments import REPORT
from glue_jobs.jobs.lake_argument import lake_argument
from glue_jobs.jobs.run_job import run_job
from glue_jobs.progress import Reporter
from glue_jobs.query.duckdb.lake_tables import sources
from glue_jobs.query.duckdb.query_engine import QueryEngine
from glue_jobs.query.saved.query import SavedQuery
from glue_jobs.sample import Truth, write_sample
from glue_jobs.sample.checks import Check, lake_checks, report_checks

# Marks a folder that an earlier demonstration made, which a new one may replace.
MARK = ".usage-lake-demo"

# Questions and columns shown on the terminal; the reports have the whole answers of all saved queries.
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

SOURCES = {
    "s3_access_log": "S3 access logs",
    "cloudtrail_s3_event": "CloudTrail",
    "s3_inventory_object": "S3 Inventory",
}


def demonstrate(folder: Path, scale: float, reporter: Reporter) -> bool:
    """Run the whole demonstration in ``folder``; True if the lake counts exactly what was generated.

    Raises:
        ArgumentError: the folder holds files that no demonstration wrote.
        UsageLakeError: a job cannot go on.
    """
    console = Console(highlight=False)
    _empty(folder)
    console.rule("1. A publisher's raw logs and inventories", align="left")
    truth = write_sample(folder, last_day=datetime.now(UTC).date() - timedelta(days=1), scale=scale)
    _print_sample(folder, truth, console)

    paths = {"lake_path": f"{folder}/lake", "config": f"{folder}/config.yaml"}
    console.rule("2. Ingest them, twice: the second run finds nothing new", align="left")
    for source in SOURCES:
        for _ in range(2):
            result = run_job({"pipeline": source, "raw_path": f"{folder}/raw/{source}", **paths}, reporter)
            # A terminal breaks lines between words; a file gets the whole line.
            console.print(Text(result.sentence), soft_wrap=not console.is_terminal)

    console.rule("3. Ask", align="left")
    with QueryEngine(sources(lake_argument(paths))) as engine:
        _ask(engine, console)
        checks = {title: list(lake_checks(engine, source, truth)) for source, title in SOURCES.items()}

    console.rule("4. Publish", align="left")
    result = run_job({"pipeline": REPORT, "report_path": f"{folder}/reports", **paths}, reporter)
    console.print(Text(result.sentence), soft_wrap=True)
    assert result.published is not None
    checks["Published reports"] = list(report_checks(result.published, truth))

    console.rule("5. Is it true?", align="left")
    console.print("Where a measure has groups, every group is compared, and the sum of them is shown.\n")
    holds = [_print_checks(title, compared, console) for title, compared in checks.items()]
    is_true = all(holds)
    verdict = "[bold green]The lake counts exactly what was generated.[/]"
    console.print(verdict if is_true else "[bold red]The lake does not count what was generated: this is a bug.[/]")
    _print_next_commands(folder, console)
    return is_true


def _print_sample(folder: Path, truth: Truth, console: Console) -> None:
    console.print(f"requests of {truth.first_day} to {truth.last_day} to two buckets, in both kinds of logs")
    units = (("lines", "files"), ("events", "files"), ("rows", "snapshots"))
    for (source, title), (record, container) in zip(SOURCES.items(), units, strict=True):
        records, containers = truth.row(f"{source}/ledger")["records"], len(truth.rows(f"{source}/{container}"))
        console.print(f"{title:<15} {records:>9,} {record:<7} in {containers:>6,} {container}")
    console.print(f"raw files       {folder}/raw", soft_wrap=True)
    console.print(f"configuration   {folder}/config.yaml", soft_wrap=True)


def _empty(folder: Path) -> None:
    if folder.exists() and any(folder.iterdir()):
        if not (folder / MARK).exists():
            raise ArgumentError(f"{folder} holds something else already; name another folder with --dir")
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MARK).touch()


def _ask(engine: QueryEngine, console: Console) -> None:
    for question, name, columns in SHOWN:
        console.print(f"\n[bold]{question}[/]  (usage-lake query {name})", soft_wrap=True)
        query = SavedQuery.load(name)
        rows = engine.run(query.sql, query.bind({}))
        print_rows(rows.select(columns).slice(0, ROWS_SHOWN), "table")


def _print_checks(title: str, checks: Iterable[Check], console: Console) -> bool:
    """Prints every measure; whether all are equal."""
    console.print(f"[bold]{title:<60}{'generated':>18}{'in the lake':>20}[/]", soft_wrap=True)
    is_true = True
    for check in checks:
        generated, counted = check.totals
        sign = "[green]equal[/]" if check.holds else "[red]DIFFERENT[/]"
        console.print(f"{check.measure:<60}{generated:>18,}{counted:>20,} {sign}", soft_wrap=True)
        if check.first_difference:
            console.print(Text(f"  first in {check.first_difference}"), soft_wrap=True)
        is_true = is_true and check.holds
    console.print()
    return is_true


def _print_next_commands(folder: Path, console: Console) -> None:
    console.print("\nTry next:", style="bold")
    console.print(f"  .venv/bin/usage-lake status --lake {folder}/lake", soft_wrap=True)
    console.print(f"  .venv/bin/usage-lake rejected --lake {folder}/lake --limit 5", soft_wrap=True)
    statement = "SELECT operation, count(*) AS n FROM s3_access_log GROUP BY operation ORDER BY n DESC"
    console.print(f'  .venv/bin/usage-lake sql "{statement}" --lake {folder}/lake', soft_wrap=True)
