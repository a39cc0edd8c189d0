"""The driver's memory, seconds and requests for 10 million objects a day, from listing to ledger.

Three earlier days are already in the ledger, and the run lists them again. The listing and the ledger are generated.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from itertools import islice
from typing import Any
from unittest.mock import patch

import pyarrow as pa

from benchmarks.generated_s3 import RAW, Listing, etag, serving
from benchmarks.measure import Host, Line, Settings
from benchmarks.peak_memory import peak_bytes
from benchmarks.slow_s3 import BUCKET, use_endpoint
from glue_jobs.ingest.discovery import discover
from glue_jobs.ingest.discovery.known_objects import KnownObjects
from glue_jobs.ingest.staging.ledger import ledger_rows
from glue_jobs.ingest.staging.object_counts import ObjectCounts
from glue_jobs.ingest.steps import Step, Steps
from glue_jobs.read.plan import MAX_CHUNK_BYTES, split_into_chunks
from glue_jobs.read.raw_object import Window
from glue_jobs.sources.pipelines import BY_NAME
from glue_jobs.storage import storage_for
from glue_jobs.storage.s3 import S3Storage

PIPELINE = BY_NAME["s3_access_log"]

# A G.1X worker has 16 GiB, and Java needs the rest.
MAX_BYTES = 4 * 2**30

ROWS_PER_BATCH = 100_000


def measure(settings: Settings) -> Iterator[Line]:
    """Lines of the results: the driver's peak memory, seconds and number of requests."""
    per_day = settings.objects or (4_000 if settings.quick else 10_000_000)
    listing = Listing(days=4, per_day=per_day)
    with serving(listing) as endpoint, Host() as host:
        run = host.call(_drive, listing, endpoint)
    requests, steps, peak = run.result
    note = f"{per_day:,} new objects in {steps} steps; {3 * per_day:,} of three days before are listed and known"
    target = f"under {MAX_BYTES >> 20:,} MiB"
    yield Line("peak memory of the driver", f"{peak >> 20:,} MiB", "", target, peak < MAX_BYTES, note)
    yield Line("seconds of the driver", f"{run.wall:.1f} s", f"{run.cpu or 0:.1f} s", note="listing on loopback")
    pages = 4 * per_day // 1_000
    yield Line("requests", f"{requests:,}", note=f"{pages:,} pages of 1,000 keys, and the folders")


class _GeneratedLedger:
    """A lake whose ledger has the objects of all days but the last."""

    def __init__(self, listing: Listing) -> None:
        self._listing = listing

    def load(self, _table: object) -> _GeneratedLedger:
        return self

    def batches(self, columns: tuple[str, ...], pipeline: list[str], object_day: set[date]) -> Iterator[pa.Table]:
        for day in sorted(object_day & {*self._listing.dates[:-1]}):
            for folder in self._listing.folders(day):
                keys = self._listing.keys(folder)
                while some := [*islice(keys, ROWS_PER_BATCH)]:
                    cells = [[f"s3://{BUCKET}/{key}" for key in some], [etag(key) for key in some]]
                    days = pa.array([day], pa.date32()).take(pa.array([0] * len(some)))
                    yield pa.table([*cells, pa.nulls(len(some), pa.string()), days], [*columns])


def _drive(listing: Listing, endpoint: str) -> tuple[int, int, int]:
    """Do the driver's work, without the tasks; returns the number of requests and steps, and the peak bytes."""
    import pyspark  # noqa: F401 - the driver of Spark has it in memory

    use_endpoint(endpoint)
    requests, page, done = [0], S3Storage._page, 0

    def counted(*arguments: Any, **named: Any) -> Any:
        requests[0] += 1
        return page(*arguments, **named)

    with patch.object(S3Storage, "_page", counted):
        listed = discover.Listing(iter(()), Window(listing.dates[0]), [], True)
        listed.objects = PIPELINE.discover(storage_for(RAW), RAW, listed.window, listed.skipped, False)
        steps = Steps(PIPELINE, listed, KnownObjects(_GeneratedLedger(listing), PIPELINE.name))  # type: ignore[arg-type]
        for step in steps:
            done += _around_the_tasks(step)
            number = step.number
            del step
    if (done, steps.listed) != (listing.per_day, listing.days * listing.per_day):
        raise AssertionError(f"{done:,} of {steps.listed:,} objects were new")
    return requests[0], number, peak_bytes()


def _around_the_tasks(step: Step) -> int:
    """Build the input of a step's tasks and the ledger rows of their results; returns the number of rows."""
    chunks = list(split_into_chunks(step.new, MAX_CHUNK_BYTES, lambda _: True))
    counts = [ObjectCounts.zero([part.raw_object.entry.address for part in chunk]) for chunk in chunks]
    return ledger_rows(PIPELINE.name, "run", datetime(2024, 5, 11), step.new, counts, {}).num_rows
