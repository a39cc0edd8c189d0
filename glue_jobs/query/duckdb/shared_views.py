"""Views that several statements of one engine read: which they are, and from which day on their rows are needed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from graphlib import TopologicalSorter

from sqlglot import exp
from sqlglot.optimizer.scope import traverse_scope

from glue_jobs.query.duckdb.athena_sql import CLOCK, tables

DAY_COLUMN = "event_date"

Day = Callable[[exp.Expr], date]


def shared_views(statements: Sequence[exp.Query], views: Mapping[str, exp.Query], day: Day) -> dict[str, date]:
    """The views that are read more than once, and the first day of each that anything reads; date.min if all are read.

    ``views`` are the queries of the views by name, and ``day`` returns the value of an expression without columns. A
    view that is read counts as one reader of the views in its own query. It reads them from its own first day on,
    because a filter on the day of a view also filters what the view reads.
    """
    uses: dict[str, list[date]] = {name: [] for name in views}
    for statement in statements:
        for name, first in _uses(statement, views, day):
            uses[name].append(first)
    readers = TopologicalSorter({name: {table.name.lower() for table in tables(view)} for name, view in views.items()})
    # Readers of a view come before it, so that all its uses are known when its turn comes.
    for name in reversed(tuple(readers.static_order())):
        if uses.get(name):
            for read, first in _uses(views[name], views, day):
                uses[read].append(max(first, min(uses[name])))
    return {name: min(firsts) for name, firsts in uses.items() if len(firsts) > 1}


def _uses(query: exp.Query, views: Mapping[str, exp.Query], day: Day) -> Iterator[tuple[str, date]]:
    """Each place where the query names a view, and the first day that it reads there."""
    for scope in traverse_scope(query):
        for alias, source in scope.sources.items():
            if isinstance(source, exp.Table) and (view := source.name.lower()) in views:
                # A day without a name before it is of the only source after FROM. `sources` has CTEs too.
                names = {alias, ""} if len(scope.references) == 1 else {alias}
                bounds = [day(bound) for name, bound in _lower_bounds(scope.expression) if name in names]
                yield view, max(bounds, default=date.min)


def _lower_bounds(select: exp.Expr) -> Iterator[tuple[str, exp.Expr]]:
    """The constants of conditions ``event_date >= constant`` that all rows fulfil, each with the name of its source."""
    where = select.args.get("where")
    if where is None:
        return
    for condition in where.this.flatten() if isinstance(where.this, exp.And) else [where.this]:
        if isinstance(condition, exp.GTE) and isinstance(column := condition.this, exp.Column):
            is_constant = not condition.expression.find(exp.Column, exp.Placeholder, exp.Query, *CLOCK)
            if column.name == DAY_COLUMN and is_constant:
                yield column.table, condition.expression
