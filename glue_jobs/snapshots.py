"""A run over snapshots: each becomes rows and totals, whole; the latest take the place of older ones.

Why like this: docs/decisions/0010-inventory-snapshots.md.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from functools import partial

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from glue_jobs.commit import Change
from glue_jobs.data_files import NewFile
from glue_jobs.ingest_task import Job, ObjectCounts, write_parts
from glue_jobs.lake import Lake, LoadedTable, StoredFile
from glue_jobs.made import Made
from glue_jobs.pipelines import SnapshotPipeline
from glue_jobs.plan import chunk_size
from glue_jobs.progress import Reporter
from glue_jobs.refusals import refusals, rejected_files
from glue_jobs.snapshot_task import Share, ShareResult, ingest_share
from glue_jobs.sources.found import Found
from glue_jobs.sources.inventory_parser import InventoryFile, RefusedError, Snapshot, read_manifest
from glue_jobs.sources.snapshot_folders import CHECKSUM, MANIFEST
from glue_jobs.sources.storage_totals import totals_of
from glue_jobs.spark import run_tasks, session
from glue_jobs.storage import storage_for
from glue_jobs.table import Table
from glue_jobs.tables.rejected_record import REJECTED_RECORD

# Manifests read at a time.
READS = 16

# Bucket, configuration, and when the bucket was listed.
Identity = tuple[str, str, datetime]


@dataclass(frozen=True)
class Delivery:
    """A snapshot as it was found."""

    found: Found
    snapshot: Snapshot

    @property
    def identity(self) -> Identity:
        """What makes another delivery one of the same snapshot."""
        return self.snapshot.source_bucket, self.snapshot.inventory_id, self.snapshot.time


def make_snapshots(job: Job, lake: Lake, rows: LoadedTable, new: list[Found], keep: int, reporter: Reporter) -> Made:
    """Ingest the new manifests' snapshots; of each bucket and configuration the latest ``keep`` keep their rows.

    Raises:
        UsageLakeError: the run cannot go on. A snapshot that is not as promised is one of ``refused`` instead.
    """
    reasons: dict[str, str] = {}
    stored, found = rows.files(), list(_read(new, reasons))
    before = _totals_before(job, lake, found)
    deliveries = _once(_separate(found, [*stored, *before], reasons), reasons)
    results, latest = _ingest_all(job, deliveries, [*map(_identity, stored)], keep, reasons, reporter)
    accepted = [each for each in deliveries if each.snapshot.address not in reasons]
    refused = refusals(rows, new, reasons)
    return Made(
        [each.found for each in accepted],
        _changes(job, stored, before, accepted, results, latest, rejected_files(job, refused)),
        [_counts(each, results[each.snapshot.address]) for each in accepted],
        refused=refused,
    )


def _read(new: list[Found], reasons: dict[str, str]) -> Iterator[Delivery]:
    """The new manifests as snapshots; ``reasons`` gets those of the ones that are none."""

    def get(found: Found) -> tuple[bytes, bytes]:
        storage, folder = storage_for(found.entry.address), found.entry.address.removesuffix(MANIFEST)
        return storage.read(found.entry), storage.get(folder + CHECKSUM)

    with ThreadPoolExecutor(READS) as pool:
        for found, (content, checksum) in zip(new, pool.map(get, new), strict=True):
            try:
                yield Delivery(found, read_manifest(found.entry.address, content, checksum))
            except RefusedError as error:
                reasons[found.entry.address] = str(error)


def _totals_before(job: Job, lake: Lake, deliveries: list[Delivery]) -> list[StoredFile]:
    """The files of totals that are stored of the same buckets and days."""
    pipeline = job.pipeline
    assert isinstance(pipeline, SnapshotPipeline)
    days = {name: {each.snapshot.partition[name] for each in deliveries} for name in pipeline.totals.partitions}
    return lake.load(pipeline.totals).files(**days) if deliveries else []


def _separate(deliveries: Iterable[Delivery], stored: list[StoredFile], reasons: dict[str, str]) -> Iterator[Delivery]:
    """Those whose own files can be told from others, should there be older ones to take the place of."""
    mixed = {file.partition: file.address for file in stored if None in file.labels}
    for each in deliveries:
        file = mixed.get((each.snapshot.source_bucket, each.snapshot.time.date()))
        if file is None:
            yield each
        else:
            reasons[each.snapshot.address] = (
                f"another program joined rows of several snapshots of its day in {file}, so that none of them can be"
                " replaced; use another --database"
            )


def _once(deliveries: Iterable[Delivery], reasons: dict[str, str]) -> list[Delivery]:
    """Of a snapshot that lies in several places the one that was written last."""
    newest: dict[Identity, Delivery] = {}
    for each in sorted(deliveries, key=lambda each: (each.found.entry.last_modified, each.snapshot.address)):
        older = newest.get(each.identity)
        if older is not None:
            reasons[older.snapshot.address] = f"the same snapshot lies in {each.snapshot.address} too"
        newest[each.identity] = each
    return list(newest.values())


def _identity(file: StoredFile) -> Identity:
    inventory_id, time = file.labels
    return file.partition[0], inventory_id, time


def _latest(identities: Iterable[Identity], keep: int) -> set[Identity]:
    """Of each bucket and configuration the latest ones."""
    times: defaultdict[tuple[str, str], set[datetime]] = defaultdict(set)
    for bucket, inventory_id, time in identities:
        if time is not None:
            times[bucket, inventory_id].add(time)
    return {(*of, time) for of, some in times.items() for time in sorted(some)[-keep:]}


def _ingest_all(
    job: Job, deliveries: list[Delivery], stored: list[Identity], keep: int, reasons: dict[str, str], reporter: Reporter
) -> tuple[dict[str, list[ShareResult]], set[Identity]]:
    """What the tasks made of every snapshot, by the address of its manifest, and which ones keep their rows.

    Whether a later snapshot is whole turns out only when it was read: if it is not, the next older one keeps its rows.
    """
    results: dict[str, list[ShareResult]] = {}
    pending, latest = deliveries, _latest(stored, keep)
    while pending:
        possible = [each for each in deliveries if each.snapshot.address not in reasons]
        detailed = _latest([*stored, *(each.identity for each in possible)], keep)
        results |= _ingest(job, pending, detailed, reporter)
        for address, some in results.items():
            refused = [result.refused for result in some if result.refused]
            if refused:
                reasons.setdefault(address, refused[0])
        accepted = [each for each in deliveries if each.snapshot.address not in reasons]
        latest = _latest([*stored, *(each.identity for each in accepted)], keep)
        pending = [each for each in accepted if each.identity in latest and each.identity not in detailed]
    return results, latest


def _ingest(
    job: Job, deliveries: list[Delivery], latest: set[Identity], reporter: Reporter
) -> dict[str, list[ShareResult]]:
    """What the tasks made of the snapshots, by the address of the manifest."""
    total = sum(file.size for each in deliveries for file in each.snapshot.files)
    results: dict[str, list[ShareResult]] = {each.snapshot.address: [] for each in deliveries}
    if total or any(each.snapshot.files for each in deliveries):
        spark = session()
        size = chunk_size(total, spark.sparkContext.defaultParallelism)
        shares = [
            Share(each.snapshot, files, each.identity in latest)
            for each in deliveries
            for files in _divided(each.snapshot.files, size)
        ]
        with reporter.progress("ingesting") as progress:
            for share, result in zip(
                shares, run_tasks(spark, partial(ingest_share, job), shares, progress), strict=True
            ):
                results[share.snapshot.address].append(result)
    return results


def _divided(files: tuple[InventoryFile, ...], size: int) -> Iterator[tuple[InventoryFile, ...]]:
    """The files in shares of about ``size`` bytes, all of about the same."""
    total = sum(file.size for file in files)
    count = max(1, min(len(files), -(-total // size)))
    shares: list[list[InventoryFile]] = [[] for _ in range(count)]
    sizes = [0] * count
    for file in sorted(files, key=lambda file: -file.size):
        smallest = sizes.index(min(sizes))
        shares[smallest].append(file)
        sizes[smallest] += file.size
    return (tuple(share) for share in shares if share)


def _changes(
    job: Job,
    stored: list[StoredFile],
    before: list[StoredFile],
    accepted: list[Delivery],
    results: Mapping[str, list[ShareResult]],
    latest: set[Identity],
    rejected: list[NewFile],
) -> dict[Table, Change]:
    pipeline = job.pipeline
    assert isinstance(pipeline, SnapshotPipeline)
    ingested = [result for each in accepted for result in results[each.snapshot.address]]
    again = {each.identity for each in accepted}
    return {
        pipeline.table: Change(
            [file for result in ingested for file in result.files],
            # Another program may have joined files of several snapshots; those stay.
            [
                file
                for file in stored
                if None not in file.labels and (_identity(file) in again or _identity(file) not in latest)
            ],
        ),
        pipeline.totals: Change(
            _write_totals(job, pipeline.totals, accepted, results),
            [file for file in before if _identity(file) in again],
        ),
        REJECTED_RECORD: Change([*(file for result in ingested for file in result.rejected_files), *rejected]),
    }


def _write_totals(
    job: Job, table: Table, accepted: list[Delivery], results: Mapping[str, list[ShareResult]]
) -> list[NewFile]:
    # A file for each, so that it can be replaced when the snapshot is delivered again.
    parts = []
    for each in accepted:
        sums = [part for result in results[each.snapshot.address] for part in result.totals]
        parts.append((each.snapshot.partition, totals_of(each.snapshot, sums)))
    return write_parts(job, table, parts) if parts else []


def _counts(delivery: Delivery, results: list[ShareResult]) -> ObjectCounts:
    def sums(name: str) -> npt.NDArray[np.int64]:
        return np.array([sum(getattr(result, name) for result in results)], dtype=np.int64)

    time = pa.scalar(delivery.snapshot.time, pa.timestamp("us")).value
    # What happened to all of its objects at that time is that they were listed.
    at = np.array([time], dtype=np.int64)
    duplicates = sums("duplicates")
    rows = sums("rows") + duplicates
    return ObjectCounts([delivery.snapshot.address], rows, sums("rejected"), sums("filtered"), at, at, duplicates)
