"""Find and read the files of saved queries and views, and check their content."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar
from zipfile import Path as ZipPath

import yaml
from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from glue_jobs.errors import ArgumentError, UsageLakeError

Folder = Path | ZipPath


def _queries() -> Folder:
    package, root = Path(__file__).parents[2], Path(__file__).parents[3]
    # Glue imports the library from a zip file without unpacking it.
    if root.is_file():
        return ZipPath(root, "queries/")
    installed = package / "queries"
    return installed if installed.is_dir() else root / "queries"


QUERIES = _queries()
VIEWS = "views"
"""The folder below QUERIES that holds the views, see :mod:`glue_jobs.query.saved.view`."""


class SavedQueryError(UsageLakeError):
    """A query folder or a parameter has a mistake; the message is one line that names it."""


class QueryArgumentError(SavedQueryError, ArgumentError):
    """A caller named an unknown query, or a parameter is missing, unknown or wrong."""


# libyaml is ten times as fast, but not every installation of PyYAML includes it.
_SafeLoader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_Checked = TypeVar("_Checked")


def read_text(path: Folder) -> str:
    """The text of a file; raises SavedQueryError."""
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        names = "query.sql, metadata.yaml, cases.yaml; a view has view.sql, metadata.yaml"
        raise SavedQueryError(f"{path} is missing: a saved query has {names}") from None
    except UnicodeDecodeError as error:
        raise SavedQueryError(f"{path} is not UTF-8 at byte {error.start}") from None


def read_yaml(path: Folder, model: TypeAdapter[_Checked]) -> _Checked:
    """The content of a YAML file, validated by the model; raises SavedQueryError."""
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
