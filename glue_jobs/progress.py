"""Messages and progress of a run: bars on a terminal, plain lines elsewhere (a log, a pipe, Glue)."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol, TextIO


class Reporter(Protocol):
    """Receives the messages and the progress of a run."""

    def say(self, sentence: str) -> None:
        """Report one event."""

    def progress(self, label: str) -> AbstractContextManager[Callable[[int, int], None]]:
        """Report the progress of a step: call the yielded function with the numbers of finished and of all tasks."""


class PlainReporter:
    """Prints a line for each message and for each tenth of a step to ``stream`` (default: standard error)."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr

    def say(self, sentence: str) -> None:
        print(sentence, file=self._stream, flush=True)

    @contextmanager
    def progress(self, label: str) -> Iterator[Callable[[int, int], None]]:
        last = 0

        def update(done: int, total: int) -> None:
            nonlocal last
            tenth = 10 * done // max(total, 1)
            if tenth > last:
                last = tenth
                self.say(f"{label}: {done} of {total} tasks done")

        yield update


class TitledReporter:
    """Puts a title before each message of another reporter."""

    def __init__(self, reporter: Reporter, title: str) -> None:
        self._reporter, self._title = reporter, title

    def say(self, sentence: str) -> None:
        self._reporter.say(f"{self._title}: {sentence}")

    def progress(self, label: str) -> AbstractContextManager[Callable[[int, int], None]]:
        return self._reporter.progress(f"{self._title}: {label}")


class SilentReporter:
    """Prints nothing; the default for programs that use the library."""

    def say(self, sentence: str) -> None:
        pass

    @contextmanager
    def progress(self, label: str) -> Iterator[Callable[[int, int], None]]:
        yield lambda done, total: None


class TerminalReporter:
    """Prints messages and progress bars for a person at a terminal."""

    def __init__(self) -> None:
        from rich.console import Console

        self._console = Console(stderr=True, highlight=False, emoji=False)

    def say(self, sentence: str) -> None:
        self._console.print(sentence, style="dim", markup=False)

    @contextmanager
    def progress(self, label: str) -> Iterator[Callable[[int, int], None]]:
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        with Progress(*columns, console=self._console, transient=True) as bars:
            bar = bars.add_task(label, total=None)
            yield lambda done, total: bars.update(bar, completed=done, total=total)


def reporter() -> Reporter:
    """The reporter that suits standard error: a terminal, or anything else."""
    return TerminalReporter() if sys.stderr.isatty() else PlainReporter()


def printable(text: str) -> str:
    """The text with control characters and other unprintable characters escaped."""
    return "".join(character if character.isprintable() else repr(character)[1:-1] for character in text)


def first_names(names: Sequence[str], noun: str) -> str:
    """``a, b, c, 12 other buckets``: the first three names, and the number of the others."""
    others = [counted(len(names) - 3, f"other {noun}")] if len(names) > 3 else []
    return ", ".join([*names[:3], *others])


def counted(number: int, noun: str) -> str:
    """``1 row``, ``1,608 rows``."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
