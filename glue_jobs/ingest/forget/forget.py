"""Forget a person: remove rows source by source, by the commit protocol, then expire old snapshots and their files.

If the command is killed, the next one, or the next ingest of the source, finishes its commits.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial

import pyarrow as pa
import pyarrow.compute as pc

from glue_jobs.config import Config
from glue_jobs.enrich.reference_data import ReferenceData
from glue_jobs.errors import LostRaceError
from glue_jobs.ingest.commit.commit import commit_run, finish_others
from glue_jobs.ingest.forget.person import Person
from glue_jobs.ingest.forget.tasks import PersonRows, names_any, search, settle
from glue_jobs.ingest.staging.change import Change, check_replaceable
from glue_jobs.ingest.staging.run_folder import Heartbeat, given_up_on_error, new_run, runs_folder, unfinished
from glue_jobs.ingest.staging.task_context import TaskContext
from glue_jobs.lake import Lake, LoadedTable, StoredFile
from glue_jobs.lake.cleaning.old_snapshots import all_files, check_unnamed, end_old_snapshots, old_files
from glue_jobs.progress import Reporter
from glue_jobs.sources.pipeline import Pipeline
from glue_jobs.sources.pipelines import PIPELINES
from glue_jobs.storage import storage_for
from glue_jobs.tables.ingested_object import INGESTED_OBJECT
from glue_jobs.tables.model import Table
from glue_jobs.tables.rejected_record import REJECTED_RECORD
from glue_jobs.tables.subscriber import SUBSCRIBER
from glue_jobs.workers import engine

# Searching a byte of a data file takes about as long as ingesting this many raw bytes.
RAW_BYTES_PER_BYTE = 2

# The name of the folder of runs that expire old snapshots, next to the folders of the pipelines.
FOLDER = "forget"


@dataclass
class Forgotten:
    """What was removed, or with ``is_dry`` would be removed: ``rows`` by table, and ``old_files`` of old snapshots.

    ``raw_objects`` still have records of the person. ``unfinished`` ingest runs may have some that no reader sees yet.
    ``keys`` are the ids of the keys that made the lake's reader ids. ``addresses`` are IP addresses that are stored
    beside the reader ids of the person.
    """

    is_dry: bool
    rows: Counter[str] = field(default_factory=Counter)
    old_files: int = 0
    raw_objects: set[str] = field(default_factory=set)
    unfinished: list[str] = field(default_factory=list)
    keys: set[str] = field(default_factory=set)
    addresses: set[str] = field(default_factory=set)


def forget(lake: Lake, person: Person, is_dry: bool, reporter: Reporter) -> Forgotten:
    """Remove the person's rows from all tables and old snapshots; with ``is_dry``, only count them.

    Raises:
        LostRaceError: an ingest run or another program committed first; what is removed stays removed, start it again.
        LakeError: a table cannot be searched or written, or a tag or branch keeps an old snapshot.
    """
    try:
        return _forget(lake, person, is_dry, reporter)
    except LostRaceError as error:
        raise LostRaceError(
            "a run or another program changed a table meanwhile; what is removed by now stays removed, so start"
            " the same command again when no run is active"
        ) from error


def _forget(lake: Lake, person: Person, is_dry: bool, reporter: Reporter) -> Forgotten:
    forgotten = Forgotten(is_dry)
    pipelines = [each for each in PIPELINES if each.table.address and lake.has(each.table)]
    tables = [*(each.table for each in pipelines), REJECTED_RECORD, SUBSCRIBER]
    known = [table for table in tables if lake.has(table)]
    if not is_dry:
        _finish_purge(lake, known)
        for table in known:
            check_unnamed(lake.load(table))
    for pipeline in pipelines:
        _forget_in(lake, pipeline, person, forgotten, reporter)
    if SUBSCRIBER in known:
        _forget_names(lake, person, forgotten)
    if not is_dry:
        forgotten.old_files = _purge(lake, known)
    return forgotten


def _forget_in(lake: Lake, pipeline: Pipeline, person: Person, forgotten: Forgotten, reporter: Reporter) -> None:
    now = datetime.now(UTC).replace(tzinfo=None)
    runs = runs_folder(lake.location, lake.database, pipeline.name)
    rows = lake.load(pipeline.table)
    if not forgotten.is_dry:
        for sentence in finish_others(lake, rows, runs, now):
            reporter.say(sentence)
    forgotten.unfinished += [each.run_id for each in unfinished(runs)]
    rejected = lake.load(REJECTED_RECORD)
    stored = {rows.table: rows.files(), REJECTED_RECORD: rejected.files(source=[pipeline.name])}
    if forgotten.is_dry:
        for table, files in stored.items():
            _search(forgotten, None, person, table, files, reporter)
        return
    folder = new_run(runs, now)
    with Heartbeat(folder) as heartbeat:
        with given_up_on_error(folder):
            locations = {table.name: lake.load(table).location for table in (*stored, INGESTED_OBJECT)}
            context = TaskContext(pipeline, Config(), ReferenceData(()), folder, now.date(), locations)
            changes: dict[Table, Change] = {}
            gone: dict[str, Counter[str]] = {"rows": Counter(), "rejected": Counter()}
            for (table, files), column in zip(stored.items(), gone, strict=True):
                found = _search(forgotten, context, person, table, files, reporter)
                for each in found:
                    gone[column].update(each.records)
                removed = {each.address for each in found}
                own = [file for file in files if file.address in removed]
                check_replaceable(table, own)
                written = [file for each in found for file in each.files]
                changes[table] = Change(written, own, _joined([each.places for each in found]))
            if not any(gone.values()):
                folder.remove()
                return
            changes[INGESTED_OBJECT] = _settled(context, lake.load(INGESTED_OBJECT), pipeline, gone)
            _check_unchanged(lake, changes)
            heartbeat.check()
        commit_run(lake, rows, folder, changes, {})


def _search(
    forgotten: Forgotten,
    context: TaskContext[Pipeline] | None,
    person: Person,
    table: Table,
    files: list[StoredFile],
    reporter: Reporter,
) -> list[PersonRows]:
    """The files that have rows of the person; adds these to ``forgotten``. With a context, the files are rewritten."""
    if not files:
        return []
    workers = engine.workers_for(sum(file.size for file in files) * RAW_BYTES_PER_BYTE)
    with reporter.progress(f"searching {table.name}") as progress:
        addresses = [file.address for file in files]
        found = workers.run(partial(search, context, person, table), addresses, progress)
    for each in found:
        forgotten.keys |= each.keys
        forgotten.addresses |= each.addresses
        forgotten.rows[table.name] += each.rows
        forgotten.raw_objects |= {*each.records}
    return [each for each in found if each.rows]


def _joined(places: Sequence[Mapping[str, list[object]]]) -> dict[str, list[object]]:
    return {name: [value for each in places for value in each[name]] for name in (places[0] if places else ())}


def _check_unchanged(lake: Lake, changes: Mapping[Table, Change]) -> None:
    """Check that the tables still have the files to remove, so that copied rows are not stored twice.

    Raises:
        LostRaceError: another program rewrote files of a table.
    """
    for table, change in changes.items():
        present = {file.address for file in lake.load(table).files()} if change.removed else set()
        if any(file.address not in present for file in change.removed):
            raise LostRaceError.of_table(table.name)


def _settled(
    context: TaskContext[Pipeline], ledger: LoadedTable, pipeline: Pipeline, gone: dict[str, Counter[str]]
) -> Change:
    """The change of the ledger that counts the removed records as filtered, so that it adds up."""
    keys = frozenset(key for counts in gone.values() for key in counts)
    stored = ledger.files(pipeline=[pipeline.name])
    removed = [file for file in stored if names_any(INGESTED_OBJECT, file.address, keys)]
    check_replaceable(INGESTED_OBJECT, removed)
    left = {name: counts.copy() for name, counts in gone.items()}
    files = [each for file in removed for each in settle(context, INGESTED_OBJECT, file.address, left)]
    return Change(files, removed, {"key": sorted(keys)})


def _forget_names(lake: Lake, person: Person, forgotten: Forgotten) -> None:
    table = lake.load(SUBSCRIBER)
    names = table.rows(tuple(SUBSCRIBER.arrow_schema.names))
    accounts = pa.array(sorted(person.accounts), names["account_id"].type)
    is_person = pc.is_in(names["account_id"], value_set=accounts)
    forgotten.rows[SUBSCRIBER.name] += pc.sum(is_person).as_py() or 0
    if not forgotten.is_dry and forgotten.rows[SUBSCRIBER.name]:
        table.replace(names.filter(pc.invert(is_person)).cast(SUBSCRIBER.arrow_schema))


def _purge(lake: Lake, tables: Iterable[Table]) -> int:
    """Expire all snapshots but the current ones, and delete the files that only these used; returns their number."""
    folder = new_run(runs_folder(lake.location, lake.database, FOLDER), datetime.now(UTC).replace(tzinfo=None))
    count = 0
    for table in tables:
        # The last commit's manifest has bounds of values in removed files. An empty commit leaves this manifest out.
        lake.load(table).append([], {})
        loaded = lake.load(table)
        files = old_files(loaded)
        # Announced first: if this process dies after the commit, the next one deletes the files.
        folder.announce(files)
        end_old_snapshots(loaded)
        # Not from the announcement: another command may have begun since and removed it.
        storage_for(lake.location).delete(files)
        count += len(files)
    folder.remove()
    return count


def _finish_purge(lake: Lake, tables: Iterable[Table]) -> None:
    """Delete the files that dead runs announced and no table uses any more."""
    for folder in unfinished(runs_folder(lake.location, lake.database, FOLDER)):
        used = {address for table in tables for address in all_files(lake.load(table))}
        folder.remove(keep=used)
