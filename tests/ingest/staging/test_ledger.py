"""The ledger of a run: sums by object, and which objects are new."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime

import numpy as np
import pyarrow as pa
import pytest

from glue_jobs.errors import LakeError
from glue_jobs.ingest.staging.ledger import Totals, ledger_rows, totals
from glue_jobs.ingest.staging.object_counts import ObjectCounts
from glue_jobs.read.raw_object import RawObject
from glue_jobs.storage import Entry

NOW = datetime(2024, 5, 9)
LIMITS = np.iinfo(np.int64)


def raw_object(name: str, day: date | None = date(2024, 5, 7), etag: str = "etag") -> RawObject:
    return RawObject(Entry(f"/raw/{name}", 10, etag, datetime(2024, 5, 8)), day)


def counts(**objects: tuple[int, int, int, int, int]) -> ObjectCounts:
    columns = [np.array(column, dtype=np.int64) for column in zip(*objects.values(), strict=True)]
    return ObjectCounts([f"/raw/{name}" for name in objects], *columns, duplicates=np.zeros_like(columns[0]))


NOTHING = (0, 0, 0, LIMITS.max, LIMITS.min)


def test_an_object_has_the_sums_of_its_parts() -> None:
    parts = [
        counts(a=(3, 1, 0, 50, 70), b=NOTHING),
        counts(a=(1, 0, 4, 40, 60)),
        counts(a=(1, 0, 0, 45, 55)),
        counts(a=(0, 2, 0, LIMITS.max, LIMITS.min)),
    ]
    rows = ledger_rows(
        "s3_access_log", "run", NOW, [raw_object("a"), raw_object("b", None)], parts, {"/raw/a": 2}
    ).to_pylist()
    a, b = rows
    assert (a["records"], a["rows"], a["rejected"], a["duplicates"], a["filtered"]) == (12, 3, 3, 2, 4)
    assert (a["first_event_time"], a["last_event_time"]) == (
        datetime(1970, 1, 1, 0, 0, 0, 40),
        datetime(1970, 1, 1, 0, 0, 0, 70),
    )
    assert (a["key"], a["etag"], a["size"], a["object_day"], a["run_id"]) == (
        "/raw/a",
        "etag",
        10,
        date(2024, 5, 7),
        "run",
    )
    assert (a["last_modified"], a["ingested_at"]) == (datetime(2024, 5, 8), NOW)
    assert (b["records"], b["rows"], b["first_event_time"], b["object_day"]) == (0, 0, None, None)


def test_duplicates_of_chunks_and_those_found_later_are_added_up() -> None:
    chunks = [replace(counts(a=(5, 0, 0, 0, 0), b=(3, 0, 0, 0, 0)), duplicates=np.array([1, 0])) for _ in range(2)]
    objects = [raw_object("a"), raw_object("b")]
    a, b = ledger_rows("s3_access_log", "run", NOW, objects, chunks, {"/raw/a": 3}).to_pylist()
    assert (a["records"], a["rows"], a["duplicates"]) == (10, 5, 5)
    assert (b["records"], b["rows"], b["duplicates"]) == (6, 6, 0)


def test_a_run_that_could_read_nothing_has_no_rows() -> None:
    for parts in ([], [ObjectCounts.zero([])]):
        assert ledger_rows("s3_access_log", "run", NOW, [], parts, {}).num_rows == 0


def test_totals_add_up() -> None:
    parts = [counts(a=(5, 1, 2, 0, 0), b=(1, 0, 0, 0, 0))]
    ledger = ledger_rows("s3_access_log", "run", NOW, [raw_object("a"), raw_object("b")], parts, {"/raw/a": 2})
    assert totals(ledger) == Totals(objects=2, records=9, rows=4, rejected=1, duplicates=2, filtered=2)


def test_totals_that_do_not_add_up_stop_the_run() -> None:
    ledger = ledger_rows("s3_access_log", "run", NOW, [raw_object("a")], [counts(a=(5, 0, 0, 0, 0))], {})
    wrong = ledger.set_column(ledger.column_names.index("rows"), "rows", pa.array([4], pa.int64()))
    with pytest.raises(LakeError, match=r"the records of this run do not add up.*this is a bug, please report it"):
        totals(wrong)
