"""One run of a pipeline: look, plan, ingest, drop what is there already, commit."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import partial

from glue_jobs.config import Config
from glue_jobs.enrich.subscribers import keep_names
from glue_jobs.enrich.traffic import ROBOTS_VERSION
from glue_jobs.errors import ArgumentError, LakeError, StorageError
from glue_jobs.ingest.chunk_task import ChunkResult, ingest_chunk
from glue_jobs.ingest.commit import Change, commit_run, finish_others
from glue_jobs.ingest.data_files import NewFile
from glue_jobs.ingest.duplicates.rewrite import without_duplicates
from glue_jobs.ingest.ledger import Totals, ledger_rows, not_ingested, totals
from glue_jobs.ingest.snapshots.invalid_snapshots import InvalidSnapshot, invalid_snapshots_summary
from glue_jobs.ingest.snapshots.stage_snapshots import stage_snapshots
from glue_jobs.ingest.staged_run import StagedRun
from glue_jobs.ingest.staging import Heartbeat, RunFolder, new_run
from glue_jobs.ingest.task_context import TaskContext, write_partitions
from glue_jobs.ingest.watermark import updated_watermark, window_start
from glue_jobs.lake import Lake, LoadedTable
from glue_jobs.progress import Reporter
from glue_jobs.read.plan import chunk_size, split_into_chunks
from glue_jobs.read.raw_object import RawObject, Skipped, Window
from glue_jobs.read.unpack import GZIP
from glue_jobs.sources.layouts.discovery import discover, discover_snapshots
from glue_jobs.sources.pipelines import TABLES, EventPipeline, Pipeline, SnapshotPipeline
from glue_jobs.storage import storage_for
from glue_jobs.tables.ingested_object import INGESTED_OBJECT
from glue_jobs.tables.rejected_record import REJECTED_RECORD
from glue_jobs.workers.engine import workers_for
from glue_jobs.workers.gc_pause import gc_paused

ROBOTS = "usage-lake.crawler-user-agents"

# Enough for two months of weekly inventories, and to see what a week of daily ones changed.
KEEP_SNAPSHOTS = 8


@dataclass(frozen=True)
class IngestRequest:
    """What to ingest: the same whether it comes from the command line or from Glue.

    ``since`` and ``until`` bound the day in the objects' keys. Without ``since`` a run looks back ``look_back_days``
    (None: what suits the pipeline) from the newest day ingested from ``raw`` before, and at everything when there is
    none. Of snapshots the latest ``keep_snapshots`` of each kind keep their rows.
    """

    pipeline: Pipeline
    raw: str
    lake: Lake
    config: Config = field(default_factory=Config)
    since: date | None = None
    until: date | None = None
    look_back_days: int | None = None
    any_name: bool = False
    keep_snapshots: int = KEEP_SNAPSHOTS


@dataclass(frozen=True)
class RunSummary:
    """What a run did; ``run_id`` is None when it stored nothing."""

    run_id: str | None
    listed: int
    skipped: Skipped
    totals: Totals
    invalid_snapshots: tuple[InvalidSnapshot, ...] = ()

    @property
    def failed(self) -> bool:
        """Whether a snapshot was refused that nobody was told of before."""
        return any(not each.known for each in self.invalid_snapshots)


NOTHING = Totals(0, 0, 0, 0, 0, 0)


def ingest(request: IngestRequest, reporter: Reporter) -> RunSummary:
    """Ingest the new raw objects, exactly once whatever happens.

    Raises:
        UsageLakeError: the run cannot go on; nothing of it is visible.
        LostRaceError: another run of the pipeline committed first; nothing of this one is stored.
    """
    now = datetime.now(UTC).replace(tzinfo=None)
    lake, pipeline = request.lake, request.pipeline
    # All of them, its own first, so that every saved query answers, also those on sources that are not ingested.
    for table in sorted(TABLES, key=lambda table: table not in pipeline.tables):
        lake.create(table)
    keep_names(lake, request.config)
    runs = f"{lake.location}/_runs/{lake.database}/{pipeline.name}"
    # First of all: the commit at the end holds only if nobody has committed since this moment.
    rows = lake.load(pipeline.table)
    for sentence in finish_others(lake, rows, runs, now):
        reporter.say(sentence)
    found, skipped = _look(request, rows, reporter)
    new = not_ingested(lake, pipeline.name, found)
    reporter.say(f"{len(found):,} objects listed, {len(new):,} of them new")
    if not new:
        return RunSummary(None, len(found), skipped, NOTHING)
    folder = new_run(runs, now)
    with Heartbeat(folder) as heartbeat:
        sums, invalid_snapshots = _run(request, rows, folder, found, new, now, heartbeat, reporter)
    stored = sums.objects or any(not each.known for each in invalid_snapshots)
    return RunSummary(folder.run_id if stored else None, len(found), skipped, sums, tuple(invalid_snapshots))


def _look(request: IngestRequest, rows: LoadedTable, reporter: Reporter) -> tuple[list[RawObject], Skipped]:
    days = request.pipeline.look_back_days if request.look_back_days is None else request.look_back_days
    window = Window(request.since or window_start(rows, request.raw, days), request.until)
    if window.since and window.until and window.until < window.since:
        began = f"{window.since}, where this run would begin"
        raise ArgumentError(f"until {window.until} is before {began}; give since too")
    reporter.say(f"looking below {request.raw} for {request.pipeline.title} {window}")
    skipped = Skipped()
    storage = storage_for(request.raw)
    if isinstance(request.pipeline, EventPipeline):
        with gc_paused():
            return list(
                discover(storage, request.raw, request.pipeline.names, window, skipped, request.any_name)
            ), skipped
    return list(discover_snapshots(storage, request.raw, window, skipped)), skipped


def _run(
    request: IngestRequest,
    rows: LoadedTable,
    folder: RunFolder,
    found: list[RawObject],
    new: list[RawObject],
    now: datetime,
    heartbeat: Heartbeat,
    reporter: Reporter,
) -> tuple[Totals, list[InvalidSnapshot]]:
    tables = (*request.pipeline.tables, REJECTED_RECORD, INGESTED_OBJECT)
    locations = {table.name: request.lake.load(table).location for table in tables}
    context = TaskContext(request.pipeline, request.config, folder, now.date(), locations)
    try:
        staged = _stage(request, context, rows, found, new, reporter)
        ledger = ledger_rows(request.pipeline.name, folder.run_id, now, staged.found, staged.counts, staged.duplicates)
        sums = totals(ledger)
        _check(sums, staged.changes[request.pipeline.table].files)
        heartbeat.check()
        if not staged.found and all(each.known for each in staged.invalid_snapshots):
            folder.remove()
            return sums, staged.invalid_snapshots
        changes = {**staged.changes, INGESTED_OBJECT: Change(write_partitions(context, INGESTED_OBJECT, ledger))}
    except BaseException:
        # The first error is the one to tell of, even when this one fails too.
        with suppress(StorageError):
            folder.abandon()
        raise
    reporter.say("committing")
    commit_run(request.lake, rows, folder, changes, _summary(request, rows, staged, now))
    return sums, staged.invalid_snapshots


def _stage(
    request: IngestRequest,
    context: TaskContext,
    rows: LoadedTable,
    found: list[RawObject],
    new: list[RawObject],
    reporter: Reporter,
) -> StagedRun:
    if not isinstance(request.pipeline, EventPipeline):
        return stage_snapshots(context, request.lake, rows, found, new, request.keep_snapshots, reporter)
    results = _ingest_chunks(context, request.pipeline, new, reporter)
    files = [file for result in results for file in result.files]
    late_rows = [each for result in results for each in result.late_rows]
    files, duplicates = without_duplicates(context, rows, files, late_rows, reporter)
    changes = {
        request.pipeline.table: Change(files),
        REJECTED_RECORD: Change([file for result in results for file in result.rejected_files]),
    }
    return StagedRun(new, changes, [result.counts for result in results], duplicates)


def _ingest_chunks(
    context: TaskContext, pipeline: EventPipeline, new: list[RawObject], reporter: Reporter
) -> list[ChunkResult]:
    total = sum(each.entry.size for each in new)
    workers = workers_for(total)
    size = chunk_size(total, workers.count, pipeline.compression_ratio)
    chunks = list(split_into_chunks(new, size, lambda found: pipeline.lines and not _is_compressed(found)))
    with reporter.progress("ingesting") as progress:
        return workers.run(partial(ingest_chunk, context), chunks, progress)


def _is_compressed(found: RawObject) -> bool:
    return storage_for(found.entry.address).read(found.entry, 0, len(GZIP)) == GZIP


def _check(sums: Totals, files: list[NewFile]) -> None:
    written = sum(file.rows for file in files)
    if written != sums.rows:
        raise LakeError(f"{sums.rows} rows were counted and {written} written; this is a bug, please report it")


def _summary(request: IngestRequest, rows: LoadedTable, staged: StagedRun, now: datetime) -> dict[str, str]:
    noted = updated_watermark(rows, request.raw, [each.day for each in staged.found], now.date())
    if isinstance(request.pipeline, SnapshotPipeline):
        return {**noted, **invalid_snapshots_summary(rows, staged.found, staged.invalid_snapshots)}
    return {**noted, ROBOTS: ROBOTS_VERSION}
