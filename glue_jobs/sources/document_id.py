"""The identity of a document, by which a newer object replaces the rows of an older one."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class DocumentId:
    """The identity of a document: a newer document with the same kind and ``run_id`` replaces it."""

    kind: str
    run_id: str
