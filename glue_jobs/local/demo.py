"""``usage-lake demo``: a publisher's raw logs, ingested, asked, and compared with what was generated."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as pa_csv
from rich.console import Console

from glue_jobs.args import order
from glue_jobs.errors import ArgumentError
from glue_jobs.ingest import Order, ingest
from glue_jobs.local import show
from glue_jobs.local.lake_tables import sources
from glue_jobs.local.query_engine import QueryEngine
from glue_jobs.local.sample import Truth, Usage, write_sample
from glue_jobs.outcome import sentence
from glue_jobs.pipelines import PIPELINES
from glue_jobs.progress import Reporter
from glue_jobs.saved_query import SavedQuery

# A folder with this file in it was made by a demonstration and may be made anew.
MARK = ".usage-lake-demo"

# Answered on the terminal, with these columns; all saved queries are answered whole into files.
SHOWN = (
    ("Who reads what I publish?", "access/unique_requesters", ("level", "account", "repository", "unique_requesters")),
    ("What is read most?", "access/top_objects", ("repository", "key", "logical_downloads", "unique_requesters")),
    ("With what?", "access/tools", ("tool", "requests", "unique_requesters", "bytes_sent")),
)
ROWS_SHOWN = 8

Check = tuple[str, Any, Any]


def demonstrate(folder: Path, scale: float, reporter: Reporter) -> bool:
    """Run the whole demonstration in ``folder``; True when the lake counts exactly what was generated.

    Raises:
        ArgumentError: the folder holds something that no demonstration made.
    """
    console = Console(highlight=False)
    _make_room(folder)
    console.rule("1. A publisher's raw logs", align="left")
    truth = write_sample(folder, last_day=datetime.now(UTC).date() - timedelta(days=1), scale=scale)
    days = f"{truth.first_day} to {truth.last_day}"
    console.print(f"{truth.records:,} log lines in {len(truth.objects):,} files of two buckets, {days}")
    console.print(f"raw logs       {folder}/raw\nconfiguration  {folder}/config.yaml")

    console.rule("2. Ingest them, twice: the second run finds nothing new", align="left")
    for pipeline in PIPELINES:
        wanted = _order(folder, pipeline.name)
        for _ in range(2):
            console.print(sentence(ingest(wanted, reporter)), soft_wrap=True)

    console.rule("3. Ask", align="left")
    with QueryEngine(sources(wanted.lake)) as engine:
        _ask(engine, folder / "answers", console)
        checks = list(_checks(engine, truth))

    console.rule("4. Is it true?", align="left")
    return _compare(checks, folder, console)


def _make_room(folder: Path) -> None:
    if folder.exists() and any(folder.iterdir()):
        if not (folder / MARK).exists():
            raise ArgumentError(f"{folder} holds something else already; name another folder with --dir")
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MARK).touch()


def _order(folder: Path, pipeline: str) -> Order:
    paths = {"raw_path": f"{folder}/raw/{pipeline}", "lake_path": f"{folder}/lake", "config": f"{folder}/config.yaml"}
    return order({"pipeline": pipeline, **paths})


def _ask(engine: QueryEngine, answers: Path, console: Console) -> None:
    answers.mkdir()
    rows = {query.name: _answer(engine, query) for query in SavedQuery.all()}
    for name, answer in rows.items():
        pa_csv.write_csv(answer, answers / f"{name.replace('/', '-')}.csv")
    for question, name, columns in SHOWN:
        console.print(f"\n[bold]{question}[/]  (usage-lake query {name})")
        show.answer(rows[name].select(columns).slice(0, ROWS_SHOWN), "table")
    console.print(f"\nanswers of all {len(rows)} saved queries  {answers}/*.csv", soft_wrap=True)


def _answer(engine: QueryEngine, query: SavedQuery) -> pa.Table:
    examples = {parameter.name: parameter.example for parameter in query.metadata.parameters}
    return engine.run(query.sql, query.bind(examples))


def _checks(engine: QueryEngine, truth: Truth) -> Iterator[Check]:
    """What was generated beside what the lake counts: (measure, generated, counted)."""
    ledger = engine.run(
        "SELECT sum(records) AS records, sum(rejected) AS rejected, sum(duplicates) AS duplicates FROM ingested_object"
    )
    for name, value in ledger.to_pylist()[0].items():
        yield name, getattr(truth, name), value
    lines = engine.run(
        """SELECT count(*) AS "rows", sum(bytes_sent) AS bytes_sent, count_if(is_robot) AS robot_rows,
        count_if(is_own) AS own_rows FROM s3_access_log"""
    )
    for name, value in lines.to_pylist()[0].items():
        yield name, getattr(truth, name), value
    months = engine.run(SavedQuery.load("access/downloads_by_month").sql).to_pylist()
    for name in Usage.__dataclass_fields__:
        if months and name in months[0]:
            yield f"{name} (every month and data set)", _generated(truth, name), _counted(months, name)


Counts = dict[tuple[str, str, str], int]


def _generated(truth: Truth, name: str) -> Counts:
    return {
        (group.month, group.account or "(none)", group.repository or "(none)"): getattr(group.all, name)
        for group in truth.groups
    }


def _counted(months: list[dict[str, Any]], name: str) -> Counts:
    def month(day: date) -> str:
        return f"{day:%Y-%m}"

    return {(month(row["month"]), row["account"], row["repository"]): row[name] for row in months}


def _compare(checks: list[Check], folder: Path, console: Console) -> bool:
    for measure, generated, counted in checks:
        equal = generated == counted
        told = [sum(value.values()) if isinstance(value, dict) else value for value in (generated, counted)]
        sign = "[green]equal[/]" if equal else "[red]DIFFERENT[/]"
        console.print(f"{measure:<45} generated {told[0]:>20,}   in the lake {told[1]:>20,}   {sign}", soft_wrap=True)
    true = all(generated == counted for _, generated, counted in checks)
    verdict = "[bold green]The lake counts exactly what was generated.[/]"
    console.print(verdict if true else "[bold red]The lake does not count what was generated: this is a bug.[/]")
    console.print("\nTry next:", style="bold")
    console.print(f"  .venv/bin/usage-lake status --lake {folder}/lake", soft_wrap=True)
    console.print(f"  .venv/bin/usage-lake rejected --lake {folder}/lake --limit 5", soft_wrap=True)
    statement = "SELECT operation, count(*) AS n FROM s3_access_log GROUP BY operation ORDER BY n DESC"
    console.print(f'  .venv/bin/usage-lake sql "{statement}" --lake {folder}/lake', soft_wrap=True)
    return true
