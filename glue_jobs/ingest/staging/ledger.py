"""The rows that a run adds to the ledger, for the raw objects it ingested and for those it could not read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass
from datetime import datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from glue_jobs.errors import LakeError, UnreadableObjectError
from glue_jobs.ingest.staging.object_counts import ObjectCounts
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
    """One ledger row for each raw object that cannot be read: the reason, and counts of zero."""
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

    ``counts`` of all chunks are added up by object. ``duplicates`` has, by address, the number of duplicates that were
    found after the chunks.
    """
    addresses = [each.entry.address for each in raw_objects]
    sums = _sums(addresses, counts)
    duplicates_of_each = pc.add(
        sums["duplicates"], pa.array([duplicates.get(each, 0) for each in addresses], pa.int64())
    )
    # The records of some sources have no time.
    has_time = pc.less_equal(sums["first"], sums["last"])
    columns = {
        "pipeline": pa.repeat(pipeline, len(addresses)),
        "object_day": [each.day for each in raw_objects],
        "key": addresses,
        "etag": [each.entry.etag for each in raw_objects],
        "size": [each.entry.size for each in raw_objects],
        "last_modified": [each.entry.last_modified for each in raw_objects],
        "run_id": pa.repeat(run_id, len(addresses)),
        "ingested_at": pa.repeat(pa.scalar(now, pa.timestamp("us")), len(addresses)),
        "records": pc.add(pc.add(sums["rows"], sums["rejected"]), sums["filtered"]),
        "rows": pc.subtract(sums["rows"], duplicates_of_each),
        "rejected": sums["rejected"],
        "duplicates": duplicates_of_each,
        "filtered": sums["filtered"],
        "first_event_time": pc.if_else(has_time, sums["first"], None),
        "last_event_time": pc.if_else(has_time, sums["last"], None),
        "unreadable": pa.nulls(len(addresses), pa.string()),
    }
    return pa.table(columns, schema=INGESTED_OBJECT.arrow_schema)


def totals(ledger: pa.Table) -> Totals:
    """The sums of ledger rows.

    Raises:
        LakeError: the records do not add up. This is a bug, and the run must not commit.
    """
    sums = {
        name: int(np.sum(ledger[name].to_numpy())) for name in ("records", "rows", "rejected", "duplicates", "filtered")
    }
    result = Totals(objects=ledger.num_rows, **sums)
    if result.records != result.rows + result.rejected + result.duplicates + result.filtered:
        raise LakeError(f"the records of this run do not add up: {result}; this is a bug, please report it")
    return result


def _sums(addresses: list[str], counts: Iterable[ObjectCounts]) -> pa.Table:
    """The counts of each address, in the given order; every address must have some."""
    counted = ("rows", "rejected", "filtered", "duplicates")
    fields = {"addresses": pa.string(), **dict.fromkeys((*counted, "first", "last"), pa.int64())}
    empty = pa.schema(fields).empty_table()
    parts = pa.concat_tables([empty, *(pa.table(vars(each), schema=empty.schema) for each in counts)])
    aggregations = [*((name, "sum") for name in counted), ("first", "min"), ("last", "max")]
    sums = parts.group_by("addresses").aggregate(aggregations).combine_chunks()
    sums = sums.rename_columns([name.partition("_")[0] for name in sums.column_names])
    return sums.take(pc.index_in(pa.array(addresses, pa.string()), sums["addresses"].combine_chunks()))
