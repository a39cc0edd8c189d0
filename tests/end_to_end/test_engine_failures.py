"""A whole command whose engine is disturbed: it ends soon, with a sentence, and the next run makes the lake whole."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import date
from pathlib import Path

import psutil
import pytest

from glue_jobs.errors import STOPPED
from glue_jobs.jobs.run_job import run_job
from glue_jobs.progress import PlainReporter
from tests.end_to_end.sources import SOURCES, Raw, events

DAY = date(2024, 5, 20)
EVENTS = 20_000

# One object is enough work for a worker to be caught at it; a small run needs no pool unless it is told so, and no
# second task, which a worker runs beside the command itself.
PROGRAM = """
from glue_jobs.cli import main
from glue_jobs.read import plan
from glue_jobs.workers import engine
engine.MAX_BYTES_IN_PROCESS = 0
plan.MIN_CHUNK_BYTES = 4 * 2**20
main()
"""

SECONDS_TO_END = 60


@pytest.fixture(params=["processes", "spark"])
def engine(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def raw(tmp_path: Path) -> Raw:
    (source,) = (each for each in SOURCES if each.pipeline.name == "s3_access_log")
    raw = Raw(source, str(tmp_path / "raw"))
    for number in range(4):
        raw.deliver(DAY, number, events(DAY, range(number * EVENTS // 4, (number + 1) * EVENTS // 4)))
    return raw


@contextmanager
def started(engine: str, raw: Raw, lake: Path, most_bytes: int | None = None) -> Iterator[psutil.Popen]:
    """The command under way, in a process group of its own."""

    def limit() -> None:
        if most_bytes is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, resource.RLIM_INFINITY))

    arguments = ["ingest", "s3_access_log", "--from", raw.address, "--lake", str(lake), "--engine", engine]
    command = [sys.executable, "-c", PROGRAM, *arguments]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    # Python 3.11 would leave truncated bytecode, which later processes read.
    environment = os.environ | ({"PYTHONDONTWRITEBYTECODE": "1"} if most_bytes is not None else {})
    with psutil.Popen(command, start_new_session=True, preexec_fn=limit, env=environment, **pipes) as process:
        yield process


def worker(engine: str, process: psutil.Popen) -> psutil.Process:
    """A process that runs tasks."""
    deadline = time.monotonic() + SECONDS_TO_END
    while time.monotonic() < deadline and process.poll() is None:
        # Processes end while they are looked at.
        with suppress(psutil.Error):
            if at_work := workers(engine, process):
                return at_work[0]
        time.sleep(0.01)
    raise AssertionError(f"no worker was started: {process.communicate()[0]}")


def kill_a_worker(engine: str, process: psutil.Popen) -> None:
    kill(engine, process, lambda at_work: at_work)


def kill_java(process: psutil.Popen) -> None:
    """Kill the one whose daemon has forked a worker."""
    kill("spark", process, lambda at_work: at_work.parents()[1])


def kill(engine: str, process: psutil.Popen, named_by: Callable[[psutil.Process], psutil.Process]) -> None:
    """Kill the process that a worker names; Spark ends some workers by itself, then another one is asked."""
    while True:
        with suppress(psutil.NoSuchProcess):
            named_by(worker(engine, process)).kill()
            return


def workers(engine: str, process: psutil.Popen) -> list[psutil.Process]:
    """The processes that run tasks: those of the pool, or what Java's daemon has forked."""
    children = process.children(recursive=True)
    if engine == "processes":
        return [each for each in children if "glue_jobs.workers.process_worker" in each.cmdline()]
    return [each for each in children if [other.name() for other in each.parents()[1:2]] == ["java"]]


def ended(process: psutil.Popen) -> tuple[int, str]:
    """The exit code, and the last line that the command said."""
    said, _ = process.communicate(timeout=SECONDS_TO_END)
    assert "Traceback" not in said, said
    return process.returncode, said.splitlines()[-1]


def goes_on(raw: Raw, lake: Path) -> None:
    """The next run stores everything."""
    values = {"pipeline": "s3_access_log", "raw_path": raw.address, "lake_path": str(lake)}
    result = run_job(values, PlainReporter())
    assert result.ingested
    assert result.ingested.totals.rows == EVENTS


def test_ctrl_c(engine: str, raw: Raw, tmp_path: Path) -> None:
    with started(engine, raw, tmp_path / "lake") as process:
        worker(engine, process)
        process.send_signal(signal.SIGINT)
        assert ended(process) == (STOPPED, "stopped; the same command continues from here")
    goes_on(raw, tmp_path / "lake")


def test_a_killed_worker(engine: str, raw: Raw, tmp_path: Path) -> None:
    with started(engine, raw, tmp_path / "lake") as process:
        kill_a_worker(engine, process)
        code, sentence = ended(process)
    if code:
        assert sentence.startswith("error: a worker process died (")
        goes_on(raw, tmp_path / "lake")
    else:
        assert f"{EVENTS:,} rows" in sentence


@pytest.mark.parametrize("engine", ["spark"], indirect=True)
def test_a_killed_java(engine: str, raw: Raw, tmp_path: Path) -> None:
    with started(engine, raw, tmp_path / "lake") as process:
        kill_java(process)
        code, sentence = ended(process)
    assert code == 1
    assert sentence.startswith("error: Java, which gives the tasks to the workers, died")
    goes_on(raw, tmp_path / "lake")


def test_a_disk_that_is_full_for_its_workers(engine: str, raw: Raw, tmp_path: Path) -> None:
    with started(engine, raw, tmp_path / "lake", most_bytes=50_000) as process:
        code, sentence = ended(process)
    assert code == 1
    assert sentence.startswith(f"error: cannot write {tmp_path}/lake/")
    goes_on(raw, tmp_path / "lake")
