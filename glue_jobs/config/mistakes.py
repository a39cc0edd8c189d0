"""Mistakes of the configuration file: where they are, and what is wrong there in words."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

from pydantic_core import ErrorDetails

from glue_jobs.errors import UsageLakeError

Path = tuple[Hashable, ...]
"""The keys and numbers that lead to a value of the file, from the outside in."""


class ConfigError(UsageLakeError):
    """One sentence: the file, the line, what is wrong there and what is allowed."""


@dataclass(frozen=True)
class Place:
    """Where a value stands in the file, and its text as written (None for lists and mappings)."""

    line: int
    raw: str | None


class Mistake(Exception):
    """What is wrong with the YAML of the file, and the line where it is."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line


def place_of(error: ErrorDetails, places: dict[Path, Place]) -> Place:
    """Where the value stands that pydantic means, or the nearest part around it that is in the file."""
    path: Path = ()
    extra = (error["ctx"]["key"],) if error["type"] == "unknown_key" else ()
    for step in (*error["loc"], *extra):
        path = (*path, step) if (*path, step) in places else path
    return places.get(path, Place(1, None))


def what_is_wrong(error: ErrorDetails, place: Place | None) -> str:
    """The mistake in words, without file and line."""
    steps = [step for step in error["loc"] if not str(step).endswith((" entry", "[key]"))]
    names = [step for step in steps if isinstance(step, str)]
    what = f"'{names[-1]}'" if names else "the file"
    if steps and isinstance(steps[-1], int):
        what = f"an entry of {what}"
    context = error.get("ctx", {})
    match error["type"]:
        case "unknown_key":
            return f"'{context['key']}' is not known here; allowed: {context['allowed']}"
        case "missing":
            return f"{what} is missing"
        case "string_type" if place and place.raw and error["input"] is not None:
            return f'{what} must be text, and without quotes this is not; write it in quotes: "{place.raw}"'
        case "string_type" | "string_too_short":
            return f"{what} must be text, and there is none"
        case "float_type" | "finite_number" | "greater_than_equal":
            return f"{what} must be a number of US dollars, 0 or more, without quotes"
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
