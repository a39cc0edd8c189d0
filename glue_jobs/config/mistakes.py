"""Mistakes in the configuration file: the line of each, and a sentence that describes it."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

from pydantic_core import ErrorDetails

from glue_jobs.errors import UsageLakeError

Path = tuple[Hashable, ...]
"""The keys and list indexes that lead to a value in the file, from the outside in."""


class ConfigError(UsageLakeError):
    """A mistake in the configuration; the message names the file and the line, what is wrong and what is allowed."""


@dataclass(frozen=True)
class Place:
    """The line of a value in the file, and its text as written (None for lists and mappings)."""

    line: int
    raw: str | None


class Mistake(Exception):
    """A mistake in the YAML of the file, with its line."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line


def place_of(error: ErrorDetails, places: dict[Path, Place]) -> Place:
    """The place of the value that a pydantic error is about, or of the closest enclosing part of the file."""
    path: Path = ()
    extra = (error["ctx"]["key"],) if error["type"] == "unknown_key" else ()
    for step in (*error["loc"], *extra):
        path = (*path, step) if (*path, step) in places else path
    return places.get(path, Place(1, None))


def describe(error: ErrorDetails, place: Place | None) -> str:
    """A sentence about the mistake, without file and line."""
    steps = [step for step in error["loc"] if not str(step).endswith((" entry", "[key]"))]
    names = [step for step in steps if isinstance(step, str)]
    what = f"'{names[-1]}'" if names else "the file"
    if steps and isinstance(steps[-1], int):
        what = f"an entry of {what}"
    context = error.get("ctx", {})
    match error["type"]:
        case "unknown_key":
            return f"'{context['key']}' is unknown; allowed: {context['allowed']}"
        case "missing":
            return f"{what} is missing"
        case "string_type" if place and place.raw and error["input"] is not None:
            return f'{what} must be text, which this is not without quotes; write "{place.raw}"'
        case "string_type" | "string_too_short":
            return f"{what} must be text, but it is empty"
        case "int_type":
            return f"{what} must be a whole number without quotes"
        case "greater_than_equal":
            return f"{what} must be a whole number, {context['ge']} or more, without quotes"
        case "float_type":
            return f"{what} must be a number of US dollars, 0 or more, without quotes"
        case "too_short":
            return f"{what} must have at least {context['min_length']} entry"
        case "literal_error":
            return f"{what} must be one of {context['expected']}"
        case "tuple_type":
            return f"{what} must be a list (lines that start with '- ')"
        case "model_type" | "model_attributes_type" | "mapping_type" | "dict_type":
            return f"{what} must be a mapping (lines such as 'name: value')"
        case "value_error":
            return f"{what}: {context['error']}"
        case "kind":
            return f"{what} {error['msg']}"
        case _:
            return f"{what}: {error['msg']}"
