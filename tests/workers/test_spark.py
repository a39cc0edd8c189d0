"""Tasks run on Spark's workers."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
from pathlib import Path
from zipimport import zipimporter

import pytest

from glue_jobs.workers import spark
from glue_jobs.workers.spark import run_tasks, session


def _archives_on_the_import_path(item: int) -> tuple[int, list[str]]:
    return item, [path for path, finder in sys.path_importer_cache.items() if isinstance(finder, zipimporter)]


def test_results_are_in_the_order_of_the_items_and_workers_import_from_no_archive() -> None:
    heard: list[tuple[int, int]] = []
    results = run_tasks(
        session(), _archives_on_the_import_path, [3, 1, 2], lambda done, total: heard.append((done, total))
    )
    assert results == [(3, []), (1, []), (2, [])]
    assert heard[-1] == (3, 3)


def test_an_interrupt_waits_until_spark_has_started(monkeypatch: pytest.MonkeyPatch) -> None:
    steps = []

    def start() -> None:
        steps.append("starting")
        os.kill(os.getpid(), signal.SIGINT)
        steps.append("started")

    before = signal.getsignal(signal.SIGINT)
    monkeypatch.setattr(spark, "start_session", start)
    with pytest.raises(KeyboardInterrupt):
        session()
    assert steps == ["starting", "started"]
    assert signal.getsignal(signal.SIGINT) is before


def _frozen_objects(_: int) -> int:
    return gc.get_freeze_count()


def test_a_worker_does_not_traverse_older_objects_when_it_collects_garbage() -> None:
    assert min(run_tasks(session(), _frozen_objects, [1, 2, 3, 4], lambda done, total: None)) > 10_000


def _buffer_bytes(_: int) -> int:
    return int(os.environ["SPARK_BUFFER_SIZE"])


def test_a_worker_sends_a_result_with_one_write() -> None:
    assert run_tasks(session(), _buffer_bytes, [1], lambda done, total: None) == [2**20]


def test_the_daemon_that_forks_workers_has_not_imported_arrow_which_starts_a_thread() -> None:
    program = (
        "import runpy, sys; runpy.run_module = lambda *_, **__: None;"
        "from glue_jobs.workers import spark_daemon; spark_daemon.start(); import pyspark.daemon;"
        "print('pyarrow' in sys.modules)"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout == "False\n"


def test_a_java_that_cannot_start_is_one_sentence() -> None:
    program = "from glue_jobs.workers.spark import session; session()"
    # More memory than there is: Java says so and ends.
    environment = {**os.environ, "JDK_JAVA_OPTIONS": "-Xms1000000g"}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=False)
    assert "UsageLakeError: Java ended before Spark had started" in done.stderr


# What Python imports as it starts. The process that forks workers kills each before it has said its number.
DEATH_AT_BIRTH = """
import os, signal, sys

def fork(fork=os.fork):
    if not (pid := fork()):
        os.kill(os.getpid(), signal.SIGKILL)
    return pid

if "glue_jobs.workers.spark_daemon" in sys.orig_argv:
    os.fork = fork
"""


def test_a_worker_that_dies_before_it_gets_a_task_is_the_same_sentence(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(DEATH_AT_BIRTH)
    program = "from glue_jobs.workers.spark import run_tasks, session; run_tasks(session(), str, [1], print)"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), *filter(None, sys.path)])}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=False)
    assert "TaskError: a worker process died" in done.stderr.splitlines()[-1]
