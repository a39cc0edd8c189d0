"""A table for tests that need only its notes."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any


def noted(notes: dict[str, str] | None = None) -> Any:
    """A table with these notes."""
    return SimpleNamespace(note=(notes or {}).get)
