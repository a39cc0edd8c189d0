"""How many small objects one task fetches a second when every request takes 30 ms."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from benchmarks.measure import Line, Settings
from benchmarks.one_task import context, objects
from benchmarks.slow_s3 import BUCKET, serving
from benchmarks.tiny_files import files_of
from glue_jobs.ingest.chunk_task import ingest_chunk
from glue_jobs.read.plan import Chunk, chunk_size, split_into_chunks

DELAY = 0.03
LEAST = 300


def measure(settings: Settings) -> Iterator[Line]:
    """One line of the results: objects a second of a task that fetches, parses and writes."""
    small, _ = files_of(settings)
    with serving(small, DELAY) as endpoint, ProcessPoolExecutor(1, get_context("spawn")) as pool:
        rate, count = pool.submit(_rate, endpoint, settings.folder / "slow-gets").result()
    note = f"one task fetches, parses and writes {count:,} objects of 5 lines; loopback, {DELAY * 1000:.0f} ms a GET"
    yield Line("objects a second", f"{rate:,.0f}", f"at least {LEAST}", rate >= LEAST, note)


def _rate(endpoint: str, work: Path) -> tuple[float, int]:
    # In a process of its own: a store keeps the endpoint it first saw.
    os.environ |= {"AWS_ENDPOINT_URL_S3": endpoint, "AWS_REGION": "us-east-1", "AWS_EC2_METADATA_DISABLED": "true"}
    os.environ |= {"AWS_ACCESS_KEY_ID": "none", "AWS_SECRET_ACCESS_KEY": "none"}
    found = objects(f"s3://{BUCKET}/")
    size = chunk_size(sum(each.entry.size for each in found), workers=1)
    chunks: list[Chunk] = list(split_into_chunks(found, size, lambda _: True))
    chunk = max(chunks, key=len)
    before = time.perf_counter()
    ingest_chunk(context(work), chunk)
    seconds = time.perf_counter() - before
    shutil.rmtree(work)
    return len(chunk) / seconds, len(chunk)
