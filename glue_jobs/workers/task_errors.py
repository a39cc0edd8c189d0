"""How a task that failed is reported, whoever ran it."""

from __future__ import annotations

from collections.abc import Callable

from glue_jobs.errors import UsageLakeError

Progress = Callable[[int, int], None]
"""Hears how many tasks are done, and of how many."""

Meanwhile = Callable[[], None]
"""Work of this process that has to be done by the end of the tasks."""


def nothing() -> None:
    """Do nothing: there is no such work."""


class TaskError(UsageLakeError):
    """A task failed in a way nobody foresaw; the text names the error and its cause has the whole trace."""


def dead_worker(how: str) -> TaskError:
    """The sentence for a process that ended while it ran tasks; ``how`` says what is known of its end."""
    return TaskError(f"a worker process died ({how}); start the run again")


def task_error(error: Exception) -> TaskError:
    """The sentence for an unexpected error, with the first line of its text."""
    kind = type(error)
    name = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
    return TaskError(f"a task failed with {': '.join([name, *str(error).splitlines()[:1]])}")
