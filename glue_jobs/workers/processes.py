"""A pool of Python processes on this machine, one per core. It replaces Spark on a laptop and needs no Java.

Each worker process runs ``python -m glue_jobs.workers.process_worker`` and communicates over its standard streams.
Unlike a process of `multiprocessing`, it does not import the caller's main module again, so a notebook or a script
without a main guard can use the pool. It also ends by itself when the caller has died.
"""

from __future__ import annotations

import atexit
import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import IO, Any, TypeVar

from glue_jobs.errors import UsageLakeError
from glue_jobs.workers.task_errors import Meanwhile, Progress, TaskError, dead_worker, nothing, task_error

Item = TypeVar("Item")
Result = TypeVar("Result")

# The interval, in seconds, at which a run checks for Ctrl-C.
POLL_SECONDS = 0.2

# Workers reuse the memory of one batch for the next, including Arrow's: new memory from the system costs a fifth of
# their time. https://man7.org/linux/man-pages/man3/mallopt.3.html, https://arrow.apache.org/docs/cpp/env_vars.html
WORKER_MEMORY = {
    "MALLOC_MMAP_THRESHOLD_": str(2**30),
    "MALLOC_TRIM_THRESHOLD_": str(2**30),
    "ARROW_DEFAULT_MEMORY_POOL": "system",
}


def cores() -> int:
    """The number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class WorkerProcess:
    """A process that imports the ``modules`` and then runs one task at a time."""

    def __init__(self, *modules: str) -> None:
        paths = [str(Path(path).resolve()) for path in sys.path if path]
        environment = {**WORKER_MEMORY, **os.environ, "PYTHONPATH": os.pathsep.join(dict.fromkeys(paths))}
        # In a session of its own, the worker does not receive Ctrl-C. The caller does, and then ends its workers.
        self._process = subprocess.Popen(
            [sys.executable, "-m", "glue_jobs.workers.process_worker", *modules],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment,
            start_new_session=True,
        )

    @property
    def _streams(self) -> tuple[IO[bytes], IO[bytes]]:
        assert self._process.stdin and self._process.stdout
        return self._process.stdin, self._process.stdout

    def call(self, function: Callable[[Any], Any], item: Any) -> Any:
        """``function(item)``, computed by the process.

        Raises:
            UsageLakeError: the task raised it.
            TaskError: the task failed for another reason, or the process died.
        """
        requests, answers = self._streams
        try:
            pickle.dump((function, item), requests, pickle.HIGHEST_PROTOCOL)
            requests.flush()
            succeeded, answer = pickle.load(answers)
        except (EOFError, BrokenPipeError, pickle.UnpicklingError):
            raise dead_worker(self._how_it_ended()) from None
        if succeeded:
            return answer
        raise answer

    def _how_it_ended(self) -> str:
        code = self._process.wait()
        return f"signal {-code}; the system kills processes when memory runs out" if code < 0 else f"exit code {code}"

    def kill(self) -> None:
        """End the process now."""
        self._process.kill()
        for stream in self._streams:
            with suppress(OSError):
                stream.close()
        self._process.wait()


class ProcessPool:
    """Runs ``count`` tasks at a time, in worker processes that start with the first tasks and stay for later ones.

    With ``takes_part``, the caller's process is one of the ``count``: it would otherwise wait, and it has already
    imported what each worker has to import first.
    """

    def __init__(self, count: int, takes_part: bool = False) -> None:
        self.count = count
        self._takes_part = takes_part
        self._idle: list[WorkerProcess] = []

    def start(self, count: int, module: str) -> None:
        """Start processes until ``count`` are idle; they import the module of the tasks before they get any."""
        self._idle += [WorkerProcess(module) for _ in range(count - len(self._idle))]

    def run(
        self,
        function: Callable[[Item], Result],
        items: Sequence[Item],
        progress: Progress,
        meanwhile: Meanwhile = nothing,
    ) -> list[Result]:
        """Return ``[function(item) for item in items]``; calls ``progress(finished, total)`` as tasks finish.

        The caller's process calls ``meanwhile`` before it runs tasks itself.

        Function, items and results are pickled, so they must be small: descriptions, never records.

        Raises:
            UsageLakeError: a task raised it; running tasks are killed.
            TaskError: a task failed for another reason, or a worker process died.
        """
        waiting: SimpleQueue[tuple[int, Item]] = SimpleQueue()
        for entry in enumerate(items):
            waiting.put(entry)
        answers: SimpleQueue[tuple[int, Any]] = SimpleQueue()
        needed = max(0, min(self.count, len(items)) - self._takes_part)
        workers = [self._idle.pop() if self._idle else WorkerProcess() for _ in range(needed)]
        threads = [
            threading.Thread(target=_feed, args=(worker, function, waiting, answers), daemon=True) for worker in workers
        ]
        try:
            for thread in threads:
                thread.start()
            meanwhile()
            own = _results(function, waiting) if self._takes_part else iter(())
            results = _collect(answers, own, len(items), progress)
        except BaseException:
            for worker in workers:
                worker.kill()
            raise
        for thread in threads:
            thread.join()
        self._idle += workers
        return results

    def close(self) -> None:
        """End all processes."""
        while self._idle:
            self._idle.pop().kill()


def _feed(
    worker: WorkerProcess,
    function: Callable[[Any], Any],
    waiting: SimpleQueue[tuple[int, Any]],
    answers: SimpleQueue[tuple[int, Any]],
) -> None:
    """Pass items to the worker, one after another, until none is left or one fails."""
    while True:
        try:
            number, item = waiting.get_nowait()
        except Empty:
            return
        try:
            answers.put((number, worker.call(function, item)))
        except BaseException as error:
            answers.put((-1, error))
            return


def _results(function: Callable[[Any], Any], waiting: SimpleQueue[tuple[int, Any]]) -> Iterator[tuple[int, Any]]:
    """Run items in this process, one after another, until none is left; yields their results."""
    with suppress(Empty):
        while True:
            number, item = waiting.get_nowait()
            try:
                yield number, function(item)
            except UsageLakeError:
                raise
            except Exception as error:
                raise task_error(error) from error


def _collect(
    answers: SimpleQueue[tuple[int, Any]], own: Iterator[tuple[int, Any]], count: int, progress: Progress
) -> list[Any]:
    """Collect the results of the workers and the ``own`` ones of this process; returns them in the order of items."""
    results: dict[int, Any] = {}
    while len(results) < count:
        # If a worker has failed, the run ends before this process starts another task.
        result = next(own, None) if answers.empty() else None
        try:
            number, answer = result or answers.get(timeout=POLL_SECONDS)
        except Empty:
            continue
        if number < 0:
            raise answer if isinstance(answer, UsageLakeError) else TaskError(f"a task could not be run: {answer}")
        results[number] = answer
        progress(len(results), count)
    return [results[number] for number in range(count)]


_pool: ProcessPool | None = None


def process_pool() -> ProcessPool:
    """The pool of this program; its processes end with the program."""
    global _pool
    if _pool is None:
        _pool = ProcessPool(cores(), takes_part=True)
        atexit.register(_pool.close)
    return _pool
