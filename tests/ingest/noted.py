"""A table of which a test needs no more than its notes."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any


def noted(notes: dict[str, str] | None = None) -> Any:
    """A table with these notes."""
    return SimpleNamespace(note=(notes or {}).get)
