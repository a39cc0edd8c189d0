"""The errors of failed tasks, which are the same for all kinds of workers."""

from __future__ import annotations

from collections.abc import Callable

from glue_jobs.errors import UsageLakeError

Progress = Callable[[int, int], None]
"""Called with the number of finished tasks and the number of all tasks."""

Meanwhile = Callable[[], None]
"""Work that this process does while workers run tasks, and that is done when ``run`` returns."""


def nothing() -> None:
    """Do nothing; the default."""


class TaskError(UsageLakeError):
    """A task failed with an unexpected error, which the text names; a pool's worker does not send its stack trace."""


def dead_worker(how: str) -> TaskError:
    """The error for a worker process that ended while it ran tasks; ``how`` says what is known about its end."""
    return TaskError(f"a worker process died ({how}); start the run again")


def task_error(error: Exception) -> TaskError:
    """The error of a task that raised an unexpected error; quotes the first line of its text."""
    kind = type(error)
    name = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
    return TaskError(f"a task failed with {': '.join([name, *str(error).splitlines()[:1]])}")
