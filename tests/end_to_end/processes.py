"""Runs in processes of their own, some of which kill themselves at a given step. The product has no hooks for it:
a process replaces one function of the run before it starts."""

from __future__ import annotations

import io
import multiprocessing
import os
import resource
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any

import pytest

import glue_jobs.ingest.commit.commit
import glue_jobs.ingest.duplicates.rewrite_files
import glue_jobs.ingest.events.chunk_task
import glue_jobs.ingest.events.stage_events
import glue_jobs.ingest.ingest
import glue_jobs.ingest.staging.task_context
import glue_jobs.ingest.step_run
import glue_jobs.ingest.steps
from glue_jobs.ingest.events.chunk_task import ChunkResult
from glue_jobs.ingest.staging.run_folder import RunFolder
from glue_jobs.ingest.staging.task_context import TaskContext
from glue_jobs.ingest.steps import StepLimits
from glue_jobs.lake import Lake, LoadedTable
from glue_jobs.read.parsed import Parsed, Positions
from glue_jobs.read.plan import Chunk
from glue_jobs.sources.pipeline import EventPipeline
from glue_jobs.sources.run_summary.table import NFAMILY
from glue_jobs.sources.s3_inventory_object.daily_change import DAILY_CHANGE
from glue_jobs.sources.s3_inventory_object.daily_storage import DAILY_STORAGE
from glue_jobs.storage.folder import FolderStorage
from glue_jobs.tables.ingested_object import INGESTED_OBJECT
from glue_jobs.tables.rejected_record import REJECTED_RECORD
from tests.disturbed import appends_to, disturb
from tests.end_to_end.lakes import with_spark, without_spark
from tests.end_to_end.sources import UPLOADED
from tests.job_process import main

# A server with all modules imported forks each process, so a start takes milliseconds instead of seconds. The list
# includes modules that a job imports only on demand.
PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["tests.end_to_end.processes", "glue_jobs.jobs.ingest_job", "pyiceberg.catalog.sql"])

Patch = pytest.MonkeyPatch


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _before(owner: Any, name: str, **options: Any) -> Callable[[Patch], None]:
    """Die at a call; the options are those of ``disturb``."""
    return lambda patch: disturb(patch, owner, name, die, **options)


_after = partial(_before, after=True)


def _appends_rows(loaded: LoadedTable, *_: Any) -> bool:
    return loaded.table not in (REJECTED_RECORD, INGESTED_OBJECT)


