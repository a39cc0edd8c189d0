"""A staged run: all that its tasks produced from the new raw objects, before any reader sees it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from glue_jobs.errors import UnreadableObjectError
from glue_jobs.ingest.staging.change import Change
from glue_jobs.ingest.staging.invalid_snapshots import InvalidSnapshot
from glue_jobs.ingest.staging.object_counts import ObjectCounts
from glue_jobs.read.raw_object import RawObject
from glue_jobs.tables.model import Table


@dataclass(frozen=True)
class StagedRun:
    """The result of staging.

    ``ingested`` are the raw objects whose records are in ``changes``; that mapping has the pipeline's own table first.
    ``unreadable`` has, by address, those that cannot be read now. ``duplicates`` counts, by raw object, the rows that
    were dropped after ``counts`` were taken. ``moved_rows`` is the number of rows in the new files that come from
    stored files which the changes remove. The commit sets the ``notes`` on the pipeline's table. ``record_tables`` are
    tables with records besides the pipeline's, which are known only from the objects.
    """

    ingested: list[RawObject]
    changes: dict[Table, Change]
    counts: list[ObjectCounts]
    duplicates: Counter[str] = field(default_factory=Counter)
    unreadable: dict[str, UnreadableObjectError] = field(default_factory=dict)
    moved_rows: int = 0
    invalid_snapshots: list[InvalidSnapshot] = field(default_factory=list)
    notes: Mapping[str, str] = field(default_factory=dict)
    record_tables: tuple[Table, ...] = ()
