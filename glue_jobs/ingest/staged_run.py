"""What the tasks of a run made of its new objects, before any of it is visible."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from glue_jobs.ingest.chunk_task import ObjectCounts
from glue_jobs.ingest.commit import Change
from glue_jobs.ingest.snapshots.invalid_snapshots import InvalidSnapshot
from glue_jobs.read.raw_object import RawObject
from glue_jobs.tables.model import Table


@dataclass(frozen=True)
class StagedRun:
    """``found`` are the objects that were ingested; ``changes`` has the rows' table first."""

    found: list[RawObject]
    changes: dict[Table, Change]
    counts: list[ObjectCounts]
    duplicates: Counter[str] = field(default_factory=Counter)
    invalid_snapshots: list[InvalidSnapshot] = field(default_factory=list)
