"""Run a query for a command, and print its answer or write it to a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

import click

from glue_jobs.cli.options import ALL_ROWS
from glue_jobs.progress import counted

if TYPE_CHECKING:
    from glue_jobs.query.answer import Answer
    from glue_jobs.query.duckdb.query_engine import QueryEngine
    from glue_jobs.query.saved.metadata import ParameterValue


def wants_table(values: Mapping[str, Any]) -> bool:
    """Whether the options in ``values`` ask for a table on the terminal."""
    return values["output"] is None and values["form"] == "table"


def run_query(
    engine: QueryEngine,
    values: Mapping[str, Any],
    sql: str,
    parameters: Sequence[ParameterValue] = (),
    today: date | None = None,
) -> Answer:
    """The engine's answer; it has Arrow types if the options in ``values`` name a file format with types.

    Raises:
        QueryError: the query is not Athena SQL, reads an unknown table, or fails.
    """
    if (values["output"] or "").lower().endswith(".parquet"):
        from glue_jobs.query.answer import Answer

        return Answer.of(engine.run(sql, parameters, today))
    return engine.answer(sql, parameters, today)


def output(rows: Answer, values: Mapping[str, Any], show: Sequence[str] = (), totals: Sequence[str] = ()) -> None:
    """Print the rows or write them to a file, as the options in ``values`` say.

    ``show`` names the columns of a table, ``totals`` the columns with a sum.

    Raises:
        ArgumentError: a workbook cannot hold the rows.
        StorageError: the file cannot be written.
    """
    from glue_jobs.cli.answers.show import ROWS_SHOWN, View, print_rows

    limit: int | None = ROWS_SHOWN if wants_table(values) else None
    if values["limit"] is not None:
        limit = None if values["limit"] == ALL_ROWS else values["limit"]
    view = View(show, totals, limit, values["all_columns"], values["exact"])
    if values["output"] is None:
        print_rows(rows, values["form"], view)
        return
    from glue_jobs.cli.answers.file import write_rows

    count = write_rows(rows, values["output"], view)
    click.echo(f"{counted(count, 'row')} {'is' if count == 1 else 'are'} in {values['output']}", err=True)
