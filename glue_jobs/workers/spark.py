"""Run a function on Spark's workers, which receive items and return small results."""

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
from glue_jobs.workers.processes import WORKER_MEMORY
from glue_jobs.workers.task_errors import Progress, TaskError, dead_worker

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

Item = TypeVar("Item")
Result = TypeVar("Result")

SECONDS_BETWEEN_PROGRESS = 0.5

# Java only schedules tasks. Full optimisation and parallel garbage collection cost a local session two CPU seconds.
# https://docs.oracle.com/en/java/javase/17/docs/specs/man/java.html
JVM_OPTIONS = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"

# A worker sends a result that fits into its buffer in one write. Of several writes, the last one waits for the
# acknowledgement of the previous one (https://www.rfc-editor.org/rfc/rfc896), which takes 40 ms on Linux.
RESULT_BUFFER_BYTES = 2**20

# Spark's messages for a worker that ended during a task, before it received one, or while it received one.
DEAD_WORKER = re.compile(
    r"Python worker exited unexpectedly|java\.io\.EOFException|java\.net\.SocketException"
    r"|java\.io\.IOException: (?:Broken pipe|Connection reset)"
)

# Set by spark-submit and Glue, which start Python from a JVM and choose the master themselves.
STARTED_BY_JAVA = "PYSPARK_GATEWAY_PORT"


def session() -> SparkSession:
    """The Spark session of the Glue job, or else a local one on all cores.

    Raises:
        UsageLakeError: there is no PySpark, or no Java 17 to run it on, or it cannot start.
        KeyboardInterrupt: delayed until Spark has started, so that no Java process is left behind.
    """
    with _interrupts_delayed():
        return start_session()


def is_running() -> bool:
    """Whether a Spark session exists: Glue's, or one that `session` has started."""
    if STARTED_BY_JAVA in os.environ:
        return True
    if "pyspark" not in sys.modules:
        return False
    from pyspark.sql import SparkSession

    return SparkSession.getActiveSession() is not None


@contextmanager
def _interrupts_delayed() -> Iterator[list[int]]:
    """Delay Ctrl-C to the end of the block; the yielded list is empty until Ctrl-C is pressed.

    An interrupt while Java starts would make pyspark lose track of the process; during a call to Java, it would leave
    the answer half read. Python delivers signals only to the main thread.
    """
    received: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield received
        return

    def receive(number: int, frame: FrameType | None) -> None:
        received.append(number)

    before = signal.signal(signal.SIGINT, receive)
    try:
        yield received
    finally:
        # Spark's context may have set its own handler, which stays.
        if signal.getsignal(signal.SIGINT) is receive:
            signal.signal(signal.SIGINT, before)
    if received:
        raise KeyboardInterrupt


def start_session() -> SparkSession:
    """The active session, or else a new one; raises as `session` does."""
    try:
        from pyspark.sql import SparkSession
    except ModuleNotFoundError as error:
        raise UsageLakeError("Spark is not installed here: pip install 's3-usage-lake[spark]'") from error

    active = SparkSession.getActiveSession()
    if active:
        return active
    builder = SparkSession.builder.appName("usage-lake")
    for name, value in WORKER_MEMORY.items():
        builder = builder.config(f"spark.executorEnv.{name}", value)
    if STARTED_BY_JAVA in os.environ:
        return builder.getOrCreate()
    from pyspark.errors import PySparkRuntimeError

    use_java_17()
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    # By default, Spark resolves the host name, which fails on many laptops.
    os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    log_config = Path(__file__).with_name("log4j2.properties")
    local = (
        builder.master("local[*]")
        .config("spark.driver.memory", "1g")
        .config("spark.driver.extraJavaOptions", f"-Dlog4j2.configurationFile={log_config.as_uri()} {JVM_OPTIONS}")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.python.daemon.module", "glue_jobs.workers.spark_daemon")
        .config("spark.buffer.size", RESULT_BUFFER_BYTES)
        .config("spark.ui.enabled", "false")
        .config("spark.ui.showConsoleProgress", "false")
    )
    try:
        spark = local.getOrCreate()
    except PySparkRuntimeError as error:
        raise UsageLakeError(
            "Java ended before Spark had started, perhaps for want of memory, of which it takes 1 GiB;"
            " --engine processes needs no Java"
        ) from error
    # The session may have existed before without being active in this thread.
    jvm: Any = spark._jvm
    jvm.SparkSession.setActiveSession(spark._jsparkSession)
    return spark


