"""A pool of processes runs tasks as Spark does: results in order, errors as sentences, no process left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from contextlib import suppress
from functools import partial
from pathlib import Path

import psutil
import pytest

from glue_jobs.errors import StorageError
from glue_jobs.workers.processes import ProcessPool
from glue_jobs.workers.task_errors import TaskError

SECONDS_OF_ALL_TASKS = 40


@pytest.fixture
def pool() -> object:
    with_two = ProcessPool(2)
    yield with_two
    with_two.close()


def ignore(done: int, total: int) -> None:
    """Progress nobody watches."""


def double(item: int) -> int:
    print("a task may print without disturbing the answers")
    return item * 2


def has_imported(module: str) -> tuple[int, bool]:
    return os.getpid(), module in sys.modules


def wait_a_moment() -> None:
    """What the caller does while its workers begin."""
    time.sleep(0.5)


def process_id(_: int) -> int:
    time.sleep(0.2)
    return os.getpid()


def fail(item: str) -> None:
    if item == "full":
        raise StorageError("the disk is full")
    if item == "dead":
        os.kill(os.getpid(), signal.SIGKILL)
    if item == "exit":
        os._exit(3)
    raise ZeroDivisionError("by 0")


def fail_in_time(caller: int, item: str) -> None:
    """Fail in the process of the caller, or kill the worker."""
    time.sleep(SECONDS_OF_ALL_TASKS / 400)
    if item != "worker":
        fail(item)
    if os.getpid() != caller:
        os.kill(os.getpid(), signal.SIGKILL)


def workers() -> list[psutil.Process]:
    return [child for child in psutil.Process().children() if "process_worker" in command_of(child)]


def command_of(process: psutil.Process) -> str:
    """Its command line, or nothing when it has ended meanwhile."""
    with suppress(psutil.NoSuchProcess):
        # At first, a process that was just started has none.
        while not (command := " ".join(process.cmdline())):
            time.sleep(0.01)
        return command
    return ""


def test_results_come_in_the_order_of_the_items_and_progress_counts_them(pool: ProcessPool) -> None:
    heard: list[tuple[int, int]] = []
    assert pool.run(double, [*range(20)], lambda done, total: heard.append((done, total))) == [*range(0, 40, 2)]
    assert heard == [(number, 20) for number in range(1, 21)]


def test_the_caller_runs_tasks_too_and_needs_one_worker_less() -> None:
    with_caller = ProcessPool(2, takes_part=True)
    pids = with_caller.run(process_id, [*range(12)], ignore)
    assert os.getpid() in pids
    assert len(set(pids)) == 2
    before = len(psutil.Process().children())
    assert with_caller.run(process_id, [0], ignore) == [os.getpid()]
    assert len(psutil.Process().children()) == before
    with_caller.close()


def test_workers_that_were_started_early_run_the_tasks_with_what_they_have_imported() -> None:
    early = ProcessPool(2, takes_part=True)
    early.start(1, "xml.dom.minidom")
    (started,) = (each.pid for each in workers())
    early.start(1, "xml.dom.minidom")
    assert early.run(has_imported, ["xml.dom.minidom"] * 8, ignore, wait_a_moment).count((started, True)) > 0
    assert [each.pid for each in workers()] == [started]
    early.close()


@pytest.mark.parametrize(
    ("item", "kind", "sentence"),
    [
        ("full", StorageError, "the disk is full"),
        ("bug", TaskError, "a task failed with ZeroDivisionError: by 0"),
        ("worker", TaskError, "a worker process died"),
    ],
)
def test_a_task_that_fails_ends_the_work_of_the_caller_and_of_its_workers(
    item: str, kind: type[Exception], sentence: str
) -> None:
    with_caller = ProcessPool(2, takes_part=True)
    began = time.monotonic()
    with pytest.raises(kind, match=sentence):
        with_caller.run(partial(fail_in_time, os.getpid()), [item] * 400, ignore)
    assert time.monotonic() - began < SECONDS_OF_ALL_TASKS / 2
    assert not workers()


def test_no_items_start_no_process(pool: ProcessPool) -> None:
    before = len(psutil.Process().children())
    assert pool.run(double, [], ignore) == []
    assert len(psutil.Process().children()) == before


def test_processes_are_as_many_as_asked_for_and_stay_for_later_tasks(pool: ProcessPool) -> None:
    first = set(pool.run(process_id, [*range(4)], ignore))
    assert len(first) == 2
    assert set(pool.run(process_id, [*range(4)], ignore)) == first


@pytest.mark.parametrize(
    ("item", "kind", "sentence"),
    [
        ("full", StorageError, "the disk is full"),
        ("bug", TaskError, "a task failed with ZeroDivisionError: by 0"),
        ("dead", TaskError, r"a worker process died \(signal 9; .* memory runs out\); start the run again"),
        ("exit", TaskError, r"a worker process died \(exit code 3\); start the run again"),
    ],
)
def test_a_task_that_fails_is_one_sentence_and_the_pool_goes_on(
    pool: ProcessPool, item: str, kind: type[Exception], sentence: str
) -> None:
    with pytest.raises(kind, match=sentence):
        pool.run(fail, [item, item, item], ignore)
    assert pool.run(double, [1, 2], ignore) == [2, 4]


def test_ctrl_c_ends_the_workers_at_once(pool: ProcessPool) -> None:
    timer = threading.Timer(1, lambda: os.kill(os.getpid(), signal.SIGINT))
    timer.start()
    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        pool.run(time.sleep, [60, 60], ignore)
    assert time.monotonic() - began < 20
    assert not workers()


@pytest.mark.parametrize("seconds", [0, 1], ids=["idle", "busy"])
def test_workers_end_without_a_word_when_their_caller_is_killed(seconds: float, tmp_path: Path) -> None:
    script = tmp_path / "notebook.py"
    script.write_text(
        textwrap.dedent(
            f"""
            import os, signal, threading, time
            from glue_jobs.workers.processes import ProcessPool

            # Without a main guard, as in a notebook.
            pool = ProcessPool(2)
            pool.run(time.sleep, [0.3, 0.3], lambda done, total: None)
            import psutil
            print(*[child.pid for child in psutil.Process().children()], flush=True)
            threading.Timer({seconds} / 2, os.kill, (os.getpid(), signal.SIGTERM)).start()
            pool.run(time.sleep, [{seconds}] * 2, lambda done, total: None)
            time.sleep(20)
            """
        )
    )
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=False)
    workers = [int(text) for text in done.stdout.split()]
    assert (len(workers), done.stderr) == (2, "")
    deadline = time.monotonic() + 20
    while any(psutil.pid_exists(worker) for worker in workers) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not any(psutil.pid_exists(worker) for worker in workers)
