"""Saved queries: a folder each, of Athena SQL, metadata and cases, all of it required and checked on loading."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING

from pydantic import TypeAdapter

from glue_jobs.query.saved.files import QUERIES, VIEWS, Folder, SavedQueryError, read_text, read_yaml
from glue_jobs.query.saved.metadata import Case, Metadata, ParameterValue

if TYPE_CHECKING:
    from glue_jobs.config import Prices

# Limits of AWS::Athena::NamedQuery: Name and Description in characters (bytes are never fewer), QueryString in bytes.
LONGEST_NAME = 128
LONGEST_DESCRIPTION = 1024
LONGEST_QUERY = 262_144

# What may hold a ? that is no parameter stands first, so that it is taken whole.
_REPLACEABLE = re.compile(
    r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*|/\*.*?\*/|\?|\bcurrent_date\b""", re.DOTALL | re.IGNORECASE
)


@dataclass(frozen=True)
class SavedQuery:
    """One saved query; ``name`` is its ``folder`` below the root, e.g. ``access/downloads_by_month``."""

    name: str
    folder: Folder
    sql: str
    metadata: Metadata

    @cached_property
    def cases(self) -> tuple[Case, ...]:
        """What it answers to given rows; raises SavedQueryError when they are not as they must be."""
        return tuple(read_yaml(self.folder / "cases.yaml", TypeAdapter(list[Case])))

    @classmethod
    def names(cls, root: Folder = QUERIES) -> tuple[str, ...]:
        """Names of all saved queries below ``root``, sorted."""
        subjects = [subject for subject in root.iterdir() if subject.is_dir() and subject.name != VIEWS]
        folders = [(subject, path) for subject in subjects for path in subject.iterdir() if path.is_dir()]
        return tuple(sorted(f"{subject.name}/{path.name}" for subject, path in folders))

    @classmethod
    def load(cls, name: str, root: Folder = QUERIES) -> SavedQuery:
        """The query called ``name``; raises SavedQueryError when there is none or its folder is not as it must be."""
        names = cls.names(root)
        if name not in names:
            raise SavedQueryError(f"there is no saved query {name!r}; there are {', '.join(names) or 'none at all'}")
        folder = root / name
        sql = read_text(folder / "query.sql")
        metadata = read_yaml(folder / "metadata.yaml", TypeAdapter(Metadata))
        _check_limits(folder, name, sql, metadata)
        return cls(name, folder, sql, metadata)

    @classmethod
    def all(cls, root: Folder = QUERIES) -> tuple[SavedQuery, ...]:
        """All saved queries below ``root``, sorted by name; raises SavedQueryError for the first bad folder."""
        return tuple(cls.load(name, root) for name in cls.names(root))

    def bind(self, values: Mapping[str, str]) -> list[ParameterValue]:
        """The values of the query's ``?``, in order and typed, from what the caller typed; raises SavedQueryError."""
        known = [parameter.name for parameter in self.metadata.parameters]
        takes = f"{self.name} takes {', '.join(known) or 'no parameters'}"
        for name in values:
            if name not in known:
                raise SavedQueryError(f"there is no parameter {name!r}: {takes}")
        values = {each.name: each.default for each in self.metadata.parameters if each.default is not None} | {**values}
        for parameter in self.metadata.parameters:
            if parameter.name not in values:
                message = f"parameter {parameter.name!r} is missing: {takes}; an example is {parameter.example}"
                raise SavedQueryError(message)
        return [parameter.read(values[parameter.name]) for parameter in self.metadata.parameters]

    @property
    def named_query(self) -> str:
        """The text for Athena: ``sql`` with the default of each parameter that has one in place of its ``?``.

        So the query runs with one click, and a number that is no condition can be given at all: Athena takes ``?``
        in WHERE only (https://docs.aws.amazon.com/athena/latest/ug/querying-with-prepared-statements.html).
        """
        return self._filled("current_date")

    def as_of(self, day: date, prices: Prices | None = None) -> str:
        """The text for Athena with ``day`` in place of current_date: its answer depends on the lake alone.

        Parameters that are prices have those of ``prices`` instead of their defaults.
        """
        return self._filled(f"DATE '{day}'", prices)

    def _filled(self, current_date: str, prices: Prices | None = None) -> str:
        parameters = iter(self.metadata.parameters)

        def filled(found: re.Match[str]) -> str:
            if found[0].lower() == "current_date":
                return current_date
            parameter = next(parameters, None) if found[0] == "?" else None
            value = parameter.priced(prices) if parameter else None
            return found[0] if parameter is None or value is None else parameter.literal(value)

        return _REPLACEABLE.sub(filled, self.sql)


def _check_limits(folder: Folder, name: str, sql: str, metadata: Metadata) -> None:
    for what, text, longest in (
        (f"{folder}: its name", name, LONGEST_NAME),
        (f"{folder / 'query.sql'}: the query", sql, LONGEST_QUERY),
        (f"{folder / 'metadata.yaml'}: title", metadata.title, LONGEST_NAME),
        (f"{folder / 'metadata.yaml'}: description", metadata.description, LONGEST_DESCRIPTION),
    ):
        size = len(text.encode())
        if size > longest:
            raise SavedQueryError(f"{what} has {size} bytes, Athena allows {longest}")
