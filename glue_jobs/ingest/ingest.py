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
from glue_jobs.ingest.duplicates.rewrite import without_doubled
from glue_jobs.ingest.ledger import Totals, ledger_rows, not_ingested, totals
from glue_jobs.ingest.snapshots.making import make_snapshots
from glue_jobs.ingest.snapshots.refusals import Refusal, refused_summary
from glue_jobs.ingest.staged_run import Made
from glue_jobs.ingest.staging import Heartbeat, RunFolder, new_run
from glue_jobs.ingest.task_context import Job, write_partitions
from glue_jobs.ingest.watermark import first_day, newest_days
from glue_jobs.lake import Lake, LoadedTable
from glue_jobs.progress import Reporter
from glue_jobs.read.plan import chunk_size, cut
from glue_jobs.read.raw_object import Found, Skipped, Window
from glue_jobs.read.unpack import GZIP
from glue_jobs.sources.layouts.discovery import discover, discover_snapshots
from glue_jobs.sources.pipelines import TABLES, EventPipeline, Pipeline, SnapshotPipeline
from glue_jobs.storage import storage_for
from glue_jobs.tables.ingested_object import INGESTED_OBJECT
from glue_jobs.tables.rejected_record import REJECTED_RECORD
from glue_jobs.workers import workers_for
from glue_jobs.workers.gc_pause import uncollected

ROBOTS = "usage-lake.crawler-user-agents"

# Enough for two months of weekly inventories, and to see what a week of daily ones changed.
KEEP_SNAPSHOTS = 8


@dataclass(frozen=True)
class Order:
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
class Outcome:
    """What a run did; ``run_id`` is None when it stored nothing."""

    run_id: str | None
    listed: int
    skipped: Skipped
    totals: Totals
    refused: tuple[Refusal, ...] = ()

    @property
    def failed(self) -> bool:
        """Whether a snapshot was refused that nobody was told of before."""
        return any(not each.known for each in self.refused)


NOTHING = Totals(0, 0, 0, 0, 0, 0)


def ingest(order: Order, reporter: Reporter) -> Outcome:
    """Ingest the new raw objects, exactly once whatever happens.

    Raises:
        UsageLakeError: the run cannot go on; nothing of it is visible.
        LostRaceError: another run of the pipeline committed first; nothing of this one is stored.
    """
    now = datetime.now(UTC).replace(tzinfo=None)
    lake, pipeline = order.lake, order.pipeline
    # All of them, its own first, so that every saved query answers, also those on sources that are not ingested.
    for table in sorted(TABLES, key=lambda table: table not in pipeline.tables):
        lake.create(table)
    keep_names(lake, order.config)
    runs = f"{lake.location}/_runs/{lake.database}/{pipeline.name}"
    # First of all: the commit at the end holds only if nobody has committed since this moment.
    rows = lake.load(pipeline.table)
    for sentence in finish_others(lake, rows, runs, now):
        reporter.say(sentence)
    found, skipped = _look(order, rows, reporter)
    new = not_ingested(lake, pipeline.name, found)
    reporter.say(f"{len(found):,} objects listed, {len(new):,} of them new")
    if not new:
        return Outcome(None, len(found), skipped, NOTHING)
    folder = new_run(runs, now)
    with Heartbeat(folder) as heartbeat:
        sums, refused = _run(order, rows, folder, found, new, now, heartbeat, reporter)
    stored = sums.objects or any(not each.known for each in refused)
    return Outcome(folder.run_id if stored else None, len(found), skipped, sums, tuple(refused))


def _look(order: Order, rows: LoadedTable, reporter: Reporter) -> tuple[list[Found], Skipped]:
    days = order.pipeline.look_back_days if order.look_back_days is None else order.look_back_days
    window = Window(order.since or first_day(rows, order.raw, days), order.until)
    if window.since and window.until and window.until < window.since:
        began = f"{window.since}, where this run would begin"
        raise ArgumentError(f"until {window.until} is before {began}; give since too")
    reporter.say(f"looking below {order.raw} for {order.pipeline.title} {window}")
    skipped = Skipped()
    storage = storage_for(order.raw)
    if isinstance(order.pipeline, EventPipeline):
        with uncollected():
            return list(discover(storage, order.raw, order.pipeline.names, window, skipped, order.any_name)), skipped
    return list(discover_snapshots(storage, order.raw, window, skipped)), skipped


def _run(
    order: Order,
    rows: LoadedTable,
    folder: RunFolder,
    found: list[Found],
    new: list[Found],
    now: datetime,
    heartbeat: Heartbeat,
    reporter: Reporter,
) -> tuple[Totals, list[Refusal]]:
    tables = (*order.pipeline.tables, REJECTED_RECORD, INGESTED_OBJECT)
    locations = {table.name: order.lake.load(table).location for table in tables}
    job = Job(order.pipeline, order.config, folder, now.date(), locations)
    try:
        made = _make(order, job, rows, found, new, reporter)
        ledger = ledger_rows(order.pipeline.name, folder.run_id, now, made.found, made.counts, made.duplicates)
        sums = totals(ledger)
        _check(sums, made.changes[order.pipeline.table].files)
        heartbeat.check()
        if not made.found and all(each.known for each in made.refused):
            folder.remove()
            return sums, made.refused
        changes = {**made.changes, INGESTED_OBJECT: Change(write_partitions(job, INGESTED_OBJECT, ledger))}
    except BaseException:
        # The first error is the one to tell of, even when this one fails too.
        with suppress(StorageError):
            folder.abandon()
        raise
    reporter.say("committing")
    commit_run(order.lake, rows, folder, changes, _summary(order, rows, made, now))
    return sums, made.refused


def _make(order: Order, job: Job, rows: LoadedTable, found: list[Found], new: list[Found], reporter: Reporter) -> Made:
    if not isinstance(order.pipeline, EventPipeline):
        return make_snapshots(job, order.lake, rows, found, new, order.keep_snapshots, reporter)
    results = _ingest_chunks(job, order.pipeline, new, reporter)
    files = [file for result in results for file in result.files]
    aside = [each for result in results for each in result.aside]
    files, duplicates = without_doubled(job, rows, files, aside, reporter)
    changes = {
        order.pipeline.table: Change(files),
        REJECTED_RECORD: Change([file for result in results for file in result.rejected_files]),
    }
    return Made(new, changes, [result.counts for result in results], duplicates)


def _ingest_chunks(job: Job, pipeline: EventPipeline, new: list[Found], reporter: Reporter) -> list[ChunkResult]:
    total = sum(each.entry.size for each in new)
    workers = workers_for(total)
    size = chunk_size(total, workers.count, pipeline.packing)
    chunks = list(cut(new, size, lambda found: pipeline.lines and not _is_compressed(found)))
    with reporter.progress("ingesting") as progress:
        return workers.run(partial(ingest_chunk, job), chunks, progress)


def _is_compressed(found: Found) -> bool:
    return storage_for(found.entry.address).read(found.entry, 0, len(GZIP)) == GZIP


def _check(sums: Totals, files: list[NewFile]) -> None:
    written = sum(file.rows for file in files)
    if written != sums.rows:
        raise LakeError(f"{sums.rows} rows were counted and {written} written; this is a bug, please report it")


def _summary(order: Order, rows: LoadedTable, made: Made, now: datetime) -> dict[str, str]:
    noted = newest_days(rows, order.raw, [each.day for each in made.found], now.date())
    if isinstance(order.pipeline, SnapshotPipeline):
        return {**noted, **refused_summary(rows, made.found, made.refused)}
    return {**noted, ROBOTS: ROBOTS_VERSION}
