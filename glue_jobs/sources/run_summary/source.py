"""Run summaries: how their objects are found, and the kind and run in their names."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from glue_jobs.read.parsed import DocumentId, ParsedDocument, ParsedDocuments, Positions
from glue_jobs.read.raw_object import RawObject, Skipped
from glue_jobs.sources.layouts.discovery import raw_prefix
from glue_jobs.sources.run_summary.fast_path import parse_summaries
from glue_jobs.sources.run_summary.index import named_runs
from glue_jobs.sources.run_summary.kinds import KINDS, RUN, Kind
from glue_jobs.sources.run_summary.parser import parse_summary
from glue_jobs.storage import Entry, Storage

ABSENT = "an index names the run, and there is no object of it"

_BY_NAME = {kind.name: kind for kind in KINDS}


def list_summaries(storage: Storage, raw: str, skipped: Skipped) -> Iterator[RawObject]:
    """The summaries that the index objects below ``raw`` name, and all summaries of a kind without an index.

    A run that is named but has no object is yielded as unreadable, so that later ingest runs look for it again.

    Raises:
        ArgumentError: ``raw`` is a folder without objects.
        StorageError: it cannot be listed, or an index cannot be read.
    """
    skipped.takeable = False
    prefix = raw_prefix(storage, raw, skipped)
    prefix = f"{prefix.rstrip('/')}/"
    for kind in KINDS:
        folder = f"{prefix}{kind.folder}/"
        # The index and the listing are both sorted, so only the index has to be held in memory.
        waiting = named_runs(storage, f"{prefix}{kind.index}", skipped)
        run = next(waiting, None) if waiting else None
        for entry in storage.list(folder):
            found = entry.address.removeprefix(folder).removesuffix(kind.suffix)
            if entry.address != f"{folder}{found}{kind.suffix}" or not RUN.fullmatch(found):
                skipped.add(entry.address)
                continue
            while waiting and run is not None and run < found:
                yield _absent(f"{folder}{run}{kind.suffix}")
                run = next(waiting, None)
            if waiting is None or run == found:
                yield RawObject(entry, None)
            if waiting and run == found:
                run = next(waiting, None)
        while waiting and run is not None:
            yield _absent(f"{folder}{run}{kind.suffix}")
            run = next(waiting, None)


def _absent(address: str) -> RawObject:
    return RawObject(Entry(address, 0, "", datetime(1970, 1, 1), ABSENT), None)


def summary_id(address: str) -> DocumentId:
    """The kind and the run of the summary at the address."""
    folder, name = address.rsplit("/", 2)[1:]
    kind = next(kind for kind in KINDS if kind.folder == folder)
    return DocumentId(kind.name, name.removesuffix(kind.suffix))


def parse_run_summaries(documents: Sequence[DocumentId], data: bytes, starts: Positions) -> ParsedDocuments:
    """The rows of the summaries that begin at ``starts``."""
    return parse_summaries([(_BY_NAME[each.kind], each.run_id) for each in documents], data, starts)


def parse_run_summary(document: DocumentId, data: bytes) -> ParsedDocument:
    """The rows of a summary, from the slow reference parser."""
    kind: Kind = _BY_NAME[document.kind]
    return parse_summary(kind, document.run_id, data)
