"""Choose the workers of tasks: Spark on Glue; on a laptop a pool of processes, or this process for little work."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from glue_jobs.workers.processes import ProcessPool, process_pool
from glue_jobs.workers.spark import is_running, run_tasks, session
from glue_jobs.workers.task_errors import Meanwhile, Progress, nothing

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

Item = TypeVar("Item")
Result = TypeVar("Result")

# This process ingests up to this many bytes of raw objects before a second process has started and imported the
# library, which takes half a second.
MAX_BYTES_IN_PROCESS = 8 * 2**20


def workers_for(size: int) -> ProcessPool | OnSpark:
    """The workers for tasks with ``size`` bytes of raw objects, or with the same amount of other work.

    If a Spark session exists, as on Glue, these are its workers; otherwise they are processes of this machine.
    """
    if is_running():
        return OnSpark(session())
    return ProcessPool(1, takes_part=True) if size <= MAX_BYTES_IN_PROCESS else process_pool()


@dataclass(frozen=True)
class OnSpark:
    """Run tasks on the workers of a Spark session."""

    spark: SparkSession

    @property
    def count(self) -> int:
        """Number of tasks that the session runs at a time."""
        return int(self.spark.sparkContext.defaultParallelism)

    def run(
        self,
        function: Callable[[Item], Result],
        items: Sequence[Item],
        progress: Progress,
        meanwhile: Meanwhile = nothing,
    ) -> list[Result]:
        """As `ProcessPool.run`, with one Spark task per item; this process calls ``meanwhile`` first."""
        meanwhile()
        return run_tasks(self.spark, function, items, progress)
