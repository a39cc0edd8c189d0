"""Write the documents of all summaries: first those of a run's hits, then the run's own, which marks it as complete.

A repeated export skips runs whose document exists. It reads that document only if the summary was ingested more than
once, to find out which version the document belongs to.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any

import pyarrow as pa

from glue_jobs.lake import Lake, LoadedTable
from glue_jobs.progress import Reporter, counted
from glue_jobs.publish.published_file import JSON, remove_unfinished
from glue_jobs.publish.run_json.documents import RUN_FOLDER, document, hit_documents, hit_folders, root
from glue_jobs.publish.run_json.runs import StoredRuns
from glue_jobs.sources.run_summary.kinds import KINDS, Kind
from glue_jobs.sources.run_summary.table import RUN_SUMMARY
from glue_jobs.storage import Entry, Storage, storage_for
from glue_jobs.tables.model import Table

# Each writer waits for the storage most of the time.
REMOTE_WRITERS, FOLDER_WRITERS = 64, 8

Row = dict[str, Any]


@dataclass
class Exported:
    """The result of an export to ``folder``; ``unchanged`` counts the runs that already had their documents."""

    folder: str
    runs: int = 0
    documents: int = 0
    unchanged: int = 0

    @property
    def sentence(self) -> str:
        """The result as a sentence."""
        were = f"{counted(self.unchanged, 'run')} {'was' if self.unchanged == 1 else 'were'}"
        before = f"; {were} there already" if self.unchanged else ""
        are = "is" if self.documents == 1 else "are"
        return f"{counted(self.documents, 'document')} of {counted(self.runs, 'run')} {are} in {self.folder}{before}"


def export_run_json(lake: Lake, folder: str, reporter: Reporter) -> Exported:
    """Write the JSON documents of all run summaries below ``folder``.

    Raises:
        ArgumentError: the folder is among the lake's own files.
        LakeError: the lake has no run summaries, or cannot be read.
        StorageError: the folder cannot be written to; a repeated export resumes where this one stopped.
    """
    folder = folder.rstrip("/")
    lake.refuse_own(folder)
    exported, storage = Exported(folder), storage_for(folder)
    # The ledger is loaded first, so the tables loaded after it contain everything it names.
    stored = StoredRuns.load(lake)
    register = lake.load(RUN_SUMMARY)
    with ThreadPoolExecutor(REMOTE_WRITERS if storage.remote else FOLDER_WRITERS) as pool:
        for kind in KINDS:
            tables = [lake.load(table) for table in kind.tables]
            batches = stored.batches(register, kind)
            done = _Present(storage.list(f"{root(folder, kind)}/{RUN_FOLDER}/"))
            with reporter.progress(f"{kind.name} summaries") as progress:
                for number, (first, last) in enumerate(batches, 1):
                    present = done.up_to(f"{root(folder, kind)}/{RUN_FOLDER}/{last}.json")
                    summaries = _summaries(kind, register, tables, stored, (first, last))
                    write = partial(_write, storage, root(folder, kind), kind, present)
                    for documents in pool.map(write, summaries):
                        exported.runs += documents > 0
                        exported.unchanged += documents == 0
                        exported.documents += documents
                    progress(number, len(batches))
            remove_unfinished(f"{root(folder, kind)}/{name}/" for name in (RUN_FOLDER, *hit_folders(kind)))
    return exported


@dataclass(frozen=True)
class _Summary:
    """A summary with its rows by table; ``is_newer`` if there may be documents of an older version."""

    run: Row
    hits: Mapping[Table, Sequence[Row]]
    is_newer: bool


class _Present:
    """The run documents that exist already; they are listed once, in the order of the runs."""

    def __init__(self, entries: Iterator[Entry]) -> None:
        self._entries = entries
        self._next: str | None = ""

    def up_to(self, last: str) -> set[str]:
        """The addresses after those of the last call, up to ``last``."""
        found = set()
        while self._next is not None and self._next <= last:
            found.add(self._next)
            entry = next(self._entries, None)
            self._next = entry.address if entry else None
        return found


def _summaries(
    kind: Kind, register: LoadedTable, tables: Sequence[LoadedTable], stored: StoredRuns, runs: tuple[str, str]
) -> Iterator[_Summary]:
    """The complete summaries of a kind, from the first to the last of ``runs``.

    A summary that is replaced during the read does not have the number of rows it states; the next export writes it.
    """
    by_table = {loaded.table: _by_run(loaded, runs) for loaded in tables}
    for row in register.rows_between(tuple(RUN_SUMMARY.arrow_schema.names), "run_id", *runs).to_pylist():
        if row["kind"] != kind.name or row["ingest_run_id"] not in stored.ingest_runs:
            continue
        key = (row["run_id"], row["ingest_run_id"])
        rows = {table: found.get(key, []) for table, found in by_table.items()}
        if sum(map(len, rows.values())) != row["rows"]:
            continue
        (comment, *_) = [*rows.pop(kind.comment.table), dict.fromkeys(kind.comment.table.record)]
        values = {**comment, "run_id": row["run_id"], "kind": kind.name, "rows": row["rows"]}
        values |= {"rejected": row["rejected"], "ingest_run_id": row["ingest_run_id"]}
        yield _Summary(values, rows, stored.was_replaced(kind, row["run_id"]))


def _by_run(loaded: LoadedTable, runs: tuple[str, str]) -> dict[tuple[str, str], list[Row]]:
    """The rows by run and ingest run, without the columns on their origin."""
    names = (*loaded.table.record, "ingest_run_id")
    rows: pa.Table = loaded.rows_between(names, "run_id", *runs).select(names)
    found: dict[tuple[str, str], list[Row]] = {}
    for row in rows.to_pylist():
        found.setdefault((row["run_id"], row.pop("ingest_run_id")), []).append(row)
    return found


def _write(storage: Storage, folder: str, kind: Kind, present: set[str], summary: _Summary) -> int:
    """Write the documents of a summary unless they exist; returns the number of documents written."""
    run = summary.run["run_id"]
    last = f"{folder}/{RUN_FOLDER}/{run}.json"
    if last in present:
        if not summary.is_newer or _is_of(storage.get(last), summary.run["ingest_run_id"]):
            return 0
        # While documents of two versions coexist, none may mark the run as complete.
        storage.delete([last])
    documents = {f"{folder}/{name}": text for name, text in hit_documents(run, summary.hits)}
    for address, text in documents.items():
        storage.put(address, text, JSON)
    if summary.is_newer:
        older = [each.address for name in hit_folders(kind) for each in storage.list(f"{folder}/{name}/{run}_")]
        storage.delete([address for address in older if address not in documents])
    storage.put(last, document(summary.run), JSON)
    return len(documents) + 1


def _is_of(text: bytes, ingest_run: str) -> bool:
    try:
        return bool(json.loads(text)["ingest_run_id"] == ingest_run)
    except (ValueError, KeyError, TypeError):
        return False
