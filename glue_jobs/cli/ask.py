"""The commands that ask a lake: query, sql, status, rejected, queries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from glue_jobs.cli.answer import give
from glue_jobs.cli.options import answer_options, given, lake_options, options
from glue_jobs.errors import ArgumentError

if TYPE_CHECKING:
    from glue_jobs.config import Config
    from glue_jobs.query.duckdb.query_engine import QueryEngine


@click.command("query")
@click.argument("name")
@click.option("--param", "parameters", multiple=True, metavar="NAME=VALUE", help="A parameter of the query.")
@click.option(
    "--as-of",
    "--date",
    "day",
    metavar="DAY",
    help="Day (UTC) that the query is about, such as 2024-05-07 or 20240507; by default today.",
)
@click.option("--since", metavar="DAY", help="First day (UTC) of the period, instead of the query's own.")
@click.option(
    "--until", metavar="DAY", help="Last day (UTC) of the period; by default the day that the query is about."
)
@lake_options
@options("config")
@answer_options
def query_command(
    name: str, parameters: tuple[str, ...], day: str | None, since: str | None, until: str | None, **values: Any
) -> None:
    """Run a saved query, such as access/downloads_by_month; the newest rows come first.

    A table shows the main columns; --all-columns, --output and --format csv give all. With --config, the names of
    subscribers and the prices are those of the file. Tables on S3 are downloaded completely; use Athena if they are
    large.
    """
    from glue_jobs.jobs.query_days import QueryDays
    from glue_jobs.query.saved.query import SavedQuery

    query, days = SavedQuery.load(name), QueryDays.read(day, since, until)
    config = _config(values)
    bound = query.bind(dict(_parameter(text) for text in parameters), config.prices if config else None)
    with _engine(values, config) as engine:
        from glue_jobs.cli.newest_first import newest_first

        rows = engine.run(query.of_period(days.since, days.until), bound, days.as_of)
        give(newest_first(rows), values, query.metadata.show, query.metadata.totals)
        if not rows.num_rows:
            from glue_jobs.cli.empty_answer import explain_empty_answer

            for sentence in explain_empty_answer(engine, query, days):
                click.echo(sentence, err=True)


@click.command("sql")
@click.argument("statement")
@lake_options
@answer_options
def sql_command(statement: str, **values: Any) -> None:
    """Run a SELECT in Athena's SQL.

    DuckDB runs it, which lacks some functions of Athena. Tables on S3 are downloaded completely; use Athena if they are
    large.
    """
    with _engine(values) as engine:
        give(engine.run(statement), values)


@click.command("queries")
def queries_command() -> None:
    """List the saved queries."""
    from glue_jobs.cli.query_list import print_queries
    from glue_jobs.query.saved.query import SavedQuery

    print_queries(SavedQuery.all())


@click.command("status")
@lake_options
@answer_options
def status_command(**values: Any) -> None:
    """Show what each pipeline has ingested, including rows of replaced inventory snapshots."""
    from glue_jobs.cli.ledger import STATUS, STATUS_SHOWN

    with _engine(values) as engine:
        give(engine.run(STATUS), values, STATUS_SHOWN)


@click.command("rejected")
@lake_options
@answer_options
def rejected_command(**values: Any) -> None:
    """Show rejected raw records, newest first, and the reason for each."""
    from glue_jobs.cli.ledger import REJECTED, REJECTED_SHOWN, readable

    with _engine(values) as engine:
        give(readable(engine.run(REJECTED)), values, REJECTED_SHOWN)


COMMANDS = (query_command, sql_command, queries_command, status_command, rejected_command)


def _engine(values: dict[str, Any], config: Config | None = None) -> QueryEngine:
    """DuckDB over the lake that ``values`` name, with the names of subscribers in ``config`` if it has any.

    Raises:
        LakeError: the lake has no table.
    """
    from glue_jobs.enrich.subscribers import named_subscribers
    from glue_jobs.jobs.lake_argument import lake_argument
    from glue_jobs.query.duckdb.lake_tables import sources
    from glue_jobs.query.duckdb.query_engine import QueryEngine
    from glue_jobs.query.duckdb.table_source import TableSource
    from glue_jobs.sources.pipelines import TABLES
    from glue_jobs.tables.subscriber import SUBSCRIBER

    lake = lake_argument(given(values))
    lake.check_any(TABLES)
    known = dict(sources(lake))
    names = named_subscribers(config) if config else None
    if names is not None:
        known[SUBSCRIBER.name] = lambda: TableSource(SUBSCRIBER, names)
    return QueryEngine(known)


def _config(values: dict[str, Any]) -> Config | None:
    if values["config"] is None:
        return None
    from glue_jobs.jobs.config_argument import config_argument

    return config_argument(given(values))


def _parameter(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise ArgumentError(f"a parameter is given as name=value, not {text!r}")
    return name, value
