"""Taking times fairly: everything warmed, runs interleaved, the median counts."""

from __future__ import annotations

import gc
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from uuid import uuid4


@dataclass(frozen=True)
class Settings:
    """How large a run is: ``folder`` keeps made data, ``quick`` is a smoke run, ``rounds`` says how often.

    ``objects`` is how many an inventory lists, None for as many as the benchmark is meant for.
    """

    folder: Path
    quick: bool
    rounds: int
    objects: int | None = None


@dataclass(frozen=True)
class Line:
    """One line of the results: what was measured, the figure, what it should be and whether it is (None: no target)."""

    what: str
    figure: str
    target: str = ""
    met: bool | None = None
    note: str = ""


@dataclass
class Times:
    """Seconds of every run of one contender."""

    seconds: list[float] = field(default_factory=list)

    @property
    def median(self) -> float:
        """The middle one."""
        return median(self.seconds)

    def __str__(self) -> str:
        each = ", ".join(f"{seconds:.2f}" for seconds in self.seconds)
        return f"{self.median:.2f} s ({each})"


def interleaved(
    contenders: Mapping[str, Callable[[], object]],
    rounds: int,
    tidy: Callable[[], None],
    keep_warm: Callable[[], None] | None = None,
) -> dict[str, Times]:
    """Times of each contender, run in turn ``rounds`` times after one warm-up of each; ``tidy`` follows every run.

    In turn, so that what else the machine does meanwhile hits all of them alike. ``keep_warm`` goes before every run,
    for what would not stay warm while others run.
    """
    times = {name: Times() for name in contenders}
    for number in range(rounds + 1):
        for name, run in contenders.items():
            gc.collect()
            # Whoever waits until its files are on the disk would wait for those of the contender before, too.
            os.sync()
            if keep_warm:
                keep_warm()
            before = time.perf_counter()
            run()
            seconds = time.perf_counter() - before
            tidy()
            print(f"  {name}: {seconds:.2f} s{'' if number else ' (warm-up)'}", flush=True)
            if number:
                times[name].seconds.append(seconds)
    return times


def put_away(out: Path) -> None:
    """Make room for the next run, beside it; the caller deletes all of them at the end.

    Who makes files on ext4 passes over all that were deleted a moment ago: some hundredths of a run, and part of none
    in earnest.
    """
    # ClickHouse takes a pattern that matches no file for an empty table.
    if next(out.rglob("*.parquet"), None) is None:
        raise AssertionError("the last run wrote nothing, so its time means nothing")
    out.rename(out.with_name(uuid4().hex))
