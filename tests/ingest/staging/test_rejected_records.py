"""Rejected records of a task: few in memory, all counted."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from glue_jobs.config import Config
from glue_jobs.enrich.reference_data import ReferenceData
from glue_jobs.ingest.staging import rejected_records
from glue_jobs.ingest.staging.rejected_records import RejectedRecords
from glue_jobs.ingest.staging.run_folder import RunFolder
from glue_jobs.ingest.staging.task_context import TaskContext
from glue_jobs.read.parsed import Rejected
from glue_jobs.sources.pipelines import BY_NAME
from glue_jobs.tables.rejected_record import REJECTED_RECORD

DAY = date(2024, 5, 7)
DROP = Config.model_validate({"privacy": {"addresses": "drop"}})


@pytest.fixture
def records(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RejectedRecords:
    monkeypatch.setattr(rejected_records, "RECORDS_PER_REASON", 3)
    monkeypatch.setattr(rejected_records, "ROWS_PER_FLUSH", 5)
    monkeypatch.setattr(rejected_records, "BYTES_PER_FLUSH", 100)
    monkeypatch.setattr(rejected_records, "MAX_REASONS", 20)
    folder = RunFolder(f"{tmp_path}/run", "r1")
    locations = {REJECTED_RECORD.name: f"{tmp_path}/rejected"}
    return RejectedRecords(
        TaskContext(BY_NAME["s3_access_log"], DROP, ReferenceData(), folder, DAY, locations)  # type: ignore[arg-type]
    )


def rows(records: RejectedRecords) -> list[dict[str, Any]]:
    return [row for file in records.files for row in pq.ParquetFile(file.address).read().to_pylist()]


def test_further_records_of_an_object_with_one_reason_are_one_row_with_their_number(records: RejectedRecords) -> None:
    for number in range(10):
        records.add("/raw/a", Rejected(number, "why", b"%d" % number))
    records.add("/raw/a", Rejected(10, "why", b"", records=100))
    records.add("/raw/a", Rejected(11, "another reason", b"11"))
    records.add("/raw/b", Rejected(0, "why", b"0"))
    records.flush()
    found = [
        (row["object"], row["reason"], row["position"], row["record"], row.get("records")) for row in rows(records)
    ]
    assert sorted(found) == [
        ("/raw/a", "another reason", 11, b"11", None),
        ("/raw/a", "why", 0, b"0", None),
        ("/raw/a", "why", 1, b"1", None),
        ("/raw/a", "why", 2, b"2", None),
        ("/raw/a", "why", 3, b"3", 107),
        ("/raw/b", "why", 0, b"0", None),
    ]


@pytest.mark.parametrize(("record", "rows_per_file"), [(b"", 5), (b"x" * 40, 3)])
def test_records_are_written_when_they_are_many_or_large(
    record: bytes, rows_per_file: int, records: RejectedRecords
) -> None:
    for number in range(12):
        records.add("/raw/a", Rejected(number, f"reason {number}", record))
    assert [file.rows for file in records.files] == [rows_per_file] * (12 // rows_per_file)
    records.flush()
    assert sum(file.rows for file in records.files) == 12
