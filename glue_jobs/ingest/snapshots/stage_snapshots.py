"""A run over snapshots: each becomes rows and totals, whole; the latest take the place of older ones.

Why like this: docs/decisions/0010-inventory-snapshots.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from glue_jobs.ingest.commit import Change
from glue_jobs.ingest.data_files import NewFile
from glue_jobs.ingest.object_counts import ObjectCounts
from glue_jobs.ingest.snapshots.consecutive import compare_snapshots
from glue_jobs.ingest.snapshots.delivery import (
    Copies,
    Delivery,
    Identity,
    alike,
    copies_of_each,
    identity_of,
    latest_of,
    partitions_of,
    read_deliveries,
    reject_other_copies,
    separate,
)
from glue_jobs.ingest.snapshots.invalid_snapshots import invalid_snapshots, invalid_snapshots_summary, rejected_files
from glue_jobs.ingest.snapshots.task import ShareResult, ingest_share, shares_of
from glue_jobs.ingest.staged_run import StagedRun
from glue_jobs.ingest.task_context import TaskContext, write_parts
from glue_jobs.lake import Lake, LoadedTable, StoredFile
from glue_jobs.progress import Reporter
from glue_jobs.read.plan import chunk_size
from glue_jobs.read.raw_object import RawObject
from glue_jobs.sources.pipeline import SnapshotPipeline
from glue_jobs.sources.s3_inventory_object.storage_totals import total_storage
from glue_jobs.tables.model import Table
from glue_jobs.tables.rejected_record import REJECTED_RECORD
from glue_jobs.workers import engine


def stage_snapshots(
    context: TaskContext[SnapshotPipeline],
    lake: Lake,
    rows: LoadedTable,
    listed: list[RawObject],
    new: list[RawObject],
    keep: int,
    reporter: Reporter,
) -> StagedRun:
    """Ingest the listed manifests' snapshots that are new; of each kind the latest ``keep`` keep their rows.

    Raises:
        UsageLakeError: the run cannot go on. A snapshot that is not as promised is one of ``refused`` instead.
    """
    reasons: dict[str, str] = {}
    stored, found = rows.files(), list(read_deliveries(new, reasons))
    before = _totals_before(context, lake, found)
    copies = copies_of_each(separate(found, [*stored, *before], reasons), read_deliveries(alike(listed, new), {}))
    accepted, results, latest = _ingest_all(context, copies, [*map(identity_of, stored)], keep, reasons, reporter)
    reject_other_copies(copies, accepted, reasons)
    refused = invalid_snapshots(rows, new, reasons)
    kept = [each for each in accepted if each.identity in latest]
    made: dict[Identity, list[str] | None] = {each.identity: None for each in accepted}
    made |= {each.identity: [file.address for file in _files(results[each.snapshot.address])] for each in kept}
    compared = compare_snapshots(context, lake, stored, made, reporter)
    return StagedRun(
        [each.found for each in accepted],
        _changes(context, stored, before, accepted, results, latest, compared, rejected_files(context, refused)),
        [_counts(each, results[each.snapshot.address]) for each in accepted],
        invalid_snapshots=refused,
        notes=invalid_snapshots_summary(rows, [each.found for each in accepted], refused),
    )


def _totals_before(context: TaskContext[SnapshotPipeline], lake: Lake, deliveries: list[Delivery]) -> list[StoredFile]:
    """The files of totals that are stored of the same buckets and days."""
    pipeline = context.pipeline
    if not deliveries:
        return []
    return lake.load(pipeline.totals).files(**partitions_of(each.identity for each in deliveries))


def _ingest_all(
    context: TaskContext[SnapshotPipeline],
    copies: Mapping[Identity, Copies],
    stored: list[Identity],
    keep: int,
    reasons: dict[str, str],
    reporter: Reporter,
) -> tuple[list[Delivery], dict[str, list[ShareResult]], set[Identity]]:
    """The snapshots that are whole, what tasks made of all, by their manifests' addresses, and which keep their rows.

    Whether a snapshot is whole turns out only when it was read: if it is not, another copy of it is, and if none is
    whole, the next older snapshot keeps its rows.
    """
    results: dict[str, list[ShareResult]] = {}
    accepted: list[Delivery] = []
    pending, latest = [each.waiting.pop() for each in copies.values() if each.waiting], latest_of(stored, keep)
    while pending:
        tried = {each.snapshot.address: each for each in (*accepted, *pending)}
        detailed = latest_of([*stored, *(each.identity for each in tried.values())], keep)
        results |= _ingest(context, pending, detailed, reporter)
        for address, some in results.items():
            refused = [result.refused for result in some if result.refused]
            if refused:
                reasons.setdefault(address, refused[0])
        accepted = [each for address, each in tried.items() if address not in reasons]
        latest = latest_of([*stored, *(each.identity for each in accepted)], keep)
        others = [copies[each.identity].waiting for address, each in tried.items() if address in reasons]
        pending = [each for each in accepted if each.identity in latest and each.identity not in detailed]
        pending += [waiting.pop() for waiting in others if waiting]
    return accepted, results, latest


def _ingest(
    context: TaskContext[SnapshotPipeline], deliveries: list[Delivery], latest: set[Identity], reporter: Reporter
) -> dict[str, list[ShareResult]]:
    """What the tasks made of the snapshots, by the address of the manifest."""
    total = sum(file.size for each in deliveries for file in each.snapshot.files)
    results: dict[str, list[ShareResult]] = {each.snapshot.address: [] for each in deliveries}
    if total or any(each.snapshot.files for each in deliveries):
        workers = engine.workers_for(total)
        size = chunk_size(total, workers.count)
        shares = [
            share for each in deliveries for share in shares_of(each.snapshot, size, detail=each.identity in latest)
        ]
        with reporter.progress("ingesting") as progress:
            for share, result in zip(
                shares, workers.run(partial(ingest_share, context), shares, progress), strict=True
            ):
                results[share.snapshot.address].append(result)
    return results


def _changes(
    context: TaskContext[SnapshotPipeline],
    stored: list[StoredFile],
    before: list[StoredFile],
    accepted: list[Delivery],
    results: Mapping[str, list[ShareResult]],
    latest: set[Identity],
    compared: Change,
    rejected: list[NewFile],
) -> dict[Table, Change]:
    pipeline = context.pipeline
    ingested = [result for each in accepted for result in results[each.snapshot.address]]
    again = {each.identity for each in accepted}
    # Until the totals are changed, too, the newest one before this run is the latest that readers know of.
    kept = latest | latest_of(map(identity_of, stored), 1)
    return {
        pipeline.table: Change(
            _files(ingested),
            # Another program may have joined files of several snapshots; those stay.
            [
                file
                for file in stored
                if None not in file.file_constants and (identity_of(file) in again or identity_of(file) not in kept)
            ],
        ),
        # Before the totals: readers take the latest snapshot from those.
        pipeline.changes: compared,
        pipeline.totals: Change(
            _write_totals(context, pipeline.totals, accepted, results),
            [file for file in before if identity_of(file) in again],
        ),
        REJECTED_RECORD: Change([*(file for result in ingested for file in result.rejected_files), *rejected]),
    }


def _files(results: list[ShareResult]) -> list[NewFile]:
    return [file for result in results for file in result.files]


def _write_totals(
    context: TaskContext[SnapshotPipeline],
    table: Table,
    accepted: list[Delivery],
    results: Mapping[str, list[ShareResult]],
) -> list[NewFile]:
    # A file for each, so that it can be replaced when the snapshot is delivered again.
    parts = []
    for each in accepted:
        sums = [part for result in results[each.snapshot.address] for part in result.totals]
        parts.append((each.snapshot.partition, total_storage(each.snapshot, sums)))
    return write_parts(context, table, parts) if parts else []


def _counts(delivery: Delivery, results: list[ShareResult]) -> ObjectCounts:
    def sums(name: str) -> npt.NDArray[np.int64]:
        return np.array([sum(getattr(result, name) for result in results)], dtype=np.int64)

    time = pa.scalar(delivery.snapshot.time, pa.timestamp("us")).value
    # What happened to all of its objects at that time is that they were listed.
    at = np.array([time], dtype=np.int64)
    duplicates = sums("duplicates")
    rows = sums("rows") + duplicates
    return ObjectCounts([delivery.snapshot.address], rows, sums("rejected"), sums("filtered"), at, at, duplicates)
