"""The command line of a Glue job: the values of the declared arguments, and the form for Glue's own parser."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from itertools import pairwise

from glue_jobs.errors import ArgumentError
from glue_jobs.jobs.arguments.declared import ARGUMENTS, INGEST_JOB, REPORT, REPORT_JOB


def given_names(arguments: Sequence[str]) -> list[str]:
    """The names of the declared arguments that have a value in a Glue job's command line."""
    values = {text.partition("=")[0] for text in arguments if "=" in text}
    values |= {name for name, value in pairwise(arguments) if not value.startswith("--")}
    return [argument.name for argument in ARGUMENTS if f"--{argument.name}" in values]


def without_abbreviations(arguments: Sequence[str]) -> list[str]:
    """The command line without options that a parser could mistake for abbreviations of declared ones.

    Glue passes its own ``--conf``, which `getResolvedOptions` of Glue 5 mistakes for ``--config``.
    """
    names = {f"--{argument.name}" for argument in ARGUMENTS}
    kept: list[str] = []
    is_value = True
    for text in arguments:
        option = text.partition("=")[0]
        if option.startswith("--"):
            is_value = option in names or not any(name.startswith(option) for name in names)
        if is_value:
            kept.append(text)
    return kept


def parse(arguments: Sequence[str]) -> dict[str, str]:
    """The values of a Glue job's command line, ``--name value``, by name; arguments that Glue adds are ignored.

    Raises:
        ArgumentError: a required argument of the job is missing.
    """
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    for argument in ARGUMENTS:
        # Glue may drop an empty value and pass the name alone.
        parser.add_argument(f"--{argument.name}", default=argument.default, nargs="?")
    return resolve(vars(parser.parse_known_args(arguments)[0]))


def resolve(values: Mapping[str, str | None]) -> dict[str, str]:
    """The values that the job uses: the given ones, or else the defaults. An empty value counts as absent.

    Raises:
        ArgumentError: a required argument of the job is missing.
    """
    job = REPORT_JOB if values.get("pipeline") == REPORT else INGEST_JOB
    wanted = [argument for argument in ARGUMENTS if job in argument.jobs]
    # The stack passes an empty value for a parameter that was left empty.
    texts = {argument.name: values.get(argument.name, argument.default) for argument in wanted}
    given = {name: text for name, text in texts.items() if text}
    missing = [f"--{argument.name}" for argument in wanted if argument.required and argument.name not in given]
    if missing:
        raise ArgumentError(f"the job needs {', '.join(missing)}")
    return given
