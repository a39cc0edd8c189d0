"""How many keys a store handles at a time."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """Sizes of pages and requests: what S3 allows in one ListObjectsV2 and one DeleteObjects request."""

    keys_per_page: int = 1000
    keys_per_delete: int = 1000


LIMITS = Limits()
