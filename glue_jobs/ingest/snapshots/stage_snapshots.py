"""Staging of snapshots: new ones become rows and totals; the rows of the latest replace those of older ones.

Reasons: docs/decisions/0010-inventory-snapshots.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from glue_jobs.columns.numpy_types import Ints
from glue_jobs.errors import UnreadableObjectError
from glue_jobs.ingest.snapshots.daily_changes import stage_daily_changes
from glue_jobs.ingest.snapshots.delivery import (
    Copies,
    Delivery,
    columns_of,
    group_copies,
    latest_snapshots,
    missing_fields,
    of_manifest,
    partitions_of,
    possible_copies,
    read_deliveries,
    reject_other_copies,
    replaceable,
    snapshot_of,
)
from glue_jobs.ingest.snapshots.snapshot_task import SnapshotChunkResult, ingest_snapshot_chunk, split_snapshot
from glue_jobs.ingest.staging.change import Change, StagedRun
from glue_jobs.ingest.staging.invalid_snapshots import invalid_snapshots, invalid_snapshots_note, rejected_files
from glue_jobs.ingest.staging.object_counts import ObjectCounts
from glue_jobs.ingest.staging.task_context import TaskContext, write_parts
from glue_jobs.progress import Reporter
from glue_jobs.read.plan import chunk_size
from glue_jobs.read.raw_object import RawObject
from glue_jobs.sources.pipeline import SnapshotPipeline
from glue_jobs.sources.s3_inventory_object.parser import SnapshotId
from glue_jobs.sources.s3_inventory_object.storage_totals import total_storage
from glue_jobs.tables.model import Table
from glue_jobs.tables.rejected_record import REJECTED_RECORD
from glue_jobs.workers import engine

if TYPE_CHECKING:
    from glue_jobs.lake import Lake, LoadedTable, StoredFile


@dataclass(frozen=True)
class _Ingested:
    """The valid deliveries of a run, the results of their tasks by manifest, and the snapshots that keep their rows."""

    deliveries: list[Delivery]
    results: Mapping[str, list[SnapshotChunkResult]]
    latest: set[SnapshotId]

    @property
    def snapshots(self) -> set[SnapshotId]:
        return {each.snapshot.id for each in self.deliveries}

    @property
    def all_results(self) -> list[SnapshotChunkResult]:
        return [result for each in self.deliveries for result in self.results[each.address]]


def stage_snapshots(
    context: TaskContext[SnapshotPipeline],
    lake: Lake,
    rows: LoadedTable,
    listed: list[RawObject],
    new: list[RawObject],
    keep: int,
    reporter: Reporter,
) -> StagedRun:
    """Write the data files of new snapshots; the result names the stored files that they replace.

    ``listed`` are all manifests of the window, ``new`` those that the ledger does not have. The latest ``keep``
    snapshots of each inventory have rows, older ones only totals. Invalid ones are listed in ``invalid_snapshots``.

    Raises:
        UsageLakeError: the run cannot continue.
    """
    reasons: dict[str, str] = {}
    unreadable: dict[str, UnreadableObjectError] = {}
    stored, pipeline = rows.files(), context.pipeline
    deliveries = [*read_deliveries(new, reasons, unreadable)]
    stored_totals = lake.load(pipeline.totals).files(**partitions_of(each.snapshot.id for each in deliveries))
    deliveries = [*replaceable(deliveries, [*stored, *stored_totals], reasons)]
    copies = group_copies(deliveries, read_deliveries(possible_copies(listed, new), {}, {}))
    ingested = _ingest_latest(context, copies, [*map(snapshot_of, stored)], keep, reasons, unreadable, reporter)
    reject_other_copies(copies, ingested.deliveries, reasons)
    for sentence in missing_fields(each.snapshot for each in ingested.deliveries):
        reporter.say(sentence)
    invalid = invalid_snapshots(rows, new, reasons)
    files: dict[SnapshotId, list[str] | None] = {}
    for each in ingested.deliveries:
        addresses = [file.address for result in ingested.results[each.address] for file in result.files]
        files[each.snapshot.id] = addresses if each.snapshot.id in ingested.latest else None
    daily_changes = stage_daily_changes(context, lake, stored, files, reporter)
    rejected = [file for result in ingested.all_results for file in result.rejected_files]
    changes = {
        pipeline.table: _change_rows(ingested, stored),
        pipeline.changes: daily_changes,
        # Readers find the latest snapshot by the totals, so these are committed after its rows and changes.
        pipeline.totals: _change_totals(context, pipeline.totals, ingested, stored_totals),
        REJECTED_RECORD: Change([*rejected, *rejected_files(context, invalid)]),
    }
    counts = [_counts(each, ingested.results[each.address]) for each in ingested.deliveries]
    manifests = [each.manifest for each in ingested.deliveries]
    notes = invalid_snapshots_note(rows, manifests, invalid)
    return StagedRun(manifests, changes, counts, unreadable=unreadable, invalid_snapshots=invalid, notes=notes)


def _ingest_latest(
    context: TaskContext[SnapshotPipeline],
    copies: Mapping[SnapshotId, Copies],
    stored: list[SnapshotId | None],
    keep: int,
    reasons: dict[str, str],
    unreadable: dict[str, UnreadableObjectError],
    reporter: Reporter,
) -> _Ingested:
    """Ingest a valid copy of every snapshot, with its rows if it is one of the latest.

    Adds invalid copies to ``reasons``, and copies with a file that cannot be read now to ``unreadable``.

    Only reading a copy's files shows that it is invalid; then the next copy is tried. A snapshot without a valid copy
    does not count as one of the latest. An older one takes its place and is read once more for its rows.
    """
    results: dict[str, list[SnapshotChunkResult]] = {}
    valid: list[Delivery] = []
    pending = [group.untried.pop() for group in copies.values() if group.untried]
    latest = latest_snapshots(stored, keep)
    while pending:
        tried = [*{each.address: each for each in (*valid, *pending)}.values()]
        with_rows = latest_snapshots([*stored, *(each.snapshot.id for each in tried)], keep)
        results |= _run_tasks(context, pending, with_rows, reporter)
        for address, some in results.items():
            if problem := next((result.invalid for result in some if result.invalid), None):
                reasons.setdefault(address, problem)
            elif error := next((result.unreadable for result in some if result.unreadable), None):
                unreadable[address] = of_manifest(address, error)
        failed = {*reasons, *unreadable}
        valid = [each for each in tried if each.address not in failed]
        latest = latest_snapshots([*stored, *(each.snapshot.id for each in valid)], keep)
        pending = [each for each in valid if each.snapshot.id in latest - with_rows]
        others = [copies[each.snapshot.id] for each in tried if each.address in failed]
        pending += [group.untried.pop() for group in others if group.untried]
    return _Ingested(valid, results, latest)


def _run_tasks(
    context: TaskContext[SnapshotPipeline], deliveries: list[Delivery], with_rows: set[SnapshotId], reporter: Reporter
) -> dict[str, list[SnapshotChunkResult]]:
    """The results of the tasks, by the address of the delivery."""
    results: dict[str, list[SnapshotChunkResult]] = {each.address: [] for each in deliveries}
    sizes = [file.size for each in deliveries for file in each.snapshot.files]
    if sizes:
        workers = engine.workers_for(sum(sizes))
        size = chunk_size(sum(sizes), workers.count)
        chunks = [
            chunk
            for each in deliveries
            for chunk in split_snapshot(each.snapshot, size, keep_rows=each.snapshot.id in with_rows)
        ]
        with reporter.progress("ingesting") as progress:
            task = partial(ingest_snapshot_chunk, context)
            for chunk, result in zip(chunks, workers.run(task, chunks, progress), strict=True):
                results[chunk.snapshot.address].append(result)
    return results


def _change_rows(ingested: _Ingested, stored: list[StoredFile]) -> Change:
    # Until the totals are committed, readers still take the newest snapshot before this run for the latest.
    kept = ingested.latest | latest_snapshots(map(snapshot_of, stored), 1)
    kept -= ingested.snapshots
    # Files into which another program has merged several snapshots stay.
    removed = [file for file in stored if (snapshot := snapshot_of(file)) and snapshot not in kept]
    return Change([file for result in ingested.all_results for file in result.files], removed)


def _change_totals(
    context: TaskContext[SnapshotPipeline], table: Table, ingested: _Ingested, stored: list[StoredFile]
) -> Change:
    parts = []
    for each in ingested.deliveries:
        totals = [part for result in ingested.results[each.address] for part in result.totals]
        has_size = "size" in each.snapshot.fields
        parts.append((each.snapshot.id.partition, total_storage(each.snapshot.id, totals, has_size=has_size)))
    replaced = ingested.snapshots
    # One file per snapshot, so that a later delivery of the snapshot can replace it.
    removed = [file for file in stored if snapshot_of(file) in replaced]
    return Change(write_parts(context, table, parts), removed, columns_of(replaced))


def _counts(delivery: Delivery, results: list[SnapshotChunkResult]) -> ObjectCounts:
    def total(name: str) -> Ints:
        return np.array([sum(getattr(result, name) for result in results)], dtype=np.int64)

    # All objects of a snapshot have the time at which they were listed.
    time = np.array([pa.scalar(delivery.snapshot.id.time, pa.timestamp("us")).value], dtype=np.int64)
    duplicates = total("duplicates")
    rows = total("rows") + duplicates
    return ObjectCounts([delivery.address], rows, total("rejected"), total("filtered"), time, time, duplicates)
