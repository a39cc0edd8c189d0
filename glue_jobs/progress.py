"""What a run says while it works: bars on a terminal, plain lines elsewhere (a log, a pipe, Glue)."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol, TextIO


class Reporter(Protocol):
    """Hears what a run has to say."""

    def say(self, sentence: str) -> None:
        """One thing that happened."""

    def progress(self, label: str) -> AbstractContextManager[Callable[[int, int], None]]:
        """A step of many parts; call what it yields with the number of parts done and of all."""


class PlainReporter:
    """One line per sentence, and one for every tenth of a step, on standard error."""

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


class TerminalReporter:
    """Sentences and bars for a person who watches."""

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
    """The right one for where standard error goes."""
    return TerminalReporter() if sys.stderr.isatty() else PlainReporter()


def printable(text: str) -> str:
    """The text with everything escaped that a terminal would obey or an encoding refuse."""
    return "".join(character if character.isprintable() else repr(character)[1:-1] for character in text)
