"""Fair timing: everything is warm, runs take turns, the median counts, wall and CPU seconds are reported together."""

from __future__ import annotations

import gc
import os
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor, wait
from contextlib import ExitStack
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from typing import Any, Generic, Self, TypeVar

from benchmarks.cpu import TreeClock, adopt_orphans

Result = TypeVar("Result")

SECONDS_PER_SAMPLE = 0.2


@dataclass(frozen=True)
class Settings:
    """The size of a run.

    ``folder`` stores generated data, ``quick`` requests a smoke run, ``rounds`` is the number of measured runs of each
    contestant, and ``objects`` the number of objects (None: the benchmark's default).
    """

    folder: Path
    quick: bool
    rounds: int
    objects: int | None = None


@dataclass(frozen=True)
class Line:
    """One line of the results; ``cpu`` is the figure in CPU seconds, ``met`` is None without a target."""

    what: str
    figure: str
    cpu: str = ""
    target: str = ""
    met: bool | None = None
    note: str = ""


@dataclass(frozen=True)
class Measured(Generic[Result]):
    """The result of a call, its wall seconds, and its CPU seconds in the whole process tree."""

    result: Result
    wall: float
    cpu: float | None


@dataclass
class Runs:
    """The measured runs of one contestant."""

    measured: list[Measured[Any]] = field(default_factory=list)

    @property
    def wall(self) -> float:
        """Median of the wall seconds."""
        return median(run.wall for run in self.measured)

    @property
    def cpu(self) -> float | None:
        """Median of the CPU seconds; None on a system that does not report them."""
        seconds = [run.cpu for run in self.measured if run.cpu is not None]
        return median(seconds) if seconds else None

    @property
    def result(self) -> Any:
        """The result of the last run."""
        return self.measured[-1].result

    def line(self, what: str, note: str) -> Line:
        """The seconds themselves."""
        return Line(what, self._wall(), self._cpu(), note=note)

    def over(
        self, other: Runs, what: str, *, least: float = 0, most: float = 0, scale: float = 1, note: str = ""
    ) -> Line:
        """The ratio of these seconds, times ``scale``, to the other's; targets are for wall seconds, 0 means none."""
        ratio = self.wall * scale / other.wall
        cpu = f"{self.cpu * scale / other.cpu:.2f}" if self.cpu and other.cpu else ""
        target = f"at least {least:g}" if least else f"at most {most:g}" if most else ""
        met = ratio >= least and (not most or ratio <= most) if target else None
        note = "; ".join(filter(None, [self._wall(), f"CPU {self._cpu()}" if self._cpu() else "", note]))
        return Line(what, f"{ratio:.2f}", cpu, target, met, note)

    def _wall(self) -> str:
        return f"{self.wall:.2f} s ({', '.join(f'{run.wall:.2f}' for run in self.measured)})"

    def _cpu(self) -> str:
        return "" if self.cpu is None else f"{self.cpu:.2f} s"


class Host:
    """A process that stays warm between calls; its CPU seconds include those of its descendants."""

    def __enter__(self) -> Self:
        self._pool = ProcessPoolExecutor(1, get_context("spawn"), adopt_orphans)
        self._clock = TreeClock(self._pool.submit(os.getpid).result())
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown()

    def call(self, function: Callable[..., Result], *arguments: object) -> Measured[Result]:
        """Call a picklable function in the process, and wait for its result."""
        before = self._clock.sample()
        future = self._pool.submit(_timed, function, *arguments)
        while not wait([future], SECONDS_PER_SAMPLE).done:
            self._clock.sample()
        result, wall = future.result()
        after = self._clock.sample()
        return Measured(result, wall, None if before is None or after is None else after - before)


def _timed(function: Callable[..., Result], *arguments: object) -> tuple[Result, float]:
    start = time.perf_counter()
    result = function(*arguments)
    return result, time.perf_counter() - start


@dataclass(frozen=True)
class Contestant:
    """One way to do the work, as picklable functions; ``keep_warm`` is called before every run."""

    run: Callable[[], object]
    keep_warm: Callable[[], object] = gc.collect


def interleaved(
    contestants: Mapping[str, Contestant],
    rounds: int,
    tidy: Callable[[], object] = lambda: None,
    host: Host | None = None,
) -> dict[str, Runs]:
    """Runs of each contestant, ``rounds`` of them after one warm-up; ``tidy`` is called after every run.

    Contestants take turns, so that other load on the machine affects all of them alike. Each has its own process,
    unless all share ``host``.
    """
    runs = {name: Runs() for name in contestants}
    with ExitStack() as stack:
        hosts = {name: host or stack.enter_context(Host()) for name in contestants}
        for number in range(rounds + 1):
            for name, contestant in contestants.items():
                # Otherwise a contestant that waits for the disk would also wait for the files of the previous one.
                os.sync()
                hosts[name].call(contestant.keep_warm)
                measured = hosts[name].call(contestant.run)
                tidy()
                warm_up = "" if number else " (warm-up)"
                print(f"  {name}: {measured.wall:.2f} s, CPU {measured.cpu or 0:.2f} s{warm_up}", flush=True)
                if number:
                    runs[name].measured.append(measured)
    return runs
