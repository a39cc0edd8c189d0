"""The ledger in use: which raw objects are new, and the rows that a run adds for those it ingested."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from glue_jobs.errors import LakeError, UnreadableObjectError
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


def not_ingested(
    lake: Lake, pipeline: str, listed: list[RawObject]
) -> tuple[list[RawObject], dict[tuple[str, str], str]]:
    """The listed objects that are not ingested with their ETag. Only the ledger of their days is read.

    The second value says, by address and ETag, why earlier runs could not read objects.
    """
    if not listed:
        return [], {}
    days = {each.day for each in listed}
    known = lake.load(INGESTED_OBJECT).rows(("key", "etag", "unreadable"), pipeline=[pipeline], object_day=days)
    is_ingested = known["unreadable"].is_null()
    pairs = set(_pairs(known.filter(is_ingested)))
    rest = known.filter(pc.invert(is_ingested))
    unreadable = dict(zip(_pairs(rest), rest["unreadable"].to_pylist(), strict=True))
    return [each for each in listed if (each.entry.address, each.entry.etag) not in pairs], unreadable


def _pairs(ledger: pa.Table) -> Iterator[tuple[str, str]]:
    return zip(ledger["key"].to_pylist(), ledger["etag"].to_pylist(), strict=True)


def unreadable_rows(
    pipeline: str,
    run_id: str,
    now: datetime,
    raw_objects: Sequence[RawObject],
    unreadable: Mapping[str, UnreadableObjectError],
) -> pa.Table:
    """One ledger row for each raw object that cannot be read, with the reason and without records."""
    addresses = [each.entry.address for each in raw_objects]
    rows = ledger_rows(pipeline, run_id, now, raw_objects, [ObjectCounts.zero(addresses)], {})
    reasons = pa.array([unreadable[address].reason for address in addresses], pa.string())
    return rows.set_column(rows.column_names.index("unreadable"), rows.schema.field("unreadable"), reasons)


def ledger_rows(
    pipeline: str,
    run_id: str,
    now: datetime,
    raw_objects: Sequence[RawObject],
    counts: Iterable[ObjectCounts],
    duplicates: Mapping[str, int],
) -> pa.Table:
    """One ledger row for each raw object of the run.

    ``counts`` are those of the chunks, which are added up by object. ``duplicates`` were found after the chunks, by
    address.
    """
    sums = _sums(counts)
    objects = [sums[each.entry.address] for each in raw_objects]
    for each, raw_object in zip(objects, raw_objects, strict=True):
        each.duplicates += duplicates.get(raw_object.entry.address, 0)
    columns = {
        "pipeline": pa.repeat(pipeline, len(objects)),
        "object_day": [each.day for each in raw_objects],
        "key": [each.entry.address for each in raw_objects],
        "etag": [each.entry.etag for each in raw_objects],
        "size": [each.entry.size for each in raw_objects],
        "last_modified": [each.entry.last_modified for each in raw_objects],
        "run_id": pa.repeat(run_id, len(objects)),
        "ingested_at": pa.repeat(pa.scalar(now, pa.timestamp("us")), len(objects)),
        "records": [each.rows + each.rejected + each.filtered for each in objects],
        "rows": [each.rows - each.duplicates for each in objects],
        "rejected": [each.rejected for each in objects],
        "duplicates": [each.duplicates for each in objects],
        "filtered": [each.filtered for each in objects],
        "first_event_time": [each.first for each in objects],
        "last_event_time": [each.last for each in objects],
        "unreadable": pa.nulls(len(objects), pa.string()),
    }
    return pa.table(columns, schema=INGESTED_OBJECT.arrow_schema)


def totals(ledger: pa.Table) -> Totals:
    """The sums of ledger rows.

    Raises:
        LakeError: the records do not add up, because of a bug; the run must not commit.
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
        # The records of some sources have no time.
        if first <= last:
            self.first = first if self.first is None else min(self.first, first)
            self.last = last if self.last is None else max(self.last, last)


def _sums(counts: Iterable[ObjectCounts]) -> dict[str, _Sum]:
    sums: dict[str, _Sum] = {}
    for part in counts:
        numbers = (part.rows, part.rejected, part.filtered, part.first, part.last, part.duplicates)
        for address, *values in zip(part.addresses, *(each.tolist() for each in numbers), strict=True):
            sums.setdefault(address, _Sum()).add(*values)
    return sums
