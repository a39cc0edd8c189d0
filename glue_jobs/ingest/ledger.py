"""The ledger in use: which raw objects are new, and what a run writes of those it ingested."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pyarrow as pa

from glue_jobs.errors import LakeError
from glue_jobs.ingest.object_counts import ObjectCounts
from glue_jobs.lake import Lake
from glue_jobs.read.raw_object import RawObject
from glue_jobs.tables.ingested_object import INGESTED_OBJECT


@dataclass(frozen=True)
class Totals:
    """Sums over the raw objects of a run."""

    objects: int
    records: int
    rows: int
    rejected: int
    duplicates: int
    filtered: int


def not_ingested(lake: Lake, pipeline: str, found: list[RawObject]) -> list[RawObject]:
    """Those objects that the ledger does not have with the same ETag; reads only the days the objects are of."""
    if not found:
        return []
    days = {each.day for each in found}
    known = lake.load(INGESTED_OBJECT).rows(("key", "etag"), pipeline=[pipeline], object_day=days)
    pairs = set(zip(known["key"].to_pylist(), known["etag"].to_pylist(), strict=True))
    return [each for each in found if (each.entry.address, each.entry.etag) not in pairs]


def ledger_rows(
    pipeline: str,
    run_id: str,
    now: datetime,
    found: Iterable[RawObject],
    counts: Iterable[ObjectCounts],
    duplicates: Mapping[str, int],
) -> pa.Table:
    """One ledger row per object of the run; an object split over chunks has the sum of its parts."""
    sums, found = _sums(counts), list(found)
    got = [sums[each.entry.address] for each in found]
    duplicate_rows = [
        some.duplicates + duplicates.get(each.entry.address, 0) for each, some in zip(found, got, strict=True)
    ]
    columns = {
        "pipeline": pa.repeat(pipeline, len(found)),
        "object_day": [each.day for each in found],
        "key": [each.entry.address for each in found],
        "etag": [each.entry.etag for each in found],
        "size": [each.entry.size for each in found],
        "last_modified": [each.entry.last_modified for each in found],
        "run_id": pa.repeat(run_id, len(found)),
        "ingested_at": pa.repeat(pa.scalar(now, pa.timestamp("us")), len(found)),
        "records": [some.rows + some.rejected + some.filtered for some in got],
        "rows": [some.rows - twice for some, twice in zip(got, duplicate_rows, strict=True)],
        "rejected": [some.rejected for some in got],
        "duplicates": duplicate_rows,
        "filtered": [some.filtered for some in got],
        "first_event_time": [some.first for some in got],
        "last_event_time": [some.last for some in got],
    }
    return pa.table(columns, schema=INGESTED_OBJECT.arrow_schema)


def totals(ledger: pa.Table) -> Totals:
    """The sums of ledger rows, which must add up.

    Raises:
        LakeError: they do not; a bug, and the run must not commit.
    """
    sums = {
        name: int(np.sum(ledger[name].to_numpy())) for name in ("records", "rows", "rejected", "duplicates", "filtered")
    }
    result = Totals(objects=ledger.num_rows, **sums)
    if result.records != result.rows + result.rejected + result.duplicates + result.filtered:
        raise LakeError(f"the records of this run do not add up: {result}; this is a bug, please report it")
    return result


@dataclass(slots=True)
class _Sum:
    rows: int = 0
    rejected: int = 0
    filtered: int = 0
    first: int | None = None
    last: int | None = None
    duplicates: int = 0

    def add(self, rows: int, rejected: int, filtered: int, first: int, last: int, duplicates: int) -> None:
        self.rows += rows
        self.rejected += rejected
        self.filtered += filtered
        self.duplicates += duplicates
        if rows:
            self.first = first if self.first is None else min(self.first, first)
            self.last = last if self.last is None else max(self.last, last)


def _sums(counts: Iterable[ObjectCounts]) -> dict[str, _Sum]:
    sums: dict[str, _Sum] = {}
    for part in counts:
        numbers = (part.rows, part.rejected, part.filtered, part.first, part.last, part.duplicates)
        for address, *values in zip(part.addresses, *(each.tolist() for each in numbers), strict=True):
            sums.setdefault(address, _Sum()).add(*values)
    return sums
