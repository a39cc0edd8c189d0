"""Many tiny files: compared with the same lines in a few large ones, and fetched if every request takes 30 ms."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from functools import partial

from benchmarks import our_run
from benchmarks.measure import Contestant, Host, Line, Settings, interleaved
from benchmarks.sample_files import TINY_LINES, tiny_files
from benchmarks.slow_s3 import BUCKET, serving, use_endpoint
from glue_jobs.ingest.events.chunk_task import ingest_chunk
from glue_jobs.read.plan import Chunk
from glue_jobs.sources.pipelines import BY_NAME

DELAY_SECONDS = 0.03
MIN_OBJECTS_PER_SECOND = 300

ACCESS_LOG = BY_NAME["s3_access_log"]


def measure(settings: Settings) -> Iterator[Line]:
    """Lines of the results: the seconds of both, and their ratio."""
    lake = settings.folder / "tiny-lake"
    shutil.rmtree(lake, ignore_errors=True)
    tiny, large = tiny_files(settings)
    both = {raw.name: Contestant(partial(our_run.run, raw, lake)) for raw in (tiny, large)}
    runs = interleaved(both, settings.rounds, partial(shutil.rmtree, lake))
    yield runs[large.name].line(large.name, "")
    yield runs[tiny.name].over(runs[large.name], "tiny files / large files", most=3, note=tiny.name)


def slow_gets(settings: Settings) -> Iterator[Line]:
    """One line of the results: objects a second of a task that fetches, parses and writes."""
    small, _ = tiny_files(settings)
    work = settings.folder / "slow-gets"
    with serving(small, DELAY_SECONDS) as endpoint, Host() as host:
        chunk = host.call(_largest_chunk, endpoint).result
        task = host.call(ingest_chunk, our_run.context(work, ACCESS_LOG), chunk)
    shutil.rmtree(work)
    rate = len(chunk) / task.wall
    note = f"one task, {len(chunk):,} objects of {TINY_LINES} lines; loopback, {DELAY_SECONDS * 1000:.0f} ms a GET"
    cpu = f"{len(chunk) / task.cpu:,.0f}" if task.cpu else ""
    target = f"at least {MIN_OBJECTS_PER_SECOND}"
    yield Line("objects a second", f"{rate:,.0f}", cpu, target, rate >= MIN_OBJECTS_PER_SECOND, note)


def _largest_chunk(endpoint: str) -> Chunk:
    # This runs in the process of the task.
    use_endpoint(endpoint)
    return max(our_run.chunks(f"s3://{BUCKET}/", ACCESS_LOG, workers=1), key=len)
