"""The commands that query a lake: saved queries, SQL, and the contents of the lake."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from glue_jobs.cli.answers.output import output, run_query, wants_table
from glue_jobs.cli.options import answer_options, complete_query, complete_table_or_query, given, lake_options, options
from glue_jobs.errors import ArgumentError

if TYPE_CHECKING:
    from glue_jobs.config import Config
    from glue_jobs.lake import Lake
    from glue_jobs.query.duckdb.query_engine import QueryEngine, Sources


@click.command("query")
@click.argument("name", shell_complete=complete_query)
@click.option("--param", "parameters", multiple=True, metavar="NAME=VALUE", help="A parameter of the query.")
@click.option(
    "--as-of",
    "--date",
    "day",
    metavar="DAY",
    help="Day (UTC) that the query is about, such as 2024-05-07 or 20240507; by default today.",
)
@click.option("--since", metavar="DAY", help="First day (UTC) of the period, instead of the query's own.")
@click.option("--until", metavar="DAY", help="Last day (UTC) of the period, instead of the query's own.")
@lake_options
@options("config")
@answer_options
def query_command(
    name: str, parameters: tuple[str, ...], day: str | None, since: str | None, until: str | None, **values: Any
) -> None:
    """Run a saved query, such as access/downloads_by_month.

    The newest rows come first. A table shows the main columns; --all-columns, --output and --format csv give all. With
    --config, the names of subscribers and the prices are those of the file. Tables on S3 are downloaded completely; use
    Athena if they are large.
    """
    from glue_jobs.jobs.library.query_days import QueryDays
    from glue_jobs.query.saved.query import SavedQuery

    query = SavedQuery.load(name)
    days = QueryDays.read(day, since, until, query.metadata.period)
    config = _config(values)
    bound = query.bind(_parameters(parameters), config.prices if config else None)
    with _engine(values, config) as engine:
        from glue_jobs.cli.answers.answer_notes import answer_notes

        rows = run_query(engine, values, query.of_period(days.since, days.until), bound, days.as_of)
        output(rows.newest_first(), values, query.metadata.show, query.metadata.totals)
        for sentence in answer_notes(engine, lambda: _lake(values), query, days, rows):
            click.echo(sentence, err=True)


class SqlCommand(click.Command):
    """A command whose statement may begin with a comment, which click would parse as an option."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        # A leading line break means nothing in SQL, and keeps click from parsing the text as an option.
        texts = [f"\n{text}" if text.startswith("--") and "\n" in text else text for text in args]
        return super().parse_args(ctx, texts)


@click.command("sql", cls=SqlCommand)
@click.argument("statement", required=False)
@click.option("-f", "--file", "file", metavar="FILE", help="Read the statement from this file.")
@lake_options
@answer_options
def sql_command(statement: str | None, file: str | None, **values: Any) -> None:
    """Run a SELECT in Athena's SQL.

    STATEMENT may be -, which reads it from standard input. SHOW TABLES, DESCRIBE and information_schema list tables
    and columns. DuckDB runs the statement, and lacks some functions of Athena. Tables on S3 are downloaded completely;
    use Athena if they are large.
    """
    text = _statement(statement, file)
    with _engine(values) as engine:
        output(run_query(engine, values, text), values)


