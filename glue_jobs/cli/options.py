"""Options of the commands: the declared arguments of the jobs, the output of answers, and the completion of names."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import click

from glue_jobs.errors import ArgumentError, known_names
from glue_jobs.jobs.arguments.declared import ARGUMENTS, Argument
from glue_jobs.sources import SOURCES

FORMATS = ("table", "csv", "json")
ALL_ROWS = "all"

Command = Callable[..., None]


def options(*names: str, are_needed: bool = True) -> Callable[[Command], Command]:
    """A decorator that adds the declared job arguments with these names to a command, as click options."""

    def decorate(command: Command) -> Command:
        for argument in reversed([argument for argument in ARGUMENTS if argument.name in names]):
            command = _option(argument, argument.required and are_needed)(command)
        return command

    return decorate


def _option(argument: Argument, required: bool) -> Callable[[Command], Command]:
    if not argument.option.startswith("--"):
        return click.argument(argument.option, type=Pipeline(SOURCES), metavar="PIPELINE")
    if argument.flag:
        return click.option(argument.option, argument.name, is_flag=True, help=argument.description)
    # click treats default=None as a default, which would make a required option optional.
    more: dict[str, Any] = {} if argument.default is None else {"default": argument.default, "show_default": True}
    if argument.name == "raw_path" or argument.metavar == "NAMES":
        # Otherwise the last value would silently replace the others.
        more |= {"multiple": True, "callback": _all_values if argument.metavar == "NAMES" else _only_value}
    return click.option(
        argument.option,
        argument.name,
        required=required,
        metavar=argument.metavar,
        envvar=argument.variable,
        show_envvar=argument.variable is not None,
        type=click.Choice(argument.choices) if argument.choices else None,
        help=argument.description,
        **more,
    )


def _all_values(context: click.Context, parameter: click.Parameter, values: tuple[str, ...]) -> str | None:
    return ",".join(values) or None


def _only_value(context: click.Context, parameter: click.Parameter, values: tuple[str, ...]) -> str:
    if len(values) > 1:
        raise ArgumentError(f"{parameter.opts[0]} takes one folder, with all that is below it, not {len(values)}")
    return values[0]


class Pipeline(click.Choice[str]):
    """The name of a pipeline; the error for an unknown name suggests the closest ones."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if value not in self.choices:
            raise ArgumentError(f"there is no pipeline {value!r}; {known_names(value, self.choices)}")
        return str(value)


class RowLimit(click.ParamType[int | str]):
    """A number of rows, or ``all``."""

    name = "limit"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int | str:
        text = str(value)
        if text != ALL_ROWS and not text.isdecimal():
            self.fail(f"{text!r} is neither a number of rows nor 'all'", param, ctx)
        return text if text == ALL_ROWS else int(text)


class Range(click.FloatRange):
    """A number in a range; NaN, which every comparison lets pass, is refused."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        number = super().convert(value, param, ctx)
        if math.isnan(number):
            self.fail(f"{number} is not in the range {self._describe_range()}.", param, ctx)
        return number


OUTPUTS = (".csv", ".json", ".parquet", ".xlsx", ".md")


def _checked_output(context: click.Context, parameter: click.Parameter, name: str | None) -> str | None:
    """The name of the file if its ending is known. Checked first, because the answer may take minutes."""
    if name is not None and not name.lower().endswith(OUTPUTS):
        raise ArgumentError(f"an answer is written to a file that ends with {', '.join(OUTPUTS)}, not to {name!r}")
    form = context.params.get("form")
    if name is not None and form in ("csv", "json") and not name.lower().endswith(form):
        raise ArgumentError(f"--format {form} is for the terminal; the name {name!r} tells the format of the file")
    return name


_ANSWER_OPTIONS = (
    click.option(
        "--format",
        "form",
        type=click.Choice(FORMATS),
        default="table",
        show_default=True,
        # Eager, because the check of --output needs it.
        is_eager=True,
        help="Output format; csv and json have all columns and rows.",
    ),
    click.option(
        "--output",
        metavar="FILE_OR_S3_URI",
        callback=_checked_output,
        help="Write all columns and rows to this file instead: .csv, .json, .parquet, .xlsx or .md.",
    ),
    click.option(
        "--limit",
        type=RowLimit(),
        metavar="ROWS",
        help="Number of rows, or 'all'; by default a table shows 20 and a file has all.",
    ),
    click.option("--all-columns", is_flag=True, help="Show all columns in a table."),
    click.option("--exact", is_flag=True, help="Show every digit in a table: 2658695441398 bytes, not 2.66 TB."),
)


def answer_options(command: Command) -> Command:
    """Adds the options of `glue_jobs.cli.answers.output.output`."""
    for option in reversed(_ANSWER_OPTIONS):
        command = option(command)
    return command


lake_options = options("lake_path", "database", "catalog")
"""Adds the options that name a lake."""


def complete_query(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    """The saved queries whose names begin with the typed text."""
    from glue_jobs.query.saved.query import SavedQuery

    return [name for name in SavedQuery.names() if name.startswith(incomplete)]


def complete_table_or_query(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    """The tables, views and saved queries whose names begin with the typed text."""
    from glue_jobs.query.saved.view import SavedView
    from glue_jobs.sources.tables import TABLES

    names = [*(table.name for table in TABLES), *(view.name for view in SavedView.all())]
    return [name for name in names if name.startswith(incomplete)] + complete_query(context, parameter, incomplete)


def given(values: Mapping[str, Any]) -> dict[str, str]:
    """The values that were given, as text for a job's arguments."""
    return {name: str(value) for name, value in values.items() if value is not None}
