"""Write the files of reports, and describe them for the manifest."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from glue_jobs.storage import storage_for
from glue_jobs.storage.folder import remove_unfinished_since

SECONDS_PER_DAY = 86400

CSV, TSV = "text/csv; charset=utf-8", "text/tab-separated-values; charset=utf-8"
HTML, TEXT = "text/html; charset=utf-8", "text/plain; charset=utf-8"
JSON, YAML = "application/json", "application/yaml"


@dataclass(frozen=True)
class PublishedFile:
    """One file in the manifest; ``rows`` counts the rows of the query's result, without the header."""

    name: str
    query: str | None
    rows: int | None
    bytes: int
    sha256: str


def write_file(folder: str, name: str, text: str, content_type: str) -> PublishedFile:
    """Write one file below ``folder``, completely or not at all.

    Raises:
        StorageError: the folder cannot be written to.
    """
    address, data = f"{folder}/{name}", text.encode()
    storage_for(address).put(address, data, content_type)
    return described(name, data)


def remove_unfinished(addresses: Iterable[str]) -> None:
    """Remove what programs that were killed long ago left half-written beside the files at these addresses."""
    for folder in {address.rpartition("/")[0] for address in addresses}:
        if not storage_for(folder).remote:
            remove_unfinished_since(Path(f"{folder}/"), SECONDS_PER_DAY)


def described(name: str, data: bytes) -> PublishedFile:
    """A file with this content, for the manifest."""
    return PublishedFile(name, None, None, len(data), hashlib.sha256(data).hexdigest())
