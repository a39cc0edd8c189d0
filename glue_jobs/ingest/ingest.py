"""One run of a pipeline, top to bottom: discover raw objects, subtract ingested ones, stage the rest, commit."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from typing import TypeVar

import pyarrow as pa

from glue_jobs.enrich.places.credit import place_sources_note
from glue_jobs.enrich.places.place_table import keep_places
from glue_jobs.enrich.readers.key_changes import reader_ids_note
from glue_jobs.enrich.readers.key_file import SECRET_ARN, default_key_file, make_key_file
from glue_jobs.enrich.reference_data import ReferenceData
from glue_jobs.enrich.subscribers import keep_names
from glue_jobs.errors import LakeError, UnreadableObjectError, UsageLakeError
from glue_jobs.ingest.commit import Change, commit_run, finish_others
from glue_jobs.ingest.create_tables import create_tables
from glue_jobs.ingest.data_files import NewFile
from glue_jobs.ingest.discover import Listing, discover
from glue_jobs.ingest.ledger import Totals, ledger_rows, not_ingested, totals, unreadable_rows
from glue_jobs.ingest.log_folders import earlier_days_note, log_folders_note
from glue_jobs.ingest.request import IngestRequest, RunSummary
from glue_jobs.ingest.snapshots.stage_snapshots import stage_snapshots
from glue_jobs.ingest.stage_documents import stage_documents
from glue_jobs.ingest.stage_events import stage_events
from glue_jobs.ingest.stage_uploads import stage_uploads
from glue_jobs.ingest.staged_run import StagedRun
from glue_jobs.ingest.staging import Heartbeat, RunFolder, new_run
from glue_jobs.ingest.task_context import TaskContext, write_partitions
from glue_jobs.ingest.unreadable_days import unreadable_days_note
from glue_jobs.ingest.watermark import updated_watermark
from glue_jobs.lake import LoadedTable
from glue_jobs.progress import Reporter
from glue_jobs.read.raw_object import RawObject
from glue_jobs.sources.pipeline import DocumentPipeline, EventPipeline, Pipeline, SnapshotPipeline, UploadPipeline
from glue_jobs.sources.upload.source import upload_folder
from glue_jobs.storage import Entry, storage_for
from glue_jobs.tables.ingested_object import INGESTED_OBJECT
from glue_jobs.tables.rejected_record import REJECTED_RECORD

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
    # First: a file of the configuration that cannot be used stops the run before there is a lake.
    reference = pipeline.reference_data(request.config, _reader_keys(request, reporter))
    create_tables(lake, pipeline, reporter)
    if pipeline.has_saved_queries:
        keep_names(lake, request.config)
    runs = f"{lake.location}/_runs/{lake.database}/{pipeline.name}"
    # Loaded before anything else: the commit at the end is refused if another run has committed since.
    rows = lake.load(pipeline.table)
    for sentence in finish_others(lake, rows, runs, now):
        reporter.say(sentence)
    listing = discover(request, rows, reporter)
    new, known = not_ingested(lake, pipeline.name, listing.objects)
    reporter.say(f"{len(listing.objects):,} objects listed, {len(new):,} of them new")
    if request.force and len(new) < len(listing.objects):
        reporter.say("those that are ingested already are read again, and their rows are replaced")
        new = listing.objects
    if new and (advice := pipeline.advice(request.config)):
        listing.skipped.sentences.append(advice)
    archived = {each.entry.address: _unreadable(each.entry) for each in new if each.entry.unreadable}
    summary = RunSummary(
        None,
        len(listing.objects),
        listing.skipped,
        NOTHING,
        first_delivery=pipeline.first_delivery,
        unreadable=(*archived.values(),),
    )
    if len(archived) == len(new) and not _unrecorded(new, archived, known):
        return summary
    keep_places(lake, request.config, reference, reporter)
    folder = new_run(runs, now)
    with Heartbeat(folder) as heartbeat:
        run = _Run(request, rows, listing, new, archived, known, folder, now, reference, reporter)
        return run.stage_and_commit(heartbeat, summary)


def _reader_keys(request: IngestRequest, reporter: Reporter) -> str | None:
    """Where the keys of reader ids are kept; a file that is not there yet is made."""
    location = request.reader_keys or default_key_file()
    is_file = request.pipeline.needs_reader_keys(request.config) and not location.startswith(SECRET_ARN)
    if is_file and make_key_file(location):
        reporter.say(f"made {location}, the key that reader ids are made with; nobody else can use it, so keep a copy")
    return location


def _unreadable(entry: Entry) -> UnreadableObjectError:
    return UnreadableObjectError(entry.address, entry.unreadable)


def _unrecorded(
    new: Iterable[RawObject], unreadable: Mapping[str, UnreadableObjectError], known: Mapping[tuple[str, str], str]
) -> list[RawObject]:
    """The unreadable objects for which the ledger does not have this reason yet."""
    found = [(each, unreadable[each.entry.address]) for each in new if each.entry.address in unreadable]
    return [each for each, error in found if known.get((each.entry.address, each.entry.etag)) != error.reason]


@dataclass(frozen=True)
class _Run:
    """A run between listing and commit; the `Stager` of its pipeline.

    ``archived`` are those of the ``new`` objects that cannot be read by what their listing says, ``known`` the reasons
    for which earlier runs could not read objects, by address and ETag.
    """

    request: IngestRequest
    rows: LoadedTable
    listing: Listing
    new: list[RawObject]
    archived: Mapping[str, UnreadableObjectError]
    known: Mapping[tuple[str, str], str]
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

    @property
    def _readable(self) -> list[RawObject]:
        return [each for each in self.new if each.entry.address not in self.archived]

    def stage_events(self, pipeline: EventPipeline) -> StagedRun:
        return stage_events(self.context(pipeline), self.rows, self._readable, self.reporter)

    def stage_snapshots(self, pipeline: SnapshotPipeline) -> StagedRun:
        request = self.request
        return stage_snapshots(
            self.context(pipeline),
            request.lake,
            self.rows,
            self.listing.objects,
            self._readable,
            request.keep_snapshots,
            self.reporter,
        )

    def stage_documents(self, pipeline: DocumentPipeline) -> StagedRun:
        return stage_documents(self.context(pipeline), self.request.lake, self.rows, self._readable, self.reporter)

    def stage_uploads(self, pipeline: UploadPipeline) -> StagedRun:
        request = self.request
        folder = upload_folder(storage_for(request.raw), request.raw)
        context = self.context(pipeline)
        return stage_uploads(context, request.lake, self.rows, self._readable, folder, self.reporter)

    def stage_and_commit(self, heartbeat: Heartbeat, summary: RunSummary) -> RunSummary:
        """Stage the new objects, then commit them; returns the summary of the run."""
        pipeline, run_id = self.request.pipeline, self.folder.run_id
        try:
            staged = pipeline.stage(self)
            unreadable = {**self.archived, **staged.unreadable}
            unrecorded = _unrecorded(self.new, unreadable, self.known)
            _check_access(unrecorded, unreadable, self.new)
            ledger = ledger_rows(pipeline.name, run_id, self.now, staged.ingested, staged.counts, staged.duplicates)
            sums = totals(ledger)
            written = [
                file
                for table in (*pipeline.record_tables, *staged.record_tables)
                for file in staged.changes[table].files
            ]
            _check_rows(sums.rows + staged.moved_rows, written)
            heartbeat.check()
            summary = replace(
                summary,
                totals=sums,
                invalid_snapshots=tuple(staged.invalid_snapshots),
                unreadable=tuple(unreadable.values()),
            )
            if not (staged.ingested or unrecorded or any(not each.known for each in staged.invalid_snapshots)):
                self.folder.remove()
                return summary
            more = unreadable_rows(pipeline.name, run_id, self.now, unrecorded, unreadable)
            ledger_files = write_partitions(self.context(pipeline), INGESTED_OBJECT, pa.concat_tables([ledger, more]))
        except BaseException:
            # The first error is the one to report, even when deleting fails too.
            with suppress(UsageLakeError):
                self.folder.abandon()
            raise
        self.reporter.say("committing")
        changes = {**staged.changes, INGESTED_OBJECT: Change(ledger_files)}
        versions = {f"{PROPERTY_PREFIX}{name}": version for name, version in self.reference.versions.items()}
        commit_run(self.request.lake, self.rows, self.folder, changes, versions, self._notes(staged, unreadable))
        return replace(summary, run_id=run_id)

    def _notes(self, staged: StagedRun, unreadable: Container[str]) -> dict[str, str]:
        raw, listing = self.request.raw, self.listing
        days = [each.day for each in staged.ingested]
        waiting = [each.day for each in self.new if each.entry.address in unreadable]
        return {
            **updated_watermark(self.rows, raw, days, self.now.date()),
            **log_folders_note(self.rows, raw, listing.log_folders),
            **earlier_days_note(self.rows, raw, listing.log_folders, listing.untaken),
            **unreadable_days_note(self.rows, raw, listing.window, listing.retried, waiting),
            **place_sources_note(self.rows, self.reference),
            **reader_ids_note(self.rows, self.request.config, self.reference, self.now.date()),
            **staged.notes,
        }


def _check_access(
    unrecorded: list[RawObject], unreadable: Mapping[str, UnreadableObjectError], new: list[RawObject]
) -> None:
    """Make sure that not everything is denied: then the role is wrong, and no object needs to be recorded.

    Raises:
        UnreadableObjectError: access to all new objects is denied.
    """
    denied = [error for error in unreadable.values() if error.denied]
    if unrecorded and len(denied) == len(new):
        raise denied[0]


def _check_rows(counted: int, files: list[NewFile]) -> None:
    written = sum(file.rows for file in files)
    if written != counted:
        raise LakeError(f"{counted} rows were counted and {written} written; this is a bug, please report it")
