"""``usage-lake demo``: ingest a sample publisher's raw records, query, publish, and compare with the truth."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click

from glue_jobs.cli.answers.show import View, table_lines
from glue_jobs.cli.answers.terminal import width
from glue_jobs.cli.commands.demo_questions import QUESTIONS, answer_lines
from glue_jobs.config import Privacy
from glue_jobs.errors import ArgumentError
from glue_jobs.jobs.arguments.declared import REPORT
from glue_jobs.jobs.arguments.lake import lake_argument
from glue_jobs.jobs.run_job import run_job
from glue_jobs.progress import Reporter, SilentReporter, TerminalReporter
from glue_jobs.publish.publish import Published
from glue_jobs.query.answer import Answer
from glue_jobs.query.duckdb.lake_engine import open_engine
from glue_jobs.sample import write_sample
from glue_jobs.sample.scenario.publisher import BUCKETS
from glue_jobs.sample.truth.checks import Check, lake_checks, report_checks
from glue_jobs.sample.truth.public_checks import public_checks

# Marks a folder as created by a demonstration, so that a new one may replace it.
MARK = ".usage-lake-demo"
# The indent of continuation lines, as wide as "page     ".
COLUMN = " " * 9

# Enough to compare 28 complete days with the 28 before, and few enough that a lake keeps all inventory snapshots.
DAYS = 56

SOURCES = {
    "s3_access_log": "S3 access logs",
    "cloudtrail_s3_event": "CloudTrail",
    "cloudfront_log": "CloudFront logs",
    "s3_inventory_object": "S3 Inventory",
}


class ProgressBars(TerminalReporter):
    """Shows the progress of runs without their messages."""

    def say(self, sentence: str) -> None:
        pass


def demonstrate(folder: Path, scale: float, reporter: Reporter, verbose: bool = False) -> bool:
    """Run the whole demonstration in ``folder``; True if the lake's counts equal those of the generated data.

    ``verbose`` prints every compared measure and all messages of the runs.

    Raises:
        ArgumentError: the folder holds files that no demonstration wrote.
        UsageLakeError: a job failed.
    """
    _empty(folder)
    of_runs = reporter
    if not verbose:
        of_runs = ProgressBars() if isinstance(reporter, TerminalReporter) else SilentReporter()
    reporter.say("generating the raw logs and inventories of a publisher")
    truth = write_sample(folder, last_day=datetime.now(UTC).date() - timedelta(days=1), days=DAYS, scale=scale)
    paths = {"lake_path": f"{folder}/lake", "config": f"{folder}/config.yaml"}
    made = _ingest(folder, paths, reporter, of_runs)
    reporter.say("publishing reports and a page, for the owner and for everybody")
    tiers = {"report_path": f"{folder}/reports", "public_path": f"{folder}/public"}
    published = run_job({"pipeline": REPORT, **tiers, **paths}, of_runs).published
    assert published is not None and published.public is not None
    summaries = {"profile": "dandi", "report_path": f"{folder}/dandi"}
    dandi = run_job({"pipeline": REPORT, **summaries, **paths}, of_runs).published
    assert dandi is not None

    _heading("A publisher's raw logs and inventories, and the lake made of them")
    click.echo(f"{len(BUCKETS)} buckets, {truth.first_day} to {truth.last_day}; everything is in {_short(folder)}\n")
    _echo(table_lines(made, View(), width()))
    click.echo("Each was ingested twice: the second run found nothing new.")

    _heading("Eight questions")
    with open_engine(lake_argument(paths)) as engine:
        for question in QUESTIONS:
            click.echo("\n" + click.style(question.text, bold=True))
            click.secho(f"$ usage-lake query {question.query}", dim=True)
            _echo(answer_lines(question, engine, width()))
        checks = {title: list(lake_checks(engine, source, truth)) for source, title in SOURCES.items()}
    checks["Published reports"] = list(report_checks(published, truth))
    checks["Public tier"] = list(public_checks(published.public, Privacy().minimum_readers, truth))

    _heading("A page with charts, and every answer as CSV and JSON")
    _print_page(folder, published, dandi)
    _heading("Is it true? What was generated, and what the lake counts")
    # A list, so that a difference does not end the comparison.
    holds = [print_checks(title, compared, verbose) for title, compared in checks.items()]
    is_true = all(holds)
    verdict = "The lake counts exactly what was generated." if is_true else "The lake miscounts: this is a bug."
    click.secho(verdict, bold=True, fg="green" if is_true else "red")
    _print_next_commands(folder)
    return is_true


def _ingest(folder: Path, paths: dict[str, str], reporter: Reporter, of_runs: Reporter) -> Answer:
    """Ingest each source twice; returns the counts of each first run."""
    counts = []
    for source, title in SOURCES.items():
        reporter.say(f"ingesting {title}, twice")
        job = {"pipeline": source, "raw_path": f"{folder}/raw/{source}", **paths}
        first, second = (run_job(job, of_runs).ingested for _ in range(2))
        assert first is not None and second is not None and second.run_id is None, "the second run ingested something"
        sums = first.totals
        parts = (sums.rows, sums.duplicates, sums.rejected, sums.filtered)
        counts.append((title, sums.objects, sums.records, *parts))
    return Answer(("source", "raw files", "records", "rows", "duplicates", "rejected", "filtered"), counts)


def _empty(folder: Path) -> None:
    if folder.exists() and any(folder.iterdir()):
        if not (folder / MARK).exists():
            raise ArgumentError(f"{folder} holds something else already; name another folder with --dir")
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MARK).touch()


def _heading(text: str) -> None:
    click.echo("\n" + click.style(f"── {text} ".ljust(min(width() or 80, 80), "─"), fg="cyan"))


def _echo(lines: Iterable[str]) -> None:
    click.echo("\n".join(lines))


def _print_page(folder: Path, published: Published, dandi: Published) -> None:
    assert published.public is not None
    questions = len({file.query for file in published.files if file.query})
    click.echo(f"page     {(folder / 'reports' / 'index.html').as_uri()}")
    count = f"{questions} questions answered in {len(published.files)} files"
    click.echo(f"reports  {count} in {_short(folder / 'reports')}")
    click.echo(f"public   {(folder / 'public' / 'index.html').as_uri()}")
    click.echo(click.wrap_text(f"for everybody: {published.public.remark}", 80, COLUMN, COLUMN))
    click.echo(f"dandi    {len(dandi.files)} summaries like those of the DANDI archive in {_short(folder / 'dandi')}")


def print_checks(title: str, checks: list[Check], verbose: bool) -> bool:
    """Print how many measures are equal, and those that are not; returns whether all are equal."""
    equal = sum(check.holds for check in checks)
    is_true = equal == len(checks)
    click.echo(f"{title:<20}" + click.style(f"{equal} of {len(checks)} equal", fg="green" if is_true else "red"))
    for check in checks:
        if verbose or not check.holds:
            generated, counted = check.totals
            sign = "equal" if check.holds else "DIFFERENT"
            click.echo(f"  {check.measure:<58}{generated:>18,}{counted:>20,} {sign}")
            if check.first_difference:
                click.echo(f"    first in {check.first_difference}")
    return is_true


def _print_next_commands(folder: Path) -> None:
    program = sys.argv[0] if Path(sys.argv[0]).name == "usage-lake" else "usage-lake"
    statement = "SELECT operation, count(*) AS n FROM s3_access_log GROUP BY operation"
    click.secho("\nTry next", bold=True)
    click.echo(f"  export USAGE_LAKE={_short(folder / 'lake')}")
    check = f"check --raw {_short(folder / 'raw')}"
    for command in ("status", "queries", "query access/downloads_by_day", f'sql "{statement}"', check):
        click.echo(f"  {program} {command}")
    click.echo(f"  {program} open {_short(folder / 'reports')}")


def _short(path: Path) -> str:
    """The path as typed in the current folder."""
    relative = os.path.relpath(path)
    return str(path) if relative.startswith("..") else relative
