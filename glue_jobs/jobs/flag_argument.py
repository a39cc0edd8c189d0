"""Arguments that are true or false."""

from __future__ import annotations

from collections.abc import Mapping

from glue_jobs.errors import ArgumentError


def flag_argument(values: Mapping[str, str], name: str) -> bool:
    """The value of the argument ``name``; false when it is absent.

    Raises:
        ArgumentError: it is neither true nor false.
    """
    text = values.get(name, "false")
    if text.lower() not in ("true", "false"):
        raise ArgumentError(f"{name} is true or false, not {text!r}")
    return text.lower() == "true"
