"""Run summaries: which objects they are, and what their names tell."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from glue_jobs.progress import printable
from glue_jobs.read.parsed import ParsedDocument
from glue_jobs.read.raw_object import RawObject, Skipped
from glue_jobs.sources.layouts.discovery import raw_prefix
from glue_jobs.sources.pipeline import DocumentId
from glue_jobs.sources.run_summary.kinds import KINDS, RUN, Kind
from glue_jobs.sources.run_summary.parser import parse_summary
from glue_jobs.storage import Entry, Storage

ABSENT = "an index names the run, and there is no object of it"

_BY_NAME = {kind.name: kind for kind in KINDS}

# Of wrong names in an index this many are shown.
MAX_NAMES_SHOWN = 3


def list_summaries(storage: Storage, raw: str, skipped: Skipped) -> Iterator[RawObject]:
    """The summaries that the index objects below ``raw`` name, and all summaries of a kind without an index.

    A run that is named and has no object is yielded as unreadable, so that later runs look for it again.

    Raises:
        ArgumentError: ``raw`` is a folder without objects.
        StorageError: it cannot be listed, or an index cannot be read.
    """
    skipped.takeable = False
    prefix = raw_prefix(storage, raw, skipped)
    prefix = f"{prefix.rstrip('/')}/"
    for kind in KINDS:
        index = f"{prefix}{kind.index}"
        named = _named_runs(storage, index, skipped)
        folder = f"{prefix}{kind.folder}/"
        for entry in storage.list(folder):
            run = entry.address.removeprefix(folder).removesuffix(kind.suffix)
            if entry.address != f"{folder}{run}{kind.suffix}" or not RUN.fullmatch(run):
                skipped.add(entry.address)
            elif named is None:
                yield RawObject(entry, None)
            elif run in named:
                del named[run]
                yield RawObject(entry, None)
        for run in named or ():
            yield RawObject(Entry(f"{folder}{run}{kind.suffix}", 0, "", datetime(1970, 1, 1), ABSENT), None)


def _named_runs(storage: Storage, index: str, skipped: Skipped) -> dict[str, None] | None:
    """The runs of an index in their order, None if there is no index; ``skipped`` gets a sentence on other names."""
    if not any(entry.address == index for entry in storage.list(index)):
        return None
    named: dict[str, None] = {}
    refused = 0
    for number, line in enumerate(storage.get(index).decode("utf-8", "backslashreplace").split("\n"), 1):
        name = line.removesuffix("\r")
        if RUN.fullmatch(name):
            named[name] = None
        elif name:
            refused += 1
            if refused <= MAX_NAMES_SHOWN:
                skipped.sentences.append(f"line {number} of {index} is refused: {printable(name)[:80]} names no run")
    if refused > MAX_NAMES_SHOWN:
        skipped.sentences.append(f"{refused:,} lines of {index} are refused in all")
    return named


def summary_id(address: str) -> DocumentId:
    """The kind and the run of the summary at the address."""
    folder, name = address.rsplit("/", 2)[1:]
    kind = next(kind for kind in KINDS if kind.folder == folder)
    return DocumentId(kind.name, name.removesuffix(kind.suffix))


def parse_run_summary(document: DocumentId, data: bytes) -> ParsedDocument:
    """The rows of a summary."""
    kind: Kind = _BY_NAME[document.kind]
    return parse_summary(kind, document.run_id, data)
