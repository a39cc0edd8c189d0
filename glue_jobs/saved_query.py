"""Saved queries: a folder each, of Athena SQL, metadata and cases, all of it required and checked on loading."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar
from zipfile import Path as ZipPath

import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from glue_jobs.errors import UsageLakeError

Folder = Path | ZipPath


def _queries() -> Folder:
    root = Path(__file__).parents[1]
    # Glue imports the library from its zip without unpacking it.
    return ZipPath(root, "queries/") if root.is_file() else root / "queries"


QUERIES = _queries()
VIEWS = "views"
"""The folder below QUERIES that holds no queries but the views they may read, see :mod:`glue_jobs.saved_view`."""

# Limits of AWS::Athena::NamedQuery: Name and Description in characters (bytes are never fewer), QueryString in bytes.
LONGEST_NAME = 128
LONGEST_DESCRIPTION = 1024
LONGEST_QUERY = 262_144

ParameterValue = str | date | int | float
Text = Annotated[str, Field(min_length=1)]

# What may hold a ? that is no parameter stands first, so that it is taken whole.
_REPLACEABLE = re.compile(
    r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*|/\*.*?\*/|\?|\bcurrent_date\b""", re.DOTALL | re.IGNORECASE
)

_READ_VALUE: dict[str, Callable[[str], ParameterValue]] = {
    "string": str,
    "date": date.fromisoformat,
    "bigint": int,
    "double": float,
}


class SavedQueryError(UsageLakeError):
    """A query folder or a parameter is wrong; the message is one sentence that says which and how."""


class _Strict(BaseModel):
    """Every key required, none unknown; text must be text (YAML turns 012 into a number, 2024-03-01 into a date)."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Parameter(_Strict):
    """One ``?`` of the query. ``example`` and ``default`` are text, as a caller would type them.

    A parameter with a default may be left out, and its default stands in the text that Athena is given.
    """

    name: Text
    type: Literal["string", "date", "bigint", "double"]
    description: Text
    example: Text
    default: Text | None = None

    def read(self, text: str) -> ParameterValue:
        """The value a caller typed, in the parameter's type; raises SavedQueryError."""
        try:
            return _READ_VALUE[self.type](text)
        except ValueError:
            message = f"parameter {self.name} must be a {self.type} such as {self.example}, not {text!r}"
            raise SavedQueryError(message) from None

    def literal(self, text: str) -> str:
        """The value a caller typed as Athena writes it in a query; raises SavedQueryError."""
        value = self.read(text)
        if isinstance(value, str):
            return "'" + value.replace("'", "''") + "'"
        return f"DATE '{value}'" if isinstance(value, date) else repr(value)


class ReturnedColumn(_Strict):
    """One column of the answer; ``type`` is Athena's name of it."""

    name: Text
    type: Literal["string", "int", "bigint", "double", "boolean", "date", "timestamp"]
    description: Text


class Metadata(_Strict):
    """What a query answers, what it reads, takes and returns; ``description`` says what the numbers do not mean too."""

    title: Text
    description: Text
    reads: Annotated[list[Text], Field(min_length=1)]
    parameters: list[Parameter]
    returns: Annotated[list[ReturnedColumn], Field(min_length=1)]


class Case(_Strict):
    """Given these rows and this day as current_date, the query returns exactly these rows in this order.

    ``given`` holds, per table, only the columns that matter; the others are null, and the columns
    derived from event_time follow it, and snapshot_date follows snapshot_time.
    """

    name: Text
    today: date
    given: dict[str, list[dict[str, Any]]]
    parameters: dict[str, str]
    expect: list[dict[str, Any]]


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

    def as_of(self, day: date) -> str:
        """The text for Athena with ``day`` in place of current_date: its answer depends on the lake alone."""
        return self._filled(f"DATE '{day}'")

    def _filled(self, current_date: str) -> str:
        parameters = iter(self.metadata.parameters)

        def filled(found: re.Match[str]) -> str:
            if found[0].lower() == "current_date":
                return current_date
            parameter = next(parameters, None) if found[0] == "?" else None
            return found[0] if parameter is None or parameter.default is None else parameter.literal(parameter.default)

        return _REPLACEABLE.sub(filled, self.sql)


# libyaml reads a folder ten times faster, but not every installation of PyYAML has it.
_SafeLoader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_Checked = TypeVar("_Checked")


def read_text(path: Folder) -> str:
    """The text of one file of a folder; raises SavedQueryError."""
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        names = "query.sql, metadata.yaml, cases.yaml; a view has view.sql, metadata.yaml"
        raise SavedQueryError(f"{path} is missing: a saved query has {names}") from None
    except UnicodeDecodeError as error:
        raise SavedQueryError(f"{path} is not UTF-8 at byte {error.start}") from None


def read_yaml(path: Folder, model: TypeAdapter[_Checked]) -> _Checked:
    """The content of one YAML file of a folder, as the model wants it; raises SavedQueryError."""
    try:
        content = yaml.load(read_text(path), Loader=_SafeLoader)
    except yaml.YAMLError as error:
        raise SavedQueryError(f"{path} is not YAML: {' '.join(str(error).split())}") from None
    try:
        return model.validate_python(content)
    except ValidationError as error:
        raise SavedQueryError(f"{path}: {_sentence(error.errors()[0])}") from None


def _sentence(error: ErrorDetails) -> str:
    where = ".".join(str(step) for step in error["loc"]) or "the document"
    if error["type"] == "missing":
        return f"key {where} is missing"
    if error["type"] == "extra_forbidden":
        return f"key {where} is not one of the allowed keys"
    return f"{where}: {error['msg'][0].lower()}{error['msg'][1:]}, got {error['input']!r}"


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
