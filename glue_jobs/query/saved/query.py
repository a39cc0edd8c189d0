"""Saved queries: each is a folder with Athena SQL, metadata and cases, checked when it is loaded."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING

from pydantic import TypeAdapter

from glue_jobs.errors import known_names, nearest
from glue_jobs.query.saved.files import (
    QUERIES,
    VIEWS,
    Folder,
    QueryArgumentError,
    SavedQueryError,
    read_text,
    read_yaml,
)
from glue_jobs.query.saved.metadata import Case, Metadata, ParameterValue

if TYPE_CHECKING:
    from glue_jobs.config import Prices

# Limits of a named query. AWS counts name and description in characters; texts within the limit in bytes also fit.
# https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-athena-namedquery.html
MAX_NAME_BYTES = 128
MAX_DESCRIPTION_BYTES = 1024
MAX_QUERY_BYTES = 262_144

# Strings, quoted names and comments come first: a ? in them is not a parameter.
_REPLACEABLE = re.compile(
    r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*|/\*.*?\*/|\?|\bcurrent_date\b""", re.DOTALL | re.IGNORECASE
)


@dataclass(frozen=True)
class SavedQuery:
    """One saved query; ``name`` is its folder below the root, such as ``access/downloads_by_month``."""

    name: str
    folder: Folder
    sql: str
    metadata: Metadata

    @cached_property
    def cases(self) -> tuple[Case, ...]:
        """The query's test cases; raises SavedQueryError if their file has a mistake."""
        return tuple(read_yaml(self.folder / "cases.yaml", TypeAdapter(list[Case])))

    @classmethod
    def names(cls, root: Folder = QUERIES) -> tuple[str, ...]:
        """Names of all saved queries below ``root``, sorted."""
        subjects = [subject for subject in root.iterdir() if subject.is_dir() and subject.name != VIEWS]
        folders = [(subject, path) for subject in subjects for path in subject.iterdir() if path.is_dir()]
        return tuple(sorted(f"{subject.name}/{path.name}" for subject, path in folders))

    @classmethod
    def load(cls, name: str, root: Folder = QUERIES) -> SavedQuery:
        """The query called ``name``; raises SavedQueryError if it does not exist or its folder has a mistake."""
        names = cls.names(root)
        if name not in names:
            raise QueryArgumentError(
                f"there is no saved query {name!r}; {known_names(name, names, 'usage-lake queries')}"
            )
        folder = root / name
        sql = read_text(folder / "query.sql")
        metadata = read_yaml(folder / "metadata.yaml", TypeAdapter(Metadata))
        _check_limits(folder, name, sql, metadata)
        return cls(name, folder, sql, metadata)

    @classmethod
    def all(cls, root: Folder = QUERIES) -> tuple[SavedQuery, ...]:
        """All saved queries below ``root``, sorted by name; raises SavedQueryError for the first mistake."""
        return tuple(cls.load(name, root) for name in cls.names(root))

    def bind(self, values: Mapping[str, str], prices: Prices | None = None) -> list[ParameterValue]:
        """The typed values of the query's ``?`` in order, from the texts of the caller; raises SavedQueryError.

        Parameters that are prices have the values of ``prices`` instead of their defaults.
        """
        parameters = self.metadata.parameters
        known = [parameter.name for parameter in parameters]
        takes = f"{self.name} takes {', '.join(known) or 'no parameters'}"
        for name in values:
            if name not in known:
                raise QueryArgumentError(f"there is no parameter {name!r}: {takes}{nearest(name, known)}")
        priced = {parameter.name: parameter.priced(prices) for parameter in parameters}
        defaults = {name: text for name, text in priced.items() if text is not None}
        values = defaults | {**values}
        for parameter in parameters:
            if parameter.name not in values:
                message = f"parameter {parameter.name!r} is missing: {takes}; an example is {parameter.example}"
                raise QueryArgumentError(message)
        return [parameter.read(values[parameter.name]) for parameter in parameters]

    @property
    def tells_what_is_stored(self) -> bool:
        """Whether the query counts what the latest inventory of each bucket lists, however old that inventory is."""
        # Queries by month count the inventories of each month only.
        is_of_storage = self.name.startswith(("storage/", "together/")) and not self.name.endswith("_by_month")
        return is_of_storage and "inventory_snapshot" in self.metadata.reads

    def period_days(self, day: date, since: date | None, until: date | None) -> tuple[str, str]:
        """First and last day of the period as SQL, as of ``day``; None stands for the query's own day."""
        period, today = self.metadata.period, f"DATE '{day}'"
        first, last = f"DATE '{since}'" if since else period.first, f"DATE '{until}'" if until else period.last
        return first.replace("current_date", today), last.replace("current_date", today)

    def of_period(self, since: date | None, until: date | None) -> str:
        """``sql`` with another first or last day of its period; None leaves the own one, relative to current_date."""
        sql, period = self.sql, self.metadata.period
        if since:
            sql = sql.replace(period.first, f"DATE '{since}'")
        if until:
            sql = sql.replace(period.last, f"DATE '{until}'")
        return sql

    @property
    def named_query(self) -> str:
        """The text for Athena: ``sql`` with defaults in place of the ``?`` of parameters that have one.

        The query then runs with one click. It is also the only way to pass a number outside of WHERE, because Athena
        takes ``?`` there only (https://docs.aws.amazon.com/athena/latest/ug/querying-with-prepared-statements.html).
        """
        return self._filled("current_date")

    def as_of(self, day: date, prices: Prices | None = None) -> str:
        """The text for Athena with ``day`` in place of current_date, so that the result depends on the lake alone.

        Parameters that are prices have the values of ``prices`` instead of their defaults.
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
    for what, text, limit in (
        (f"{folder}: its name", name, MAX_NAME_BYTES),
        (f"{folder / 'query.sql'}: the query", sql, MAX_QUERY_BYTES),
        (f"{folder / 'metadata.yaml'}: title", metadata.title, MAX_NAME_BYTES),
        (f"{folder / 'metadata.yaml'}: description", metadata.description, MAX_DESCRIPTION_BYTES),
    ):
        size = len(text.encode())
        if size > limit:
            raise SavedQueryError(f"{what} has {size} bytes, Athena allows {limit}")
