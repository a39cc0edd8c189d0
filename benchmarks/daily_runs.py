"""Compare the cost of the 400th daily run with that of the 10th."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import astuple, dataclass, replace
from datetime import datetime, timedelta, tzinfo
from pathlib import Path
from statistics import median
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

from benchmarks import our_run
from benchmarks.cpu import TreeClock
from benchmarks.machine import bytes_read
from benchmarks.measure import Line, Settings
from benchmarks.sample_files import config_file, log_files, sample
from glue_jobs.storage.folder import FolderStorage
from glue_jobs.workers.processes import ProcessPool

MAX_RATIO = 1.3
SECONDS_PER_DAY = 86_400


@dataclass
class Cost:
    """The cost of one run: listings of the storage and their entries, objects and bytes read, seconds."""

    listings: int = 0
    listed: int = 0
    objects_read: int = 0
    bytes_read: int = 0
    wall: float = 0.0
    cpu: float = 0.0

    def since(self, before: Cost) -> Cost:
        """The cost since ``before``."""
        return Cost(*(now - then for now, then in zip(astuple(self), astuple(before), strict=True)))


def measure(settings: Settings) -> Iterator[Line]:
    """A line of the results for each kind of cost: the median of five late runs over that of five early ones."""
    runs, early, scale = (6, slice(1, 3), 0.05) if settings.quick else (400, slice(7, 12), 34)
    late = slice(runs - (early.stop - early.start), runs)
    source = sample(settings.folder, scale, runs)
    days = _days(source, runs)
    # The sample's traffic grows from week to week; a late run must not have more work than an early one.
    max_bytes = median(sum(path.stat().st_size for path in day) for day in days[early])
    costs = _daily(source, [list(_first_files(max_bytes, day)) for day in days], settings.folder / "daily")
    which = (
        f"runs {early.start + 1}–{early.stop} and {late.start + 1}–{late.stop} of {runs}, "
        f"at most {max_bytes / 1e6:.1f} MB a day, tasks run in this process"
    )

    def compare(name: str, cost: Callable[[Cost], float]) -> tuple[float, str]:
        before, after = (median(map(cost, costs[part])) for part in (early, late))
        return after / before if before else 1.0, f"{before:,.6g} and {after:,.6g}; {which}"

    cpu, _ = compare("CPU", lambda cost: cost.cpu)
    for name, cost in (
        ("listings", lambda cost: cost.listings),
        ("entries listed", lambda cost: cost.listed),
        ("objects read", lambda cost: cost.objects_read),
        ("bytes read", lambda cost: cost.bytes_read),
        ("seconds", lambda cost: cost.wall),
    ):
        ratio, note = compare(name, cost)
        line = Line(f"{name}: late / early", f"{ratio:.2f}", f"{cpu:.2f}" if name == "seconds" else "", note=note)
        if name == "entries listed":
            # A page of names fills up in the first weeks, but is still one request.
            yield replace(line, note=f"{note}; up to 1,000 a listing, paid by the listing")
        else:
            yield replace(line, target=f"at most {MAX_RATIO:g}", met=ratio <= MAX_RATIO)


def _days(source: Path, runs: int) -> list[list[Path]]:
    """The files delivered on each of the first days, in the order of their delivery."""
    deliveries = sorted((path.stat().st_mtime, path) for path in log_files(source))
    days: list[list[Path]] = [[] for _ in range(runs)]
    for delivered, path in deliveries:
        number = int(delivered) // SECONDS_PER_DAY - int(deliveries[0][0]) // SECONDS_PER_DAY
        if number < runs:
            days[number].append(path)
    return days


def _first_files(max_bytes: float, files: list[Path]) -> Iterator[Path]:
    """The first files that fit into ``max_bytes``, at least one."""
    for number, path in enumerate(files):
        max_bytes -= path.stat().st_size
        if number and max_bytes < 0:
            return
        yield path


def _daily(source: Path, days: list[list[Path]], work: Path) -> list[Cost]:
    """Deliver and ingest each day in turn, with tasks in this process, because costs in others are not counted."""
    shutil.rmtree(work, ignore_errors=True)
    raw, lake = work / "raw", work / "lake"
    costs = []
    # Runs are planned for as many workers as in the other benchmarks.
    workers = SimpleNamespace(count=2, run=ProcessPool(1, takes_part=True).run)
    with patch("glue_jobs.workers.engine.workers_for", lambda _: workers), _counted() as cost:
        for number, day in enumerate(days, 1):
            for path in day:
                place = raw / path.relative_to(source)
                place.parent.mkdir(parents=True, exist_ok=True)
                os.link(path, place)
            before = cost()
            with patch("glue_jobs.ingest.ingest.datetime", _later(number)):
                our_run.run(raw, lake, config_file(source))
            costs.append(cost().since(before))
            if number % 50 == 0:
                print(f"  {number} runs, the last in {costs[-1].wall:.2f} s", flush=True)
    shutil.rmtree(work)
    return costs


def _later(days: int) -> type[datetime]:
    """A clock that is ``days`` ahead."""

    class Later(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
            return datetime.now(tz) + timedelta(days=days)

    return Later


@contextmanager
def _counted() -> Iterator[Callable[[], Cost]]:
    """Count the calls of the storage during the block; yields a function that returns the cost so far."""
    sums, clock = Cost(), TreeClock(os.getpid())
    folder_level, folder_list = FolderStorage.level, FolderStorage.list

    def level(*arguments: Any) -> Any:
        sums.listings += 1
        page = folder_level(*arguments)
        sums.listed += len(page.objects) + len(page.folders)
        return page

    def listing(*arguments: Any, **bounds: Any) -> Any:
        sums.listings += 1
        for entry in folder_list(*arguments, **bounds):
            sums.listed += 1
            yield entry

    def reading(original: Any) -> Any:
        def read(*arguments: Any) -> Any:
            sums.objects_read += 1
            return original(*arguments)

        return read

    reads = {name: reading(getattr(FolderStorage, name)) for name in ("read", "get", "open")}
    with patch.multiple(FolderStorage, level=level, list=listing, **reads):
        yield lambda: replace(sums, bytes_read=bytes_read(), wall=time.perf_counter(), cpu=clock.sample() or 0.0)
