"""Tasks turn files of a snapshot into sorted data files and totals."""

from __future__ import annotations

import random
from datetime import date, datetime
from pathlib import Path

import pyarrow.parquet as pq
import pytest

import glue_jobs.ingest.snapshots.snapshot_task
from glue_jobs.config import Config
from glue_jobs.ingest.snapshots.snapshot_task import (
    SnapshotChunk,
    SnapshotChunkResult,
    ingest_snapshot_chunk,
    split_snapshot,
)
from glue_jobs.ingest.staging.run_folder import RunFolder
from glue_jobs.ingest.staging.task_context import TaskContext
from glue_jobs.sources.pipeline import SnapshotPipeline
from glue_jobs.sources.pipelines import PIPELINES
from glue_jobs.sources.s3_inventory_object.parser import InventoryFile, Snapshot, SnapshotId, read_manifest
from tests.inventories import Inventory, record, records

TIME = datetime(2024, 5, 7, 1, 30)

(PIPELINE,) = (each for each in PIPELINES if isinstance(each, SnapshotPipeline))


def ingest(folder: Path, *files: object) -> SnapshotChunkResult:
    manifest = Path(Inventory(f"{folder}/raw").deliver(TIME, *files))  # type: ignore[arg-type]
    checksum = manifest.with_name("manifest.checksum").read_bytes()
    snapshot = read_manifest(str(manifest), manifest.read_bytes(), checksum)
    locations = {name: f"{folder}/{name}" for name in (PIPELINE.name, "rejected_record")}
    context = TaskContext(
        PIPELINE,
        Config(),
        PIPELINE.reference_data(Config()),
        RunFolder(f"{folder}/run", "r1"),
        date(2024, 5, 9),
        locations,
    )
    return ingest_snapshot_chunk(context, SnapshotChunk(snapshot, snapshot.files, keep_rows=True))


def rows_of(result: SnapshotChunkResult) -> list[list[dict[str, object]]]:
    return [pq.ParquetFile(file.address).read().to_pylist() for file in result.files]


def objects(result: SnapshotChunkResult) -> int:
    return sum(count for part in result.totals for count in part["objects"].to_pylist())


@pytest.mark.parametrize("sizes", [[], [5], [0, 0], [9, 1, 1, 1, 8, 2], [1] * 20, [100, 1, 1]])
@pytest.mark.parametrize("chunk_size", [1, 4, 11, 1000])
def test_every_file_of_a_snapshot_is_in_one_chunk(sizes: list[int], chunk_size: int) -> None:
    files = tuple(InventoryFile(f"/{number}", size, "") for number, size in enumerate(sizes))
    snapshot = Snapshot("/m", SnapshotId("b", "i", TIME), "CSV", ("bucket", "key"), files)
    chunks = [*split_snapshot(snapshot, chunk_size, keep_rows=True)]
    assert sorted(file.address for chunk in chunks for file in chunk.files) == sorted(file.address for file in files)
    assert all(chunk.files and chunk.keep_rows for chunk in chunks)
    assert len(chunks) <= max(1, -(-sum(sizes) // chunk_size))


def test_files_are_spread_so_that_chunks_have_similar_sizes() -> None:
    files = tuple(InventoryFile(f"/{number}", size, "") for number, size in enumerate([1, 2, 8, 3, 6, 4]))
    snapshot = Snapshot("/m", SnapshotId("b", "i", TIME), "CSV", ("bucket", "key"), files)
    chunks = split_snapshot(snapshot, 12, keep_rows=False)
    assert [len(chunk) for chunk in chunks] == [12, 12]


def test_rows_of_all_files_are_sorted_by_key_and_name_their_snapshot(tmp_path: Path) -> None:
    shuffled = records(40)
    random.Random(1).shuffle(shuffled)
    result = ingest(tmp_path, shuffled[:25], shuffled[25:])
    (rows,) = rows_of(result)
    assert [row["key"] for row in rows] == sorted(each["Key"] for each in shuffled)
    assert {
        (row["source_bucket"], row["inventory_id"], row["snapshot_time"], row["snapshot_date"]) for row in rows
    } == {("example-data", "daily", TIME, TIME.date())}
    assert len({row["source_object"] for row in rows}) == 2
    assert {row["account"] for row in rows} == {"ana"}
    assert (result.rows, result.duplicates, result.filtered, objects(result)) == (40, 0, 0, 40)


def test_keys_in_order_may_be_repeated(tmp_path: Path) -> None:
    result = ingest(tmp_path, [record("a"), record("b"), record("b")])
    assert (result.rows, result.duplicates) == (2, 1)


@pytest.mark.parametrize(("size", "files"), [(1, 3), (2**30, 1)])
def test_a_data_file_is_written_as_soon_as_there_are_enough_rows(
    size: int, files: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(glue_jobs.ingest.snapshots.snapshot_task, "BYTES_PER_DATA_FILE", size)
    result = ingest(tmp_path, records(2), records(2, 2), records(2, 4))
    assert (len(result.files), result.rows, objects(result)) == (files, 6, 6)
