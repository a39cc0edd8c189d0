"""What an object is about, where a newer object on the same replaces its rows."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class DocumentId:
    """What a document is about: a document of the same kind and number replaces it."""

    kind: str
    run_id: str
