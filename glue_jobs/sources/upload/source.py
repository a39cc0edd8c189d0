"""Uploads: how their objects are found, and the table that each belongs to."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import unquote

from glue_jobs.progress import printable
from glue_jobs.read.parsed import DocumentId
from glue_jobs.read.raw_object import RawObject, Skipped
from glue_jobs.sources.layouts.discovery import raw_prefix
from glue_jobs.sources.upload.names import safe_name
from glue_jobs.storage import Storage

FOLDER = "data/"
"""Uploads are below this folder of the raw zone."""

DEFAULT_TABLE = "processed_table"
"""The table of objects that are directly in `FOLDER`."""

NO_VALUE = "__HIVE_DEFAULT_PARTITION__"
"""What Hive and Spark write into the name of a folder for null."""

# The most reports on folders that share a table.
MAX_FOLDERS_TOLD = 3


def upload_folder(storage: Storage, raw: str) -> str:
    """The prefix of the addresses of all uploads below ``raw``.

    A folder named data is the prefix itself, and so is a local folder without a subfolder of that name.
    """
    folder = f"{raw.rstrip('/')}/"
    if folder.endswith(f"/{FOLDER}"):
        return folder
    is_itself = not storage.remote and not any(True for _ in storage.list(f"{folder}{FOLDER}"))
    return folder if is_itself else f"{folder}{FOLDER}"


def table_of(folder: str, address: str) -> str:
    """The name of the table of an upload: that of the first folder below ``folder``, or `DEFAULT_TABLE`."""
    name = _top(address.removeprefix(folder))
    return safe_name(name) if name else DEFAULT_TABLE


def _top(path: str) -> str:
    """The folder that names the table; empty if there is none, or if it is one of `folder_values`."""
    name, slash, _ = path.partition("/")
    return name if slash and not folder_values(path[: len(name) + 1]) else ""


def folder_values(path: str) -> dict[str, str | None]:
    """The fields that the folders of a path give to all rows below them, as Hive and Spark write them: year=2024."""
    pairs = [part.partition("=") for part in path.split("/")[:-1]]
    named = {unquote(name): unquote(value) for name, sign, value in pairs if name and sign}
    return {name: None if value == NO_VALUE else value for name, value in named.items()}


def upload_id(address: str) -> DocumentId:
    """The identity of an upload is its address: only a newer object at the same address replaces it."""
    return DocumentId("", address)


def list_uploads(storage: Storage, raw: str, skipped: Skipped) -> Iterator[RawObject]:
    """The uploads below ``raw``. Names that begin with a dot or an underscore are skipped: programs use them.

    Raises:
        ArgumentError: ``raw`` is a folder without objects.
        StorageError: it cannot be listed.
    """
    skipped.takeable = False
    raw_prefix(storage, raw, skipped)
    folder = upload_folder(storage, raw)
    tables: dict[str, str] = {}
    for entry in storage.list(folder):
        path = entry.address.removeprefix(folder)
        # The AWS console creates an object with a slash at its end for an empty folder.
        if not path or path.endswith("/") or any(part.startswith((".", "_")) for part in path.split("/")):
            continue
        top = _top(path)
        table = table_of(folder, entry.address)
        if tables.setdefault(table, top) != top and len(skipped.sentences) < MAX_FOLDERS_TOLD:
            told = f"the table {table} has the rows of several folders, {printable(tables[table] or FOLDER)} and"
            sentence = f"{told} {printable(top or FOLDER)}"
            if sentence not in skipped.sentences:
                skipped.sentences.append(sentence)
        yield RawObject(entry, None)
