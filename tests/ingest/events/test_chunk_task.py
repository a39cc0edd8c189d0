"""What a task makes of a chunk: every record belongs to its object, and has its number there."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from glue_jobs.config import Config
from glue_jobs.ingest.events.chunk_task import ChunkResult, ingest_chunk
from glue_jobs.ingest.staging.run_folder import RunFolder
from glue_jobs.ingest.staging.task_context import TaskContext
from glue_jobs.read import fetch
from glue_jobs.read.framing import json_documents, json_records
from glue_jobs.read.parsed import Parsed, Positions
from glue_jobs.read.plan import ByteRange
from glue_jobs.read.raw_object import RawObject
from glue_jobs.read.unpack import TRUNCATED
from glue_jobs.sources.cloudtrail_s3_event.source import parse_data_events
from glue_jobs.sources.pipeline import EventPipeline
from glue_jobs.sources.pipelines import PIPELINES
from glue_jobs.storage import storage_for

(CLOUDTRAIL,) = (each for each in PIPELINES if isinstance(each, EventPipeline) and each.name == "cloudtrail_s3_event")


def event(number: int, source: str = "s3.amazonaws.com") -> dict[str, str]:
    return {"eventTime": "2024-05-07T08:00:00Z", "eventSource": source, "eventID": f"e{number:04}"}


def ingest(
    folder: Path, objects: list[bytes], pipeline: EventPipeline = CLOUDTRAIL, addresses: str = "keyed"
) -> ChunkResult:
    config = Config.model_validate({"privacy": {"addresses": addresses}})
    raw = folder / "raw"
    raw.mkdir()
    for number, data in enumerate(objects):
        (raw / f"{number}").write_bytes(data)
    names = (pipeline.name, "rejected_record")
    context = TaskContext(
        pipeline,
        config,
        pipeline.reference_data(config),
        RunFolder(str(folder / "run"), "r1"),
        date(2024, 5, 9),
        {n: f"{folder}/{n}" for n in names},
    )
    chunk = tuple(ByteRange(RawObject(entry, None), 0, entry.size) for entry in storage_for(str(raw)).list(f"{raw}/"))
    return ingest_chunk(context, chunk)


def rejected(result: ChunkResult) -> list[tuple[str, int, str]]:
    rows = [row for file in result.rejected_files for row in pq.ParquetFile(file.address).read().to_pylist()]
    return sorted((Path(row["object"]).name, row["position"], row["reason"]) for row in rows)


def test_events_of_days_after_the_run_are_rejected(tmp_path: Path) -> None:
    # The run began on 9 May; the day that follows is left to clocks that differ.
    times = ["2024-05-10T23:59:59Z", "2024-05-11T00:00:00Z", "2199-01-01T00:00:00Z"]
    events = [{**event(number), "eventTime": time} for number, time in enumerate(times)]
    result = ingest(tmp_path, [json.dumps({"Records": [event(8), *events]}).encode()])
    of_run = "is after the day of the run, 2024-05-09 by the clock of the computer."
    reasons = [f"The time {day} 00:00:00 {of_run}" for day in ("2024-05-11", "2199-01-01")]
    assert [reason for _, _, reason in rejected(result)] == reasons


def test_a_rejected_line_of_the_future_is_kept(tmp_path: Path) -> None:
    line = b"79a5 example-data [%s:00:00:38 +0000] 192.0.2.3 - 3E5%d REST.GET.OBJECT k - 200 - 1 1 1 1 - - -"
    lines = [line % (b"09/May/2024", 1), line % (b"12/May/2024", 2), line % (b"08/May/2024", 3)]
    (access_log,) = (each for each in PIPELINES if isinstance(each, EventPipeline) and each.name == "s3_access_log")
    result = ingest(tmp_path, [b"\n".join(lines)], access_log, "keep")
    rows = [row for file in result.rejected_files for row in pq.ParquetFile(file.address).read().to_pylist()]
    assert [(row["record"], row["position"]) for row in rows] == [(lines[1], len(lines[0]) + 1)]


def test_documents_of_one_slice_keep_their_counts_apart(tmp_path: Path) -> None:
    documents = [[event(1), 5, event(2, "x")], [], [event(3, "x"), event(4, "x"), event(5)], [None, None]]
    result = ingest(tmp_path, [*(json.dumps({"Records": each}).encode() for each in documents), b""])
    assert result.counts.rows.tolist() == [1, 0, 1, 0, 0]
    assert result.counts.filtered.tolist() == [1, 0, 2, 0, 0]
    assert result.counts.rejected.tolist() == [1, 0, 0, 2, 1]
    no_object = "the record is no JSON object"
    assert rejected(result) == [
        ("0", 1, no_object),
        ("3", 0, no_object),
        ("3", 1, no_object),
        ("4", 0, "the object is empty"),
    ]


@pytest.mark.parametrize("together", [1, 4_000, 10**6])
def test_records_of_a_large_document_are_numbered_through(
    together: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(json_documents, "PIECE_BYTES", 3000)
    monkeypatch.setattr(json_records, "TAIL_BYTES", 900)
    monkeypatch.setattr(fetch, "MAX_BATCH_BYTES", 2000)
    monkeypatch.setattr(fetch, "MAX_DOCUMENT_BATCH_BYTES", together)
    monkeypatch.setattr("glue_jobs.read.unpack.MAX_OUTPUT_BYTES", 500)
    records = [event(number) if number % 50 else {} for number in range(1000)]
    data = json.dumps({"Records": records}).encode()
    small = json.dumps({"Records": [event(1000), {}]}).encode()
    reason = "the record names no eventSource"
    result = ingest(tmp_path, [gzip.compress(data), gzip.compress(data)[:-300], small, small[:-5], small])
    assert [(name, position) for name, position, _ in rejected(result) if name > "1"] == [("2", 1), ("3", 1), ("4", 1)]
    assert (result.counts.rows[0], result.counts.rejected[0]) == (980, 20)
    of_first = [(position, text) for name, position, text in rejected(result) if name == "0"]
    assert of_first == [(number, reason) for number in range(0, 1000, 50)]
    *others, (position, text) = [(position, text) for name, position, text in rejected(result) if name == "1"]
    assert text == TRUNCATED
    assert position == result.counts.rows[1] + len(others) > 100
    assert others == [(number, reason) for number in range(0, int(position), 50)]


def test_a_parser_is_told_where_each_object_begins(tmp_path: Path) -> None:
    begins: list[list[int]] = []

    def parse(data: bytes, starts: Positions) -> Parsed:
        begins.append(starts.tolist())
        return parse_data_events(data, starts)

    documents = [json.dumps({"Records": [event(number)]}).encode() for number in range(2)]
    result = ingest(tmp_path, documents, replace(CLOUDTRAIL, parse=parse))
    assert begins == [[0, len(documents[0]) + 1]]
    assert result.counts.rows.tolist() == [1, 1]
