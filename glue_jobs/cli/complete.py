"""Shell completion of names."""

from __future__ import annotations

import click


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
