"""Duplicates within a table in memory, against the naive way to find them."""

from __future__ import annotations

from datetime import date, datetime

import pyarrow as pa
import pytest
from hypothesis import given

from glue_jobs.ingest.duplicates.within_table import duplicates_within
from glue_jobs.sources.cloudfront_log.table import CLOUDFRONT_LOG
from glue_jobs.sources.cloudtrail_s3_event.table import CLOUDTRAIL_S3_EVENT
from glue_jobs.sources.s3_access_log.table import S3_ACCESS_LOG
from glue_jobs.tables.model import Table
from tests.ingest.duplicates.duplicate_rows import DAY, EVENTS, FILES, NAMED, Row, identity


@pytest.mark.parametrize("table", [EVENTS, NAMED], ids=["every-column", "an-id-is-enough"])
@given(files=FILES)
def test_all_but_the_first_of_equal_rows_are_duplicates(table: Table, files: list[list[Row]]) -> None:
    lines = [{**line, **DAY} for file in files for line in file]
    rows = pa.Table.from_pylist(lines, schema=table.arrow_schema)
    rows = rows.set_column(7, "source_object", rows["source_object"].dictionary_encode())
    first: dict[str, int] = {}
    for number in sorted(range(len(lines)), key=lambda number: (lines[number]["source_object"], number)):
        first.setdefault(identity(table, lines[number]), number)
    assert duplicates_within(table, rows).tolist() == sorted(set(range(len(lines))) - set(first.values()))


def test_rows_of_different_days_are_not_duplicates() -> None:
    line = {"request_id": "A", "event_time": datetime(2024, 5, 7), "source_object": "o1"}
    lines = [{**line, "event_date": date(2024, 5, day)} for day in (7, 8, 8)]
    rows = pa.Table.from_pylist(lines, schema=NAMED.arrow_schema)
    assert duplicates_within(NAMED, rows).tolist() == [2]


def test_a_correction_that_keeps_the_id_of_its_event_is_no_duplicate_of_it() -> None:
    event = {"event_id": "e", "recipient_account_id": "111122223333", **DAY, "source_object": "o1"}
    correction = event | {"original_event_id": "e"}
    lines = [correction, event, event | {"source_object": "o2"}, correction | {"source_object": "o2"}]
    rows = pa.Table.from_pylist(lines, schema=CLOUDTRAIL_S3_EVENT.arrow_schema)
    assert duplicates_within(CLOUDTRAIL_S3_EVENT, rows).tolist() == [2, 3]


def viewed(name: str, count: int = 1, **more: object) -> list[dict[str, object]]:
    """Equal records, without an id of the request, in one raw object."""
    return [{"event_time": datetime(2024, 5, 7), **DAY, "source_object": name, **more}] * count


@pytest.mark.parametrize(
    ("table", "request_id"), [(CLOUDFRONT_LOG, "x_edge_request_id"), (S3_ACCESS_LOG, "request_id")]
)
def test_equal_records_without_a_request_id_are_requests_of_their_own_but_in_a_copy_of_the_object(
    table: Table, request_id: str
) -> None:
    lines = [*viewed("b/E1.gz", 3), *viewed("a/E2.gz", 2), *viewed("a/E1.gz", 2), *viewed("c/E1.gz", 4)]
    lines += viewed("d/E1.gz", reader_id="another reader")
    rows = pa.Table.from_pylist(lines, schema=table.arrow_schema)
    assert duplicates_within(table, rows).tolist() == [0, 1, 7, 8, 9]
    with_ids = pa.Table.from_pylist(viewed("a/E1.gz", 2, **{request_id: "r"}), schema=table.arrow_schema)
    assert duplicates_within(table, with_ids).tolist() == [1]
