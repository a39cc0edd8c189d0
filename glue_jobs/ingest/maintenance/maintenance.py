"""The maintenance of the lake that each run does besides ingesting. Its errors never stop the ingestion.

Reasons and bounds: docs/decisions/0032-compaction-and-orphans.md.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from glue_jobs.errors import UsageLakeError
from glue_jobs.ingest.maintenance.old_days import OldDays, compact_old_days, find_old_days
from glue_jobs.ingest.maintenance.orphan_files import delete_orphan_files
from glue_jobs.ingest.run_tables import RunTables
from glue_jobs.progress import Reporter
from glue_jobs.sources.pipeline import Pipeline

if TYPE_CHECKING:
    from glue_jobs.lake import Lake


@dataclass
class Maintenance:
    """The maintenance by one run. ``runs`` is the folder of its pipeline's runs; its commits set the ``notes``."""

    lake: Lake
    pipeline: Pipeline
    runs: str
    now: datetime
    reporter: Reporter
    old_days: OldDays = field(default_factory=OldDays)
    notes: dict[str, str] = field(default_factory=dict)

    def begin(self, tables: RunTables) -> None:
        """Before the run discovers objects: find days to compact, and delete orphan files."""
        try:
            self.old_days = find_old_days(self.lake, self.pipeline, tables.rows)
            tables.know(self.old_days.locations)
            self.notes |= self.old_days.notes
            self.notes |= delete_orphan_files(self.lake, self.pipeline, tables.rows, self.runs, self.now, self.reporter)
        except UsageLakeError as error:
            self.reporter.say(f"the next run puts the lake in order: {error}")

    def end(self, tables: RunTables, has_committed: bool) -> None:
        """After all commits of the run, if any: compact the days that were found."""
        try:
            if self.old_days.is_any:
                compact_old_days(self.lake, self.pipeline, self.old_days, self.runs, self.now, self.reporter)
            elif self.old_days.is_much and not has_committed:
                tables.rows.append([], {}, notes=self.notes)
        except UsageLakeError as error:
            self.reporter.say(f"small files of earlier days wait for the next run: {error}")
