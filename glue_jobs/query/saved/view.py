"""Saved views: each is a folder below queries/views with Athena's CREATE VIEW and metadata."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Annotated

from pydantic import Field, TypeAdapter

from glue_jobs.query.saved.files import QUERIES, VIEWS, Folder, SavedQueryError, read_text, read_yaml
from glue_jobs.query.saved.metadata import ReturnedColumn, Strict, Text

_STATEMENT = re.compile(r"(?:--[^\n]*\n)*CREATE OR REPLACE VIEW (?P<name>\w+) AS\n(?P<select>.*)", re.DOTALL)


class ViewMetadata(Strict):
    """What the view means, what it reads, and its columns."""

    title: Text
    description: Text
    reads: Annotated[list[Text], Field(min_length=1)]
    returns: Annotated[list[ReturnedColumn], Field(min_length=1)]


@dataclass(frozen=True)
class SavedView:
    """One view: ``ddl`` creates it in the current database, ``select`` is the SELECT in it."""

    name: str
    ddl: str
    select: str
    metadata: ViewMetadata

    @classmethod
    def load(cls, name: str, root: Folder = QUERIES) -> SavedView:
        """The view called ``name``; raises SavedQueryError if its folder has a mistake."""
        folder = root / VIEWS / name
        ddl = read_text(folder / "view.sql")
        statement = _STATEMENT.fullmatch(ddl)
        if statement is None or statement["name"] != name:
            message = f"{folder / 'view.sql'} must be CREATE OR REPLACE VIEW {name} AS and, on the next line, a SELECT"
            raise SavedQueryError(message)
        return cls(name, ddl, statement["select"], read_yaml(folder / "metadata.yaml", TypeAdapter(ViewMetadata)))

    @classmethod
    @cache
    def all(cls, root: Folder = QUERIES) -> tuple[SavedView, ...]:
        """All views below ``root``, each after those that it reads; raises SavedQueryError for the first mistake."""
        names = sorted(path.name for path in (root / VIEWS).iterdir() if path.is_dir())
        views = {name: cls.load(name, root) for name in names}
        ordered: dict[str, SavedView] = {}

        def add(view: SavedView) -> None:
            for name in view.metadata.reads:
                if name in views:
                    add(views[name])
            ordered.setdefault(view.name, view)

        for view in views.values():
            add(view)
        return tuple(ordered.values())


def base_tables(names: Iterable[str]) -> set[str]:
    """The tables among ``names``, and those that the saved views among them read."""
    names, views = set(names), {view.name: view for view in SavedView.all()}
    while found := names & views.keys():
        names = (names - found).union(*(views[name].metadata.reads for name in found))
    return names
