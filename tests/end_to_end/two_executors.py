"""A program that opens Spark with two executors, each a process of its own, and runs jobs there.

The first jobs are undisturbed. The next one fails at a full disk, at a task with a mistake, and at Ctrl-C. Finally it
succeeds although a worker is killed.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil

import glue_jobs.ingest.events.stage_events
from glue_jobs import run
from glue_jobs.ingest.events.chunk_task import ChunkResult, ingest_chunk
from glue_jobs.workers.java import use_java_17

# Fewer bytes than any data file has.
MOST_BYTES_OF_A_FILE = 1_000
SECONDS_OF_A_SLOW_TASK = 2

MARK = "KILLED"
"""The environment variable with the path of a file that exists once a worker has been killed."""


def main(jobs: list[list[str]], disturbed: list[str]) -> None:
    """Run the jobs; prints how the disturbed one ended each time, as JSON."""
    from pyspark.sql import SparkSession

    use_java_17()
    os.environ["PYSPARK_PYTHON"] = sys.executable
    os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"
    builder = SparkSession.builder.master("local-cluster[2,1,1024]").config("spark.ui.enabled", "false")
    paths = os.environ["PYTHONPATH"]
    builder = builder.config("spark.driver.host", "127.0.0.1").config("spark.executorEnv.PYTHONPATH", paths)
    spark = builder.config(f"spark.executorEnv.{MARK}", os.environ[MARK]).getOrCreate()
    failed = any(run.main(arguments) for arguments in jobs)
    ended = []
    for disturbance in (full_disk(), tasks(broken), ctrl_c(spark.sparkContext.statusTracker()), tasks(killed_once)):
        with disturbance:
            ended.append(run.main(disturbed))
    spark.stop()
    print(json.dumps(ended))
    sys.exit(failed)


@contextmanager
def full_disk() -> Iterator[None]:
    """No Spark process can write a file beyond a few bytes."""
    processes = psutil.Process().children(recursive=True)
    limit_files(processes, MOST_BYTES_OF_A_FILE)
    yield
    limit_files(processes, resource.RLIM_INFINITY)


def limit_files(processes: list[psutil.Process], most_bytes: int) -> None:
    """Limit the size of files that these processes write; Spark may end some workers meanwhile."""
    for each in processes:
        with suppress(psutil.NoSuchProcess):
            each.rlimit(psutil.RLIMIT_FSIZE, (most_bytes, resource.RLIM_INFINITY))


@contextmanager
def tasks(task: Callable[[Any, Any], ChunkResult]) -> Iterator[None]:
    """In the block, executors run this task."""
    glue_jobs.ingest.events.stage_events.ingest_chunk = task
    yield
    glue_jobs.ingest.events.stage_events.ingest_chunk = ingest_chunk


def broken(_context: Any, _chunk: Any) -> ChunkResult:
    """A task with a mistake in the program."""
    raise ZeroDivisionError("by 0")


def slowly(context: Any, chunk: Any) -> ChunkResult:
    """The task, slow enough to be interrupted."""
    time.sleep(SECONDS_OF_A_SLOW_TASK)
    return ingest_chunk(context, chunk)


@contextmanager
def ctrl_c(tracker: Any) -> Iterator[None]:
    """Press Ctrl-C while the executors are at work."""

    def press() -> None:
        while not tracker.getActiveStageIds():
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGINT)

    with tasks(slowly):
        threading.Thread(target=press, daemon=True).start()
        yield


def killed_once(context: Any, chunk: Any) -> ChunkResult:
    """A task whose first worker is killed at work."""
    mark = Path(os.environ[MARK])
    if not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return ingest_chunk(context, chunk)