def _statement(statement: str | None, file: str | None) -> str:
    if (statement is None) == (file is None):
        raise click.UsageError("give a statement, - for standard input, or -f FILE", click.get_current_context())
    if file is None and statement != "-":
        return statement or ""
    try:
        source = Path(file).read_bytes() if file is not None and file != "-" else sys.stdin.buffer.read()
        return source.decode("utf-8-sig")
    except OSError as error:
        raise ArgumentError(f"cannot read the statement from {file}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ArgumentError(f"{file or 'standard input'} is not UTF-8 text at byte {error.start}") from error


@click.command("tables")
@lake_options
@answer_options
def tables_command(**values: Any) -> None:
    """List the tables and views of a lake."""
    from glue_jobs.cli.commands.describe import print_tables, table_rows

    rows = table_rows(_lake(values))
    if wants_table(values):
        print_tables(rows)
    else:
        output(rows, values)


@click.command("describe")
@click.argument("name", metavar="TABLE_OR_QUERY", shell_complete=complete_table_or_query)
@options("lake_path", "database", "catalog", are_needed=False)
@answer_options
def describe_command(name: str, **values: Any) -> None:
    """Explain a table, a view or a saved query, and its columns.

    Only a table of uploaded files is looked up in the lake.
    """
    from glue_jobs.cli.commands.describe import describe, print_description
    from glue_jobs.jobs.arguments.lake import lake_argument
    from glue_jobs.sources.lake_tables import uploaded_tables

    described = describe(name, lambda: uploaded_tables(lake_argument(given(values))) if values["lake_path"] else ())
    if wants_table(values):
        print_description(described)
    else:
        output(described.rows(), values)


@click.command("queries")
def queries_command() -> None:
    """List the saved queries."""
    from glue_jobs.cli.answers.query_list import print_queries
    from glue_jobs.query.saved.query import SavedQuery

    print_queries(SavedQuery.all())


@click.command("status")
@lake_options
@answer_options
def status_command(**values: Any) -> None:
    """Show what each pipeline has ingested.

    Rows of replaced inventory snapshots count too. Folders of accounts or Regions with earlier days that no run has
    ingested are listed below, and those whose access logs ended while the logs of others go on.
    """
    from glue_jobs.cli.commands.status import STATUS, STATUS_SHOWN, untaken_sentences
    from glue_jobs.query.saved.ended_logs import ended_folders

    with _engine(values) as engine:
        output(run_query(engine, values, STATUS), values, STATUS_SHOWN)
        for sentence in (*untaken_sentences(_lake(values)), *ended_folders(engine.run, datetime.now(UTC).date())):
            click.echo(sentence, err=True)


@click.command("rejected")
@lake_options
@answer_options
def rejected_command(**values: Any) -> None:
    """Show rejected raw records and the reason for each, newest first."""
    from glue_jobs.cli.commands.status import REJECTED, REJECTED_SHOWN, readable

    with _engine(values) as engine:
        output(readable(run_query(engine, values, REJECTED)), values, REJECTED_SHOWN)


COMMANDS = (
    query_command,
    queries_command,
    sql_command,
    tables_command,
    describe_command,
    status_command,
    rejected_command,
)


def _engine(values: dict[str, Any], config: Config | None = None) -> QueryEngine:
    """DuckDB over the lake that ``values`` name, with the names of subscribers in ``config`` if it has any.

    Raises:
        LakeError: the lake has no table.
    """
    from glue_jobs.query.duckdb.lake_engine import open_engine

    return open_engine(_lake(values), _named_subscribers(config) if config else None)


def _named_subscribers(config: Config) -> Sources:
    """The subscriber table from the configuration; empty if it has no section ``subscribers``."""
    from glue_jobs.enrich.subscribers import named_subscribers
    from glue_jobs.query.duckdb.table_source import TableSource
    from glue_jobs.tables.subscriber import SUBSCRIBER

    names = named_subscribers(config)
    return {} if names is None else {SUBSCRIBER.name: lambda: TableSource(SUBSCRIBER, names)}


def _lake(values: dict[str, Any]) -> Lake:
    """The lake that ``values`` name; raises LakeError if it has no table, ArgumentError if the output is part of it."""
    from glue_jobs.jobs.arguments.lake import lake_argument
    from glue_jobs.sources.tables import TABLES
    from glue_jobs.storage import address

    lake = lake_argument(given(values))
    lake.check_any(TABLES)
    if values.get("output"):
        lake.refuse_own(address(values["output"]))
    return lake


def _config(values: dict[str, Any]) -> Config | None:
    if values["config"] is None:
        return None
    from glue_jobs.jobs.arguments.config import config_argument

    return config_argument(given(values))


def _parameters(texts: Iterable[str]) -> dict[str, str]:
    values: dict[str, str] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals:
            raise ArgumentError(f"a parameter is given as name=value, not {text!r}")
        if name in values:
            raise ArgumentError(f"the parameter {name!r} is given twice: {values[name]!r} and {value!r}")
        values[name] = value
    return values