def _half_a_plan(patch: Patch) -> None:
    put = FolderStorage.put

    def put_half(self: FolderStorage, address: str, data: bytes) -> None:
        if address.endswith("commit.json"):
            put(self, address, data[: len(data) // 2])
            die()
        put(self, address, data)

    patch.setattr(FolderStorage, "put", put_half)


def _half_removed(patch: Patch) -> None:
    delete = FolderStorage.delete

    def delete_half(self: FolderStorage, addresses: list[str]) -> None:
        if len(addresses) > 1 and all("/_runs/" in address for address in addresses):
            delete(self, addresses[: len(addresses) // 2])
            die()
        delete(self, addresses)

    patch.setattr(FolderStorage, "delete", delete_half)


def _metadata_written(patch: Patch) -> None:
    """The catalog does not point at the metadata yet."""
    from pyiceberg.catalog.sql import SqlCatalog

    then = partial(disturb, patch, SqlCatalog, "_write_metadata", die, after=True)
    disturb(patch, LoadedTable, "append", then, when=_appends_rows)


def _within_the_first_touch(patch: Patch) -> None:
    disturb(patch, RunFolder, "touch", lambda: patch.setattr(os, "fsync", lambda _: die()))


def _all_rows_late(then: Callable[[Patch], None]) -> Callable[[Patch], None]:
    def prepare(patch: Patch) -> None:
        patch.setattr(glue_jobs.ingest.events.chunk_task, "split_late_rows", lambda parts, days: ([], [*parts]))
        then(patch)

    return prepare


STEPS: dict[str, Callable[[Patch], None]] = {
    "after creating the first table": _after(Lake, "create"),
    "after listing": _before(glue_jobs.ingest.ingest, "new_run"),
    "while creating the folder of the run": _within_the_first_touch,
    "after creating the folder of the run": _after(RunFolder, "touch"),
    "after announcing a file": _after(RunFolder, "announce"),
    "after some data files": _after(glue_jobs.ingest.staging.task_context, "write_file", nth=3),
    "after writing late rows": _all_rows_late(_after(glue_jobs.ingest.events.chunk_task, "write_late_rows", nth=2)),
    "with late rows, during duplicates": _all_rows_late(
        _after(glue_jobs.ingest.duplicates.rewrite_files, "find_duplicates")
    ),
    "during duplicates": _after(glue_jobs.ingest.duplicates.rewrite_files, "find_duplicates"),
    "after a file without duplicates": _after(glue_jobs.ingest.duplicates.rewrite_files, "_rewritten"),
    "after the ledger's files": _after(glue_jobs.ingest.step_run, "write_partitions"),
    "before the plan": _before(RunFolder, "write_commit"),
    "half-way through the plan": _half_a_plan,
    "after the plan": _after(RunFolder, "write_commit"),
    "with the metadata of the rows written": _metadata_written,
    "after the rows": _after(LoadedTable, "append", when=_appends_rows),
    # Of pipelines whose objects have rows in several tables.
    "after a table of rows": _after(LoadedTable, "append", when=appends_to(NFAMILY.name, UPLOADED.name)),
    "after the rejected records": _after(LoadedTable, "append", when=appends_to(REJECTED_RECORD.name)),
    "after the ledger": _after(LoadedTable, "append", when=appends_to(INGESTED_OBJECT.name)),
    "half-way through removing the folder": _half_removed,
    "before removing the plan": _before(
        FolderStorage, "delete", when=lambda _, some: some and some[-1].endswith("commit.json")
    ),
}


# Of pipelines that also write changes and totals.
STEPS_OF_TOTALS: dict[str, Callable[[Patch], None]] = {
    "before the changes": _before(LoadedTable, "append", when=appends_to(DAILY_CHANGE.name)),
    "after the changes": _after(LoadedTable, "append", when=appends_to(DAILY_CHANGE.name)),
    "before the totals": _before(LoadedTable, "append", when=appends_to(DAILY_STORAGE.name)),
    "after the totals": _after(LoadedTable, "append", when=appends_to(DAILY_STORAGE.name)),
}


def killed_at(step: str, arguments: list[str]) -> int:
    """Run the job in a process that kills itself at the step; returns how the process ended."""
    return _ended(_kill_at, step, arguments)


def killed_here_at(step: str, arguments: list[str]) -> int:
    """The same, with all tasks planned for this process and run in it, as the product does for little work."""
    return _ended(_kill_here_at, step, arguments)


def killed_by_a_worker(step: str, arguments: list[str]) -> int:
    """Run the job with Spark; the task that reaches the step kills the driver and itself lives on for a while."""
    return _ended(_kill_from_worker, step, arguments)


def killed_in_a_step(number: int, moment: str, arguments: list[str]) -> int:
    """Run the job in steps of two objects; the process kills itself at a moment of the step with that number."""
    return _ended(_kill_in_a_step, number, moment, arguments)


def killed_after(seconds: float, arguments: list[str]) -> int:
    """Run the job in a process that kills itself that long after its start."""
    return _ended(_kill_after, seconds, arguments)


def _ended(target: Callable[..., None], *arguments: Any) -> int:
    process = PROCESSES.Process(target=target, args=arguments)
    process.start()
    process.join(120)
    assert process.exitcode is not None, "the run hangs"
    return process.exitcode


def _small_chunks(patch: Patch) -> None:
    # Small enough that the few records of a test need several tasks.
    patch.setattr(glue_jobs.ingest.events.stage_events, "chunk_size", lambda total, *_: max(total // 4, 1))


def _kill_at(step: str, arguments: list[str]) -> None:
    without_spark(Patch())
    _kill_here_at(step, arguments)


def _kill_here_at(step: str, arguments: list[str]) -> None:
    patch = Patch()
    _small_chunks(patch)
    (STEPS | STEPS_OF_TOTALS)[step](patch)
    sys.exit(main(arguments))


def _kill_in_a_step(number: int, moment: str, arguments: list[str]) -> None:
    patch = Patch()
    without_spark(patch)
    patch.setattr(glue_jobs.ingest.steps, "LIMITS", StepLimits(objects=2, listed=3))
    moments = {
        "before the plan": _after(RunFolder, "announce", when=lambda folder, _: folder.run_id.endswith(f"-{number}")),
        "after the rows": _after(LoadedTable, "append", when=_appends_rows, nth=number),
    }
    moments[moment](patch)
    sys.exit(main(arguments))


def _kill_after(seconds: float, arguments: list[str]) -> None:
    patch = Patch()
    without_spark(patch)
    _small_chunks(patch)

    def wait() -> None:
        time.sleep(seconds)
        die()

    threading.Thread(target=wait, daemon=True).start()
    sys.exit(main(arguments))


def _kill_from_worker(step: str, arguments: list[str]) -> None:
    patch = Patch()
    with_spark(patch)
    _small_chunks(patch)
    patch.setattr(glue_jobs.ingest.events.stage_events, "ingest_chunk", partial(WORKERS[step], os.getpid()))
    sys.exit(main(arguments))


def _parse_and_kill(driver: int, context: TaskContext[EventPipeline], chunk: Chunk) -> ChunkResult:
    parse = context.pipeline.parse

    def parse_killing(data: bytes, starts: Positions) -> Parsed:
        os.kill(driver, signal.SIGKILL)
        return parse(data, starts)

    return glue_jobs.ingest.events.chunk_task.ingest_chunk(
        replace(context, pipeline=replace(context.pipeline, parse=parse_killing)), chunk
    )


def _write_and_kill(driver: int, context: TaskContext[EventPipeline], chunk: Chunk) -> ChunkResult:
    result = glue_jobs.ingest.events.chunk_task.ingest_chunk(context, chunk)
    os.kill(driver, signal.SIGKILL)
    return result


WORKERS = {"while parsing in a worker": _parse_and_kill, "after the files of a task": _write_and_kill}


def together(count: int, arguments: list[str], stagger: float = 0.0) -> list[tuple[int, str]]:
    """Start that many runs at the same moment, each ``stagger`` seconds after the other; returns how each ended,
    and what it said."""
    barrier = PROCESSES.Barrier(count)
    started = [_started(_at_the_barrier, barrier, number * stagger, arguments) for number in range(count)]
    return [_answer(*each) for each in started]


def with_files_up_to(size: int, arguments: list[str]) -> tuple[int, str]:
    """Run the job in a process whose files cannot grow beyond that many bytes: how it ended, and what it said."""
    return _answer(*_started(_limited, size, arguments))


def _at_the_barrier(barrier: Any, delay: float, arguments: list[str]) -> int:
    barrier.wait(60)
    time.sleep(delay)
    return main(arguments)


def _limited(size: int, arguments: list[str]) -> int:
    # Python 3.11 would leave truncated bytecode, which later processes read.
    sys.dont_write_bytecode, os.environ["PYTHONDONTWRITEBYTECODE"] = True, "1"
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
    return main(arguments)


def _started(function: Callable[..., int], *arguments: Any) -> tuple[BaseProcess, Connection]:
    here, there = PROCESSES.Pipe(duplex=False)
    process = PROCESSES.Process(target=_speaking, args=(there, function, arguments))
    process.start()
    there.close()
    return process, here


def _answer(process: BaseProcess, connection: Connection) -> tuple[int, str]:
    assert connection.poll(120), "the run hangs"
    code, text = connection.recv()
    process.join()
    return code, text


def _speaking(connection: Connection, function: Callable[..., int], arguments: Sequence[Any]) -> None:
    without_spark(Patch())
    sys.stderr = io.StringIO()
    try:
        code = function(*arguments)
    except BaseException:
        traceback.print_exc()
        code = 1
    connection.send((code, sys.stderr.getvalue()))
