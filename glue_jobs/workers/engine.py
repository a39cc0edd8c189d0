"""Choose who runs the tasks: Spark's workers, or this process if starting Spark takes longer than the work."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeVar

from glue_jobs.errors import UsageLakeError
from glue_jobs.workers.spark import Progress, is_running, run_tasks, session, task_error

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

Item = TypeVar("Item")
Result = TypeVar("Result")

# This process usually ingests this much before Spark has started. Text that compresses well, or needs a parser's
# fallback, takes longer.
MAX_BYTES_IN_PROCESS = 32 * 2**20


class Workers(Protocol):
    """Run tasks."""

    @property
    def count(self) -> int:
        """Number of tasks that run at a time."""

    def run(self, function: Callable[[Item], Result], items: Sequence[Item], progress: Progress) -> list[Result]:
        """``[function(item) for item in items]``; calls ``progress(finished, total)`` on the way.

        Raises:
            UsageLakeError: a task raised it; the message is that of the task.
            TaskError: a task failed with any other exception.
        """


def workers_for(size: int) -> Workers:
    """Workers for tasks on ``size`` bytes of raw objects, or on work that takes as long.

    Raises:
        UsageLakeError: there is no Java 17 to run Spark on.
    """
    return InProcess() if size <= MAX_BYTES_IN_PROCESS and not is_running() else OnSpark(session())


@dataclass(frozen=True)
class OnSpark:
    """Run tasks on the workers of a Spark session."""

    spark: SparkSession

    @property
    def count(self) -> int:
        """Number of tasks that the session runs at a time."""
        return int(self.spark.sparkContext.defaultParallelism)

    def run(self, function: Callable[[Item], Result], items: Sequence[Item], progress: Progress) -> list[Result]:
        """One Spark task per item."""
        return run_tasks(self.spark, function, items, progress)


@dataclass(frozen=True)
class InProcess:
    """Run tasks in this process, one after the other."""

    count: int = 1

    def run(self, function: Callable[[Item], Result], items: Sequence[Item], progress: Progress) -> list[Result]:
        """One call per item."""
        results = []
        for number, item in enumerate(items, 1):
            try:
                results.append(function(item))
            except UsageLakeError:
                raise
            except Exception as error:
                raise task_error(error) from error
            progress(number, len(items))
        return results
