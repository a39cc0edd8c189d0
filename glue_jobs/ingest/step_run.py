"""One step of a run: stage its raw objects, then commit them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, TypeVar

import pyarrow as pa

from glue_jobs.enrich.places.credit import place_sources_note
from glue_jobs.enrich.readers.key_changes import reader_ids_note
from glue_jobs.enrich.reference_data import ReferenceData
from glue_jobs.errors import LakeError, UnreadableObjectError
from glue_jobs.ingest.changed_rules import rules_note
from glue_jobs.ingest.commit.commit import commit_run
from glue_jobs.ingest.discovery.discover import Listing
from glue_jobs.ingest.discovery.log_folders import earlier_days_note, log_folders_note
from glue_jobs.ingest.discovery.unreadable_days import unreadable_days_note
from glue_jobs.ingest.discovery.watermark import updated_watermark
from glue_jobs.ingest.documents.stage_documents import stage_documents
from glue_jobs.ingest.events.stage_events import stage_events
from glue_jobs.ingest.request import IngestRequest
from glue_jobs.ingest.run_tables import RunTables
from glue_jobs.ingest.snapshots.stage_snapshots import stage_snapshots
from glue_jobs.ingest.staging.change import Change
from glue_jobs.ingest.staging.data_files import NewFile
from glue_jobs.ingest.staging.invalid_snapshots import InvalidSnapshot
from glue_jobs.ingest.staging.ledger import NOTHING, Totals, ledger_rows, totals, unreadable_rows
from glue_jobs.ingest.staging.run_folder import Heartbeat, RunFolder, given_up_on_error
from glue_jobs.ingest.staging.staged_run import StagedRun
from glue_jobs.ingest.staging.task_context import TaskContext, write_partitions
from glue_jobs.ingest.staging.unreadable_objects import UnreadableObjects
from glue_jobs.ingest.steps import Step
from glue_jobs.ingest.uploads.stage_uploads import stage_uploads
from glue_jobs.progress import Reporter
from glue_jobs.read.raw_object import RawObject
from glue_jobs.sources.pipeline import DocumentPipeline, EventPipeline, Pipeline, SnapshotPipeline, UploadPipeline
from glue_jobs.sources.upload.source import upload_folder
from glue_jobs.storage import Entry, storage_for
from glue_jobs.tables.ingested_object import INGESTED_OBJECT
from glue_jobs.tables.model import Table

if TYPE_CHECKING:
    from glue_jobs.lake import LoadedTable

# The prefix of all properties that this program sets on snapshots of the lake's tables.
PROPERTY_PREFIX = "usage-lake."

AnyPipeline = TypeVar("AnyPipeline", bound=Pipeline)


@dataclass
class Progress:
    """What the steps of a run have done so far.

    ``ids`` are the run ids of the steps that committed; ``days`` are the days of the objects that were ingested.
    """

    unreadable: UnreadableObjects
    totals: Totals = NOTHING
    ids: list[str] = field(default_factory=list)
    days: set[date | None] = field(default_factory=set)
    invalid_snapshots: list[InvalidSnapshot] = field(default_factory=list)


@dataclass(frozen=True)
class StepRun:
    """A step between listing and commit; the `Stager` of its pipeline.

    ``notes`` are set on the table of rows by the commit, in addition to the notes of the step itself.
    """

    request: IngestRequest
    tables: RunTables
    listing: Listing
    step: Step
    progress: Progress
    folder: RunFolder
    now: datetime
    reference: ReferenceData
    reporter: Reporter
    notes: Mapping[str, str]

    def context(self, pipeline: AnyPipeline) -> TaskContext[AnyPipeline]:
        """What the tasks share."""
        locations = self.tables.locations
        return TaskContext(pipeline, self.request.config, self.reference, self.folder, self.now.date(), locations)

    @property
    def rows(self) -> LoadedTable:
        """The pipeline's table as it was before the step."""
        return self.tables.rows

    @property
    def _readable(self) -> list[RawObject]:
        return [each for each in self.step.new if not each.entry.unreadable]

    def stage_events(self, pipeline: EventPipeline) -> StagedRun:
        return stage_events(self.context(pipeline), self.tables, self._readable, self.reporter)

    def stage_snapshots(self, pipeline: SnapshotPipeline) -> StagedRun:
        request, listed, context = self.request, self.step.manifests, self.context(pipeline)
        keep, reporter = request.keep_snapshots, self.reporter
        return stage_snapshots(context, request.lake, self.rows, listed, self._readable, keep, reporter)

    def stage_documents(self, pipeline: DocumentPipeline) -> StagedRun:
        return stage_documents(self.context(pipeline), self.request.lake, self.rows, self._readable, self.reporter)

    def stage_uploads(self, pipeline: UploadPipeline) -> StagedRun:
        lake, raw, context = self.request.lake, self.request.raw, self.context(pipeline)
        folder = upload_folder(storage_for(raw), raw)
        return stage_uploads(context, lake, self.rows, self._readable, folder, self.reporter)

    def stage_and_commit(self) -> bool:
        """Stage the new objects and commit them; returns whether there was anything to commit.

        Raises:
            UsageLakeError: the step cannot continue; readers see nothing of it.
        """
        with Heartbeat(self.folder) as heartbeat:
            with given_up_on_error(self.folder):
                staged = self.request.pipeline.stage(self)
                changes = self._changes(staged)
                heartbeat.check()
                if changes is None:
                    self.folder.remove()
                    return False
            self.reporter.say("committing")
            versions = {f"{PROPERTY_PREFIX}{name}": version for name, version in self.reference.versions.items()}
            commit_run(self.request.lake, self.rows, self.folder, changes, versions, self._notes(staged))
            self.progress.ids.append(self.folder.run_id)
            return True

    def _changes(self, staged: StagedRun) -> dict[Table, Change] | None:
        """The changes to commit, None if there are none; adds the step's counts to the progress of the run."""
        pipeline, run_id, progress = self.request.pipeline, self.folder.run_id, self.progress
        archived = {each.entry.address: _unreadable(each.entry) for each in self.step.new if each.entry.unreadable}
        unreadable = {**archived, **staged.unreadable}
        unrecorded = self._unrecorded(unreadable)
        is_denied = self._is_denied(unrecorded, unreadable)
        ledger = ledger_rows(pipeline.name, run_id, self.now, staged.ingested, staged.counts, staged.duplicates)
        sums = totals(ledger)
        record_tables = (*pipeline.record_tables, *staged.record_tables)
        written = [file for table in record_tables for file in staged.changes[table].files]
        _check_rows(sums.rows + staged.moved_rows, written)
        for each in self.step.new:
            if error := unreadable.get(each.entry.address):
                progress.unreadable.add(error, each.day)
        progress.totals += sums
        progress.days |= {each.day for each in staged.ingested}
        progress.invalid_snapshots += staged.invalid_snapshots
        is_unknown = any(not each.known for each in staged.invalid_snapshots)
        if is_denied or not (staged.ingested or unrecorded or is_unknown):
            return None
        more = unreadable_rows(pipeline.name, run_id, self.now, unrecorded, unreadable)
        files = write_partitions(self.context(pipeline), INGESTED_OBJECT, pa.concat_tables([ledger, more]))
        return {**staged.changes, INGESTED_OBJECT: Change(files)}

    def _unrecorded(self, unreadable: Mapping[str, UnreadableObjectError]) -> list[RawObject]:
        """The unreadable objects for which the ledger does not have this reason yet."""
        found = [(each, unreadable.get(each.entry.address)) for each in self.step.new]
        reasons = self.step.reasons
        return [each for each, error in found if error and reasons.get(each.entry.address) != error.reason]

    def _is_denied(self, unrecorded: list[RawObject], unreadable: Mapping[str, UnreadableObjectError]) -> bool:
        """Whether access to every new object so far is denied: then the role is wrong, and nothing is recorded.

        Raises:
            UnreadableObjectError: access is denied, and this is the last step.
        """
        denied = [error for error in unreadable.values() if error.denied]
        if self.progress.ids or not unrecorded or len(denied) < len(self.step.new):
            return False
        if self.step.is_last:
            raise denied[0]
        return True

    def _notes(self, staged: StagedRun) -> dict[str, str]:
        """The notes for later runs. A step before the last one notes only what is true if the run ends after it."""
        raw, listing, rows, is_last = self.request.raw, self.listing, self.rows, self.step.is_last
        waiting, today = self.progress.unreadable.days, self.now.date()
        notes = {
            **self.notes,
            **place_sources_note(rows, self.reference),
            **rules_note(rows.table, self.request.config),
            **reader_ids_note(rows, self.request.config, self.reference, today),
            **staged.notes,
        }
        if is_last:
            notes |= log_folders_note(rows, raw, listing.log_folders)
            notes |= earlier_days_note(rows, raw, listing.log_folders, listing.untaken)
            notes |= unreadable_days_note(rows, raw, listing.window, listing.retried, waiting)
        else:
            notes |= unreadable_days_note(rows, raw, None, (), waiting)
            if listing.window.since is None:
                notes |= log_folders_note(rows, raw, listing.log_folders)
        if is_last or listing.is_in_order:
            notes |= updated_watermark(rows, raw, self.progress.days, today)
        return notes


def _unreadable(entry: Entry) -> UnreadableObjectError:
    return UnreadableObjectError(entry.address, entry.unreadable)


def _check_rows(counted: int, files: Iterable[NewFile]) -> None:
    written = sum(file.rows for file in files)
    if written != counted:
        raise LakeError(f"{counted} rows were counted and {written} written; this is a bug, please report it")
