"""One run of a pipeline, top to bottom: discover raw objects, subtract ingested ones, stage the rest, commit.

A large run stages and commits in several steps.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from glue_jobs.enrich.readers.key_changes import lost_keys
from glue_jobs.enrich.readers.key_file import SECRET_ARN, default_key_file, make_key_file
from glue_jobs.enrich.readers.resource import READER_KEYS
from glue_jobs.errors import LostRaceError
from glue_jobs.ingest.changed_rules import changed_rules
from glue_jobs.ingest.commit.commit import finish_others, is_last_run
from glue_jobs.ingest.discovery.discover import discover
from glue_jobs.ingest.discovery.known_objects import KnownObjects
from glue_jobs.ingest.maintenance.maintenance import Maintenance
from glue_jobs.ingest.request import IngestRequest, IngestSummary
from glue_jobs.ingest.run_tables import RunTables
from glue_jobs.ingest.staging.run_folder import new_run, runs_folder
from glue_jobs.ingest.step_run import Progress, StepRun
from glue_jobs.ingest.steps import Step, Steps
from glue_jobs.progress import Reporter, TitledReporter, counted

if TYPE_CHECKING:
    from glue_jobs.lake import Lake, LoadedTable


def ingest(request: IngestRequest, reporter: Reporter) -> IngestSummary:
    """Ingest the new raw objects, each exactly once, however often a run is killed or started twice.

    Raises:
        UsageLakeError: the run cannot continue. Earlier steps stay committed; readers see nothing of the current one.
        LostRaceError: another run of the pipeline committed first; nothing of the current step is stored.
    """
    now = datetime.now(UTC).replace(tzinfo=None)
    lake, pipeline = request.lake, request.pipeline
    # Loaded first, so that an unusable file of the configuration stops the run before the lake is created.
    keys_location = _reader_keys(request, reporter)
    reference = pipeline.reference_data(request.config, keys_location)
    runs = runs_folder(lake.location, lake.database, pipeline.name)
    tables = RunTables(request, runs, reference, reporter)
    maintenance = Maintenance(lake, pipeline, runs, now, reporter)
    if not tables.are_new:
        for sentence in finish_others(lake, tables.rows, runs, now):
            reporter.say(sentence)
        maintenance.begin(tables)
    listing = discover(request, tables.notes, reporter)
    if changed := changed_rules(tables.notes, pipeline.table, request.config):
        listing.skipped.sentences.append(changed)
    if pipeline.needs_reader_keys(request.config) and (
        lost := lost_keys(tables.notes, keys_location, reference[READER_KEYS])
    ):
        # Said before rows get different reader ids, and repeated in the summary of the run.
        reporter.say(lost)
        listing.skipped.sentences.append(lost)
    known = KnownObjects(None if tables.are_new else lake, pipeline.name)
    steps = Steps(pipeline, listing, known, request.force)
    progress = Progress(steps.unreadable)
    run_id = ""
    for step in steps:
        titled = _announced(steps, step, reporter)
        if not step.new:
            # None of the listed objects has to be read or recorded.
            if tables.are_new:
                tables.create()
            break
        if step.number == 1:
            if advice := pipeline.advice(request.config):
                listing.skipped.sentences.append(advice)
            if not tables.are_new:
                tables.make()
        folder = new_run(runs, now, run_id and f"{run_id}-{step.number}")
        run_id = run_id or folder.run_id
        try:
            is_stored = StepRun(
                request, tables, listing, step, progress, folder, now, reference, titled, maintenance.notes
            ).stage_and_commit()
            if is_stored and not step.is_last:
                tables.rows = _after(lake, tables.rows, folder.run_id)
            # Free the objects of this step, up to a gigabyte, before the next step loads as many.
            del step
        except BaseException as error:
            _tell_stored(progress, reporter)
            if progress.ids and isinstance(error, LostRaceError):
                raise LostRaceError(f"another run committed to {pipeline.table.name}; start this one again") from error
            raise
    maintenance.end(tables, bool(progress.ids))
    return IngestSummary(
        run_id if progress.ids else None,
        steps.listed,
        listing.skipped,
        progress.totals,
        tuple(progress.invalid_snapshots),
        pipeline.first_delivery,
        tuple(progress.unreadable.errors),
        progress.unreadable.unnamed,
        len(progress.ids),
    )


def _reader_keys(request: IngestRequest, reporter: Reporter) -> str:
    """The file or secret with the keys of reader ids; a missing file is created."""
    location = request.reader_keys or default_key_file()
    is_file = request.pipeline.needs_reader_keys(request.config) and not location.startswith(SECRET_ARN)
    if is_file and make_key_file(location):
        reporter.say(f"made {location}, the key that reader ids are made with; nobody else can use it, so keep a copy")
    return location


def _announced(steps: Steps, step: Step, reporter: Reporter) -> Reporter:
    """Report the work of the step; returns a reporter that puts the step's number before each message."""
    if step.is_only:
        reporter.say(f"{counted(steps.listed, 'object')} listed, {steps.listed - steps.ingested:,} of them new")
    if steps.force and steps.ingested and step.number == 1:
        reporter.say("those that are ingested already are read again, and their rows are replaced")
    if step.is_only:
        return reporter
    title, days = steps.title(step), sorted({each.day for each in step.new if each.day})
    of_days = f" of {days[0]} to {days[-1]}" if days else ""
    reporter.say(f"{title}: {len(step.new):,} new objects{of_days}, {step.listed:,} listed up to now")
    return TitledReporter(reporter, title)


def _tell_stored(progress: Progress, reporter: Reporter) -> None:
    """Report which steps a failed run has stored, if any."""
    if stored := len(progress.ids):
        steps_are = "1 step is" if stored == 1 else f"{stored:,} steps are"
        reporter.say(f"{steps_are} stored, and the next run with the same arguments goes on from there")


def _after(lake: Lake, rows: LoadedTable, run_id: str) -> LoadedTable:
    """The table after the step ``run_id``; the next step commits on top of it.

    Raises:
        LostRaceError: another run has committed since; it may have ingested objects of this run's remaining steps.
    """
    loaded = lake.load(rows.table)
    if not is_last_run(loaded, run_id):
        raise LostRaceError(f"another run committed to {rows.table.name} after {run_id}; start this one again")
    return loaded
