"""Snapshots that cannot be had as they were promised: told of by every run, recorded by the first that meets them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from glue_jobs.ingest.data_files import NewFile
from glue_jobs.ingest.task_context import TaskContext, rejected_rows, write_partitions
from glue_jobs.lake import LoadedTable
from glue_jobs.read.parsed import Rejected
from glue_jobs.read.raw_object import RawObject
from glue_jobs.sources.pipeline import Pipeline
from glue_jobs.tables.rejected_record import REJECTED_RECORD

# In the summary of every snapshot of rows: the refused ones by address, and a mark of what was said of them.
REFUSED = "usage-lake.refused-snapshots"
MOST_NOTED = 500


@dataclass(frozen=True)
class InvalidSnapshot:
    """A snapshot that is not in the lake, and why; ``known`` when an earlier run has said so already."""

    found: RawObject
    reason: str
    known: bool

    def __str__(self) -> str:
        return f"refused {self.found.entry.address.rpartition('/')[0]}/: {self.reason}"


def invalid_snapshots(rows: LoadedTable, new: Iterable[RawObject], reasons: Mapping[str, str]) -> list[InvalidSnapshot]:
    """Those of the manifests that ``reasons`` has, by their addresses."""
    noted = _noted(rows)
    refused = [(found, reasons[found.entry.address]) for found in new if found.entry.address in reasons]
    return [
        InvalidSnapshot(found, reason, noted.get(found.entry.address) == _mark(found, reason))
        for found, reason in refused
    ]


def rejected_files(context: TaskContext[Pipeline], refused: Iterable[InvalidSnapshot]) -> list[NewFile]:
    """Data files of ``rejected_record`` with those that no earlier run has recorded."""
    told = [
        (each.found.entry.address, Rejected(0, f"The snapshot is refused: {each.reason}.", b""))
        for each in refused
        if not each.known
    ]
    return write_partitions(context, REJECTED_RECORD, rejected_rows(context, told)) if told else []


def invalid_snapshots_summary(
    rows: LoadedTable, taken: Iterable[RawObject], refused: Iterable[InvalidSnapshot]
) -> dict[str, str]:
    """What the commit of a run says of refused snapshots: its own ones, and earlier ones that it has not ``taken``."""
    addresses = {found.entry.address for found in taken}
    noted = {address: mark for address, mark in _noted(rows).items() if address not in addresses}
    noted |= {each.found.entry.address: _mark(each.found, each.reason) for each in refused}
    return {REFUSED: json.dumps(dict(sorted(noted.items())[-MOST_NOTED:]))}


def _noted(rows: LoadedTable) -> dict[str, str]:
    text = next((summary[REFUSED] for summary in rows.summaries() if REFUSED in summary), "{}")
    noted: dict[str, str] = json.loads(text)
    return noted


def _mark(found: RawObject, reason: str) -> str:
    return hashlib.sha256(f"{found.entry.etag} {reason}".encode()).hexdigest()[:16]
