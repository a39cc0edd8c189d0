"""The rows that a run adds to the ledger, for the raw objects it ingested and for those it could not read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass
from datetime import datetime

import numpy as np
import pyarrow as pa

from glue_jobs.errors import LakeError, UnreadableObjectError
from glue_jobs.ingest.object_counts import ObjectCounts
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

    def __add__(self, other: Totals) -> Totals:
        return Totals(*(mine + its for mine, its in zip(astuple(self), astuple(other), strict=True)))


NOTHING = Totals(0, 0, 0, 0, 0, 0)


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
