"""Spark moves work: a list of items goes out, one function runs on each, its small results come back."""

from __future__ import annotations

import gc
import os
import re
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, TypeVar

from glue_jobs.errors import UsageLakeError
from glue_jobs.workers.gc_pause import gc_paused
from glue_jobs.workers.java import use_java_17

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

Item = TypeVar("Item")
Result = TypeVar("Result")
Progress = Callable[[int, int], None]

# How often the driver looks how far a job has come, in seconds.
LOOK = 0.5

# Workers keep the memory of one slice for the next, Arrow's too: asking the system for it again costs a fifth of their
# time.
# https://man7.org/linux/man-pages/man3/mallopt.3.html, https://arrow.apache.org/docs/cpp/env_vars.html
WORKER_MEMORY = {
    "MALLOC_MMAP_THRESHOLD_": str(2**30),
    "MALLOC_TRIM_THRESHOLD_": str(2**30),
    "ARROW_DEFAULT_MEMORY_POOL": "system",
}

# Java only hands out tasks, Python does the work: compiling for long runs, and collecting garbage with all cores,
# would cost a local session two seconds of processor time.
# https://docs.oracle.com/en/java/javase/17/docs/specs/man/java.html
FOR_LITTLE_JAVA = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"

# A worker hands over a result in one write when it fits. The last of several waits until the one before it was
# acknowledged (https://www.rfc-editor.org/rfc/rfc896), and Linux takes 40 ms for that.
ONE_WRITE = 2**20

# Set by whoever started this Python from a running JVM: spark-submit and Glue do, with a master of their own.
_STARTED_BY_JAVA = "PYSPARK_GATEWAY_PORT"


class TaskError(UsageLakeError):
    """A task failed in a way nobody foresaw; the text names the error and its cause has the whole trace."""


def session() -> SparkSession:
    """The Spark session of the Glue job, or else a local one on all cores.

    Raises:
        UsageLakeError: there is no Java 17 to run Spark on.
        KeyboardInterrupt: once Spark has started, so that no Java process is left behind.
    """
    with _interrupts_later():
        return _session()


def is_running() -> bool:
    """Whether there is a Spark session already: Glue's, or one that `session` started."""
    if _STARTED_BY_JAVA in os.environ:
        return True
    if "pyspark" not in sys.modules:
        return False
    from pyspark.sql import SparkSession

    return SparkSession.getActiveSession() is not None


@contextmanager
def _interrupts_later() -> Iterator[None]:
    """Ctrl-C in the block is heard at its end: pyspark forgets a Java process it was starting."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    heard: list[int] = []

    def hear(number: int, frame: FrameType | None) -> None:
        heard.append(number)

    before = signal.signal(signal.SIGINT, hear)
    try:
        yield
    finally:
        # Spark's context has a handler of its own, which stays.
        if signal.getsignal(signal.SIGINT) is hear:
            signal.signal(signal.SIGINT, before)
    if heard:
        raise KeyboardInterrupt


def _session() -> SparkSession:
    from pyspark.sql import SparkSession

    active = SparkSession.getActiveSession()
    if active:
        return active
    builder = SparkSession.builder.appName("usage-lake")
    for name, value in WORKER_MEMORY.items():
        builder = builder.config(f"spark.executorEnv.{name}", value)
    if _STARTED_BY_JAVA in os.environ:
        return builder.getOrCreate()
    use_java_17()
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    # Without an address of its own Spark looks up the host's name, which on many a laptop leads nowhere.
    os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    quiet = Path(__file__).with_name("log4j2.properties")
    return (
        builder.master("local[*]")
        .config("spark.driver.memory", "1g")
        .config("spark.driver.extraJavaOptions", f"-Dlog4j2.configurationFile={quiet.as_uri()} {FOR_LITTLE_JAVA}")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.python.daemon.module", "glue_jobs.workers.spark_daemon")
        .config("spark.buffer.size", ONE_WRITE)
        .config("spark.ui.enabled", "false")
        .config("spark.ui.showConsoleProgress", "false")
        .getOrCreate()
    )


def run_tasks(
    spark: SparkSession, function: Callable[[Item], Result], items: Sequence[Item], progress: Progress
) -> list[Result]:
    """``[function(item) for item in items]``, one Spark task per item; ``progress`` hears of done and all tasks.

    Function, items and results travel pickled, so they must be small: descriptions, never records.

    Raises:
        UsageLakeError: a task raised it; its sentence is kept.
        TaskError: a task failed for another reason.
    """
    if not items:
        return []
    context = spark.sparkContext
    # A job description that nobody else uses finds this job's stages again.
    group = f"usage-lake-{os.urandom(8).hex()}"

    def collect() -> list[Result]:
        context.setJobGroup(group, "usage-lake", interruptOnCancel=True)
        # Not DataFrame.mapInArrow: docs/decisions/0009-rdd-of-descriptions.md.
        with gc_paused():
            # This is where the items are pickled.
            tasks = context.parallelize(items, len(items))
        return tasks.map(partial(_in_worker, function)).collect()

    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(collect)
        try:
            while not wait([future], LOOK).done:
                progress(_done(context, group), len(items))
            results = future.result()
        except KeyboardInterrupt:
            context.cancelJobGroup(group)
            raise
        except Exception as error:
            raise _for_people(error) from error
    progress(len(items), len(items))
    return results


def _in_worker(function: Callable[[Item], Result], item: Item) -> Result:
    # Spark lets a worker collect garbage after every task. What is alive at the next is mostly code, which stays:
    # left out, a collection takes a few milliseconds instead of 0.16 s.
    gc.freeze()
    return function(item)


def _done(context: Any, group: str) -> int:
    tracker = context.statusTracker()
    stages = [
        stage
        for job in tracker.getJobIdsForGroup(group)
        if (info := tracker.getJobInfo(job))
        for stage in info.stageIds
    ]
    return sum(info.numCompletedTasks for stage in stages if (info := tracker.getStageInfo(stage)))


def _for_people(error: Exception) -> UsageLakeError:
    """The sentence a task raised; Spark hands over only the text of its stack trace."""
    lines = re.findall(r"^(?:\s*:\s*)?((?:\w+\.)*\w*(?:Error|Exception|Exit)): (.+)$", str(error), re.MULTILINE)
    ours = [text for name, text in lines if name.startswith("glue_jobs.")]
    if ours:
        return UsageLakeError(ours[0])
    foreign = [
        f"{name}: {text}" for name, text in lines if not name.startswith(("org.apache.spark", "pyspark", "py4j"))
    ]
    return TaskError(f"a task failed with {foreign[0] if foreign else str(error).splitlines()[0]}")


def failed(kind: type[Exception], text: str) -> TaskError:
    """The sentence for an error that nobody foresaw, without what its text has on further lines."""
    name = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
    return TaskError(f"a task failed with {': '.join([name, *text.splitlines()[:1]])}")
