"""The list of saved queries."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby

import click

from glue_jobs.cli.answers.terminal import width, wrapped_list
from glue_jobs.query.saved.query import SavedQuery

# If more parameters have defaults, only their number is listed.
MAX_DEFAULTS_LISTED = 2


def print_queries(saved: Iterable[SavedQuery]) -> None:
    """Print the names, titles and parameters of saved queries, a block for each subject."""
    queries = sorted(saved, key=lambda query: query.name)
    indent = max(len(query.name) for query in queries)
    blocks = []
    for _, group in groupby(queries, key=lambda query: query.name.partition("/")[0]):
        entries = [(query.name.ljust(indent), _answers(query)) for query in group]
        blocks.append("\n".join(wrapped_list(entries, width())))
    click.echo("\n\n".join(blocks))


def _answers(query: SavedQuery) -> str:
    parameters = query.metadata.parameters
    needed = [f"{each.name}={each.example}" for each in parameters if each.default is None]
    optional = [f"{each.name}={each.default}" for each in parameters if each.default is not None]
    if len(optional) > MAX_DEFAULTS_LISTED:
        optional = [f"{len(optional)} parameters with defaults"]
    return f"{query.metadata.title} ({', '.join(needed + optional)})" if parameters else query.metadata.title
