"""How many keys and bytes a store handles at a time."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """Sizes of pages, requests and writes.

    ``keys_per_page`` and ``keys_per_delete`` are what S3 allows in one ListObjectsV2 and one DeleteObjects request. A
    file is handed to the operating system every ``bytes_per_write`` bytes, and synced every ``bytes_per_sync`` bytes.
    """

    keys_per_page: int = 1000
    keys_per_delete: int = 1000
    bytes_per_write: int = 2**20
    bytes_per_sync: int = 4 * 2**20


LIMITS = Limits()
