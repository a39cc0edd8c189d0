"""The command line of a Glue job, as Glue's own parser should see it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from glue_jobs.jobs.arguments import ARGUMENTS


def given_names(arguments: Sequence[str]) -> list[str]:
    """The names of the declared arguments that a Glue job's command line has a value for."""
    values = {text.partition("=")[0] for text in arguments if "=" in text}
    values |= {name for name, value in pairwise(arguments) if not value.startswith("--")}
    return [argument.name for argument in ARGUMENTS if f"--{argument.name}" in values]


def without_abbreviations(arguments: Sequence[str]) -> list[str]:
    """The command line without options that a parser could take for abbreviations of declared ones.

    Glue passes its own ``--conf``, and `getResolvedOptions` of Glue 5 takes it for ``--config``.
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
