"""One run of a pipeline, top to bottom: discover raw objects, subtract ingested ones, stage the rest, commit."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import TypeVar

from glue_jobs.enrich.reference_data import ReferenceData
from glue_jobs.enrich.subscribers import keep_names
from glue_jobs.errors import ArgumentError, LakeError, UsageLakeError
from glue_jobs.ingest.commit import Change, commit_run, finish_others
from glue_jobs.ingest.data_files import NewFile
from glue_jobs.ingest.ledger import Totals, ledger_rows, not_ingested, totals
from glue_jobs.ingest.request import IngestRequest, RunSummary
from glue_jobs.ingest.snapshots.stage_snapshots import stage_snapshots
from glue_jobs.ingest.stage_events import stage_events
from glue_jobs.ingest.staged_run import StagedRun
from glue_jobs.ingest.staging import Heartbeat, RunFolder, new_run
from glue_jobs.ingest.task_context import TaskContext, write_partitions
from glue_jobs.ingest.watermark import updated_watermark, window_start
from glue_jobs.lake import LoadedTable
from glue_jobs.progress import Reporter
from glue_jobs.read.raw_object import RawObject, Skipped, Window
from glue_jobs.sources.pipeline import EventPipeline, Pipeline, SnapshotPipeline
from glue_jobs.sources.pipelines import TABLES
from glue_jobs.storage import storage_for
from glue_jobs.tables.ingested_object import INGESTED_OBJECT
from glue_jobs.tables.rejected_record import REJECTED_RECORD
from glue_jobs.workers.gc_pause import gc_paused

NOTHING = Totals(0, 0, 0, 0, 0, 0)

# Properties of the snapshots of the lake's tables begin with this.
PROPERTY_PREFIX = "usage-lake."

AnyPipeline = TypeVar("AnyPipeline", bound=Pipeline)


def ingest(request: IngestRequest, reporter: Reporter) -> RunSummary:
    """Ingest the new raw objects, each exactly once, however often a run is killed or started twice.

    Raises:
        UsageLakeError: the run cannot go on; readers see nothing of it.
        LostRaceError: another run of the pipeline committed first; nothing of this run is stored.
    """
    now = datetime.now(UTC).replace(tzinfo=None)
    lake, pipeline = request.lake, request.pipeline
    # Saved queries need every table, also those of sources that nobody ingests.
    for table in sorted(TABLES, key=lambda table: table not in pipeline.tables):
        lake.create(table)
    keep_names(lake, request.config)
    runs = f"{lake.location}/_runs/{lake.database}/{pipeline.name}"
    # Loaded before anything else: the commit at the end is refused if another run has committed since.
    rows = lake.load(pipeline.table)
    for sentence in finish_others(lake, rows, runs, now):
        reporter.say(sentence)
    listed, skipped = _discover(request, rows, reporter)
    new = not_ingested(lake, pipeline.name, listed)
    reporter.say(f"{len(listed):,} objects listed, {len(new):,} of them new")
    if not new:
        return RunSummary(None, len(listed), skipped, NOTHING, first_delivery=pipeline.first_delivery)
    folder = new_run(runs, now)
    with Heartbeat(folder) as heartbeat:
        run = _Run(request, rows, listed, new, folder, now, pipeline.reference_data(), reporter)
        sums, staged = run.stage_and_commit(heartbeat)
    return RunSummary(
        folder.run_id if _is_worth_storing(staged) else None,
        len(listed),
        skipped,
        sums,
        tuple(staged.invalid_snapshots),
    )


def _discover(request: IngestRequest, rows: LoadedTable, reporter: Reporter) -> tuple[list[RawObject], Skipped]:
    pipeline = request.pipeline
    days = pipeline.look_back_days if request.look_back_days is None else request.look_back_days
    window = Window(request.since or window_start(rows, request.raw, days), request.until)
    if window.since and window.until and window.until < window.since:
        raise ArgumentError(
            f"until {window.until} is before {window.since}, where this run would begin; give since too"
        )
    # Archives of earlier days may be added at any time, and a run that looks back a few days does not see them.
    hint = "; earlier days were listed before, --since lists them again" if window.since and not request.since else ""
    reporter.say(f"looking below {request.raw} for {pipeline.title} {window}{hint}")
    skipped = Skipped()
    storage = storage_for(request.raw)
    with gc_paused():
        return list(pipeline.discover(storage, request.raw, window, skipped, request.any_name)), skipped


def _is_worth_storing(staged: StagedRun) -> bool:
    return bool(staged.ingested) or any(not each.known for each in staged.invalid_snapshots)


@dataclass(frozen=True)
class _Run:
    """A run between listing and commit; the `Stager` of its pipeline."""

    request: IngestRequest
    rows: LoadedTable
    listed: list[RawObject]
    new: list[RawObject]
    folder: RunFolder
    now: datetime
    reference: ReferenceData
    reporter: Reporter

    def context(self, pipeline: AnyPipeline) -> TaskContext[AnyPipeline]:
        """What the run's tasks share."""
        return TaskContext(pipeline, self.request.config, self.reference, self.folder, self.now.date(), self._locations)

    @cached_property
    def _locations(self) -> dict[str, str]:
        # Each takes requests to the catalog and the storage.
        tables = (*self.request.pipeline.tables, REJECTED_RECORD, INGESTED_OBJECT)
        return {table.name: self.request.lake.load(table).location for table in tables}

    def stage_events(self, pipeline: EventPipeline) -> StagedRun:
        return stage_events(self.context(pipeline), self.rows, self.new, self.reporter)

    def stage_snapshots(self, pipeline: SnapshotPipeline) -> StagedRun:
        request = self.request
        return stage_snapshots(
            self.context(pipeline),
            request.lake,
            self.rows,
            self.listed,
            self.new,
            request.keep_snapshots,
            self.reporter,
        )

    def stage_and_commit(self, heartbeat: Heartbeat) -> tuple[Totals, StagedRun]:
        """Stage the new objects, then make them visible."""
        pipeline = self.request.pipeline
        try:
            staged = pipeline.stage(self)
            ledger = ledger_rows(
                pipeline.name, self.folder.run_id, self.now, staged.ingested, staged.counts, staged.duplicates
            )
            sums = totals(ledger)
            _check_rows(sums, staged.changes[pipeline.table].files)
            heartbeat.check()
            if not _is_worth_storing(staged):
                self.folder.remove()
                return sums, staged
            ledger_files = write_partitions(self.context(pipeline), INGESTED_OBJECT, ledger)
        except BaseException:
            # The first error is the one to report, even when deleting fails too.
            with suppress(UsageLakeError):
                self.folder.abandon()
            raise
        self.reporter.say("committing")
        changes = {**staged.changes, INGESTED_OBJECT: Change(ledger_files)}
        versions = {f"{PROPERTY_PREFIX}{name}": version for name, version in self.reference.versions.items()}
        days = [each.day for each in staged.ingested]
        notes = {**updated_watermark(self.rows, self.request.raw, days, self.now.date()), **staged.notes}
        commit_run(self.request.lake, self.rows, self.folder, changes, versions, notes)
        return sums, staged


def _check_rows(sums: Totals, files: list[NewFile]) -> None:
    written = sum(file.rows for file in files)
    if written != sums.rows:
        raise LakeError(f"{sums.rows} rows were counted and {written} written; this is a bug, please report it")
