"""A task works in slices: what it holds does not grow with the size of an object."""

from __future__ import annotations

import subprocess
import sys
import zlib
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

import pyarrow.parquet as pq
import pytest

import glue_jobs.ingest.events.chunk_task
import glue_jobs.read.fetch
import glue_jobs.read.framing.json_documents
from glue_jobs.config import Config
from glue_jobs.ingest.events.chunk_task import ChunkResult, ingest_chunk
from glue_jobs.ingest.staging.run_folder import new_run
from glue_jobs.ingest.staging.task_context import TaskContext
from glue_jobs.lake import Lake
from glue_jobs.read.parsed import Parsed, Positions
from glue_jobs.read.plan import ByteRange
from glue_jobs.read.raw_object import RawObject
from glue_jobs.storage import storage_for
from glue_jobs.tables.rejected_record import REJECTED_RECORD
from tests.end_to_end.lakes import run
from tests.end_to_end.sources import ACCESS_LOGS, CLOUDTRAIL, RUN_SUMMARIES, SOURCES, UPLOADS, Raw, Source, events

DAY = date(2024, 5, 7)


def ingest_counting(source: Source, address: str, folder: Path) -> tuple[list[int], ChunkResult]:
    """Ingest an object as one task; returns how large the slices were that were parsed, and what it became."""
    slices: list[int] = []

    def parse(data: bytes, starts: Positions) -> Parsed:
        slices.append(len(data))
        return source.pipeline.parse(data, starts)

    table = source.pipeline.table
    locations = {table.name: f"{folder}/rows", REJECTED_RECORD.name: f"{folder}/rejected"}
    run = new_run(f"{folder}/runs", datetime(2024, 5, 7))
    context = TaskContext(
        replace(source.pipeline, parse=parse), Config(), source.pipeline.reference_data(Config()), run, DAY, locations
    )
    (entry,) = storage_for(address).list(address)
    return slices, ingest_chunk(context, (ByteRange(RawObject(entry, DAY), 0, entry.size),))


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.title)
def test_a_large_object_is_parsed_in_many_slices_and_becomes_several_files(
    source: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    raw = Raw(source, str(tmp_path / "raw"))
    some = events(DAY, range(2_000))
    address = raw.deliver(DAY, 0, some, bad=1)
    size = sum(len(source.record(event)) for event in some)
    monkeypatch.setattr(glue_jobs.read.fetch, "MAX_BATCH_BYTES", 20_000)
    monkeypatch.setattr(glue_jobs.read.fetch, "BYTES_PER_READ", 500)
    monkeypatch.setattr(glue_jobs.read.framing.json_documents, "PIECE_BYTES", 20_000)
    monkeypatch.setattr(glue_jobs.ingest.events.chunk_task, "RAW_BYTES_PER_FLUSH", size // 4)
    slices, result = ingest_counting(source, address, tmp_path)
    assert len(slices) > 10
    assert max(slices) <= 40_000
    assert sum(slices) >= size
    assert len(result.files) in (4, 5)
    assert sum(file.rows for file in result.files) == 2_000
    assert (result.counts.rows.tolist(), result.counts.rejected.tolist()) == ([2_000], [1])


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.title)
def test_many_bad_records_of_one_object_are_counted_and_few_of_them_stored(
    source: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for parser in ("s3_access_log.parser.fallback", "cloudtrail_s3_event.parser.batch"):
        monkeypatch.setattr(f"glue_jobs.sources.{parser}.MAX_REJECTED_PER_PARSE", 50)
    monkeypatch.setattr("glue_jobs.ingest.staging.rejected_records.RECORDS_PER_REASON", 10)
    raw = Raw(source, str(tmp_path / "raw"))
    address = raw.deliver(DAY, 0, events(DAY, range(7)), bad=500)
    _, result = ingest_counting(source, address, tmp_path)
    assert (result.counts.rows.tolist(), result.counts.rejected.tolist()) == ([7], [500])
    (file,) = result.rejected_files
    found = pq.ParquetFile(file.address).read().to_pylist()
    assert [row["records"] for row in found] == [None] * 10 + [490]
    assert {row["object"] for row in found} == {address}


@pytest.mark.parametrize("source", [RUN_SUMMARIES, UPLOADS], ids=lambda source: source.title)
def test_many_bad_records_of_a_whole_object_are_counted_and_few_of_them_stored(
    source: Source, tmp_path: Path, lake: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("glue_jobs.ingest.staging.rejected_records.RECORDS_PER_REASON", 10)
    raw = Raw(source, str(tmp_path / "raw"))
    raw.deliver(DAY, 0, events(DAY, range(7)), bad=500)
    assert run(raw, lake).totals.rejected == 500
    rejected = Lake(lake, "usage_lake").load(REJECTED_RECORD).rows(("records",))
    assert sorted(row["records"] or 1 for row in rejected.to_pylist()) == [*[1] * 10, 490]


MEASURED = """
import re, sys
from pathlib import Path
from tests.end_to_end.sources import SOURCES
from tests.end_to_end.test_bounded import ingest_counting
title, address, folder = sys.argv[1:]
source = next(source for source in SOURCES if source.title == title)
_, result = ingest_counting(source, address, Path(folder))
# The peak of getrusage would be that of the process that started this one, if that is larger.
peak = re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())
print(int(peak[1]) // 1024, *result.counts.rejected.tolist())
"""

MIB = 2**20
ATTACKS = {
    "one record of 300 MiB": (CLOUDTRAIL, b'{"Records":[{"eventVersion":"1","a":"', b"x" * MIB, 300, b'"}]}', 1),
    "one line of 300 MiB": (ACCESS_LOGS, b"", b"x" * MIB, 300, b"", 1),
    "300,000 junk lines": (ACCESS_LOGS, b"", b"junk\n" * 30_000, 10, b"", 300_000),
    "300,000 empty records": (CLOUDTRAIL, b'{"Records":[{}', b",{}" * 30_000, 10, b"]}", 300_001),
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_few_kilobytes_of_gzip_cannot_fill_the_memory(attack: str, tmp_path: Path) -> None:
    """In a process of its own, whose peak is that of this object and of what every run imports."""
    source, opening, filling, count, closing, rejected = ATTACKS[attack]
    packer = zlib.compressobj(1, wbits=31)
    parts = [packer.compress(each) for each in (opening, *[filling] * count, closing)]
    (tmp_path / "raw").write_bytes(b"".join([*parts, packer.flush()]))
    command = [sys.executable, "-c", MEASURED, source.title, str(tmp_path / "raw"), str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    peak, found = map(int, done.stdout.split())
    assert found == rejected
    assert peak < 600
