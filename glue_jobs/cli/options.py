"""Options of the commands: the declared arguments of the jobs, and the output format."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from glue_jobs.jobs.arguments import ARGUMENTS, Argument
from glue_jobs.sources import SOURCES

FORMATS = ("table", "csv", "json")

Command = Callable[..., None]


def options(*names: str) -> Callable[[Command], Command]:
    """Adds the declared job arguments with these names to a command, as click options."""

    def decorate(command: Command) -> Command:
        for argument in reversed([argument for argument in ARGUMENTS if argument.name in names]):
            command = _option(argument)(command)
        return command

    return decorate


def _option(argument: Argument) -> Callable[[Command], Command]:
    if not argument.option.startswith("--"):
        return click.argument(argument.option, type=click.Choice(SOURCES))
    if argument.flag:
        return click.option(argument.option, argument.name, is_flag=True, help=argument.description)
    # click takes default=None for a default, which makes a required option optional.
    default: dict[str, Any] = {} if argument.default is None else {"default": argument.default, "show_default": True}
    return click.option(
        argument.option,
        argument.name,
        required=argument.required,
        metavar=argument.metavar,
        type=click.Choice(argument.choices) if argument.choices else None,
        help=argument.description,
        **default,
    )


FORMAT = click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    default="table",
    show_default=True,
    help="Output format.",
)
