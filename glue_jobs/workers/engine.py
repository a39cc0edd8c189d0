"""Who does the tasks of a run: Spark's workers, or this process when starting Spark would take longer than the work."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeVar

from glue_jobs.errors import UsageLakeError
from glue_jobs.workers.spark import Progress, failed, is_running, run_tasks, session

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

Item = TypeVar("Item")
Result = TypeVar("Result")

# Bytes of raw objects that this process usually turns into rows sooner than Spark starts. Text that is packed well, or
# has to be read carefully, takes longer.
MAX_BYTES_IN_PROCESS = 32 * 2**20


class Workers(Protocol):
    """Whoever does tasks."""

    @property
    def count(self) -> int:
        """For how many tasks at a time work is to be divided."""

    def run(self, function: Callable[[Item], Result], items: Sequence[Item], progress: Progress) -> list[Result]:
        """``[function(item) for item in items]``; ``progress`` hears of done and all tasks.

        Raises:
            UsageLakeError: a task raised it; its sentence is kept.
            TaskError: a task failed for another reason.
        """


def workers_for(size: int) -> Workers:
    """Who is to do tasks that hold ``size`` bytes of raw objects, or as much work as those.

    Raises:
        UsageLakeError: there is no Java 17 to run Spark on.
    """
    return InProcess() if size <= MAX_BYTES_IN_PROCESS and not is_running() else OnSpark(session())


@dataclass(frozen=True)
class OnSpark:
    """Workers of a Spark session."""

    spark: SparkSession

    @property
    def count(self) -> int:
        """How many tasks the session does at a time."""
        return int(self.spark.sparkContext.defaultParallelism)

    def run(self, function: Callable[[Item], Result], items: Sequence[Item], progress: Progress) -> list[Result]:
        """One Spark task per item."""
        return run_tasks(self.spark, function, items, progress)


@dataclass(frozen=True)
class InProcess:
    """This process, one task after the other."""

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
                raise failed(type(error), str(error)) from error
            progress(number, len(items))
        return results