def run_tasks(
    spark: SparkSession, function: Callable[[Item], Result], items: Sequence[Item], progress: Progress
) -> list[Result]:
    """Return ``[function(item) for item in items]``, one Spark task per item; calls ``progress(finished, total)``.

    Function, items and results are pickled, so they must be small: descriptions, never records.

    Raises:
        UsageLakeError: a task raised it; the message is that of the task.
        TaskError: a task failed with any other exception, or a worker or Java died.
        KeyboardInterrupt: after Ctrl-C, within a second; the tasks are cancelled.
    """
    if not items:
        return []
    context = spark.sparkContext
    # The job group identifies the stages of this call.
    group = f"usage-lake-{os.urandom(8).hex()}"

    def collect() -> list[Result]:
        context.setJobGroup(group, "usage-lake", interruptOnCancel=True)
        # Not DataFrame.mapInArrow: docs/decisions/0009-rdd-of-descriptions.md.
        with gc_paused():
            # This call pickles the items.
            tasks = context.parallelize(items, len(items))
        return tasks.map(partial(_in_worker, function)).collect()

    with _interrupts_delayed() as interrupts, ThreadPoolExecutor(1) as pool:
        future = pool.submit(collect)
        try:
            while not wait([future], SECONDS_BETWEEN_PROGRESS).done:
                if interrupts:
                    context.cancelJobGroup(group)
                    raise KeyboardInterrupt
                progress(_finished_tasks(context, group), len(items))
            results = future.result()
        except Exception as error:
            raise _error_of_task(error) from error
    progress(len(items), len(items))
    return results


def _in_worker(function: Callable[[Item], Result], item: Item) -> Result:
    # Spark makes a worker collect garbage after every task. Objects that exist before a task are mostly code. Once they
    # are frozen, they are not traversed, and a collection takes a few milliseconds instead of 0.16 s.
    gc.freeze()
    return function(item)


def _finished_tasks(context: Any, group: str) -> int:
    tracker = context.statusTracker()
    stages = [
        stage
        for job in tracker.getJobIdsForGroup(group)
        if (info := tracker.getJobInfo(job))
        for stage in info.stageIds
    ]
    return sum(info.numCompletedTasks for stage in stages if (info := tracker.getStageInfo(stage)))


def _error_of_task(error: Exception) -> UsageLakeError:
    """The error that a task raised; Spark passes on only the text of its stack trace."""
    from py4j.protocol import Py4JError, Py4JJavaError

    if isinstance(error, Py4JError | ConnectionError) and not isinstance(error, Py4JJavaError):
        return TaskError("Java, which gives the tasks to the workers, died; start the run again")
    if DEAD_WORKER.search(str(error)):
        return dead_worker("Spark does not say why; the system kills processes when memory runs out")
    lines = re.findall(r"^(?:\s*:\s*)?((?:\w+\.)*\w*(?:Error|Exception|Exit)): (.+)$", str(error), re.MULTILINE)
    ours = [text for name, text in lines if name.startswith("glue_jobs.")]
    if ours:
        return UsageLakeError(ours[0])
    foreign = [
        f"{name}: {text}" for name, text in lines if not name.startswith(("org.apache.spark", "pyspark", "py4j"))
    ]
    return TaskError(f"a task failed with {foreign[0] if foreign else str(error).splitlines()[0]}")
