"""Whether the 400th daily run costs what the 10th did."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import astuple, dataclass
from datetime import datetime, timedelta, tzinfo
from pathlib import Path
from statistics import median
from typing import Any
from unittest.mock import patch

from benchmarks import our_run
from benchmarks.measure import Line, Settings
from benchmarks.sample_files import config_file, log_files, sample
from glue_jobs.storage.folder import FolderStorage
from glue_jobs.workers.engine import InProcess

MOST = 1.3
# A page of names fills up in the first weeks and is one request all the same.
FILLED = "entries listed"
DAY = 86_400


@dataclass
class Cost:
    """What one run cost: calls of and entries from the storage's listings, objects read, bytes read, seconds."""

    listings: int = 0
    listed: int = 0
    objects_read: int = 0
    bytes_read: int = 0
    seconds: float = 0.0


def measure(settings: Settings) -> Iterator[Line]:
    """A line of the results for each kind of cost: the median of five late runs over that of five early ones."""
    runs, early, scale = (6, slice(1, 3), 0.05) if settings.quick else (400, slice(7, 12), 34)
    source = sample(settings.folder, scale, runs)
    days = _days(source, runs)
    # The sample's publisher grows from week to week; a late run is to have no more to do than an early one.
    most = median(sum(map(_size, day)) for day in days[early])
    days = [list(_at_most(most, day)) for day in days]
    costs = _daily(source, days, settings.folder / "daily")
    late = slice(runs - (early.stop - early.start), runs)
    which = f"runs {early.start + 1}–{early.stop} and {late.start + 1}–{late.stop} of {runs}"
    parts = (costs[early], costs[late])
    measures: dict[str, Callable[[Cost], float]] = {
        "listings": lambda cost: cost.listings,
        FILLED: lambda cost: cost.listed,
        "objects read": lambda cost: cost.objects_read,
        "bytes read": lambda cost: cost.bytes_read,
        "seconds": lambda cost: cost.seconds,
    }
    for name, of in measures.items():
        before, after = (median(map(of, part)) for part in parts)
        ratio = after / before if before else 1.0
        note = f"{before:,.6g} and {after:,.6g}; {which}, at most {most / 1e6:.1f} MB a day, tasks run in this process"
        if name == FILLED:
            yield Line(
                f"{name}: late / early", f"{ratio:.2f}", note=f"{note}; up to 1,000 a listing, paid by the listing"
            )
        else:
            yield Line(f"{name}: late / early", f"{ratio:.2f}", f"at most {MOST:g}", ratio <= MOST, note)


def _days(source: Path, runs: int) -> list[list[Path]]:
    """What was delivered on each of the first days, in that order."""
    deliveries = sorted(log_files(source), key=_delivered)
    first = int(_delivered(deliveries[0])) // DAY
    days: list[list[Path]] = [[] for _ in range(runs)]
    for path in deliveries:
        number = int(_delivered(path)) // DAY - first
        if number < runs:
            days[number].append(path)
    return days


def _delivered(path: Path) -> float:
    return path.stat().st_mtime


def _size(path: Path) -> int:
    return path.stat().st_size


def _at_most(size: float, files: list[Path]) -> Iterator[Path]:
    """The files that fit into so many bytes; the first in any case."""
    for number, path in enumerate(files):
        size -= _size(path)
        if number and size < 0:
            return
        yield path


def _daily(source: Path, days: list[list[Path]], work: Path) -> list[Cost]:
    """Each day's deliveries appear, and a run ingests them; in this process, because Spark's start of tasks would
    hide what is measured here, and its workers would count for themselves."""
    shutil.rmtree(work, ignore_errors=True)
    raw, lake = work / "raw", work / "lake"
    raw.mkdir(parents=True)
    costs = []
    with _without_spark(), _counted() as cost:
        for number, day in enumerate(days, 1):
            for path in day:
                _deliver(path, source, raw)
            start = cost()
            with _on_day(number):
                our_run.run(raw, lake, config_file(source))
            costs.append(Cost(*(after - before for before, after in zip(astuple(start), astuple(cost()), strict=True))))
            if number % 50 == 0:
                print(f"  {number} runs, the last in {costs[-1].seconds:.2f} s", flush=True)
    shutil.rmtree(work)
    return costs


def _deliver(path: Path, source: Path, raw: Path) -> None:
    place = raw / path.relative_to(source)
    place.parent.mkdir(parents=True, exist_ok=True)
    os.link(path, place)


@contextmanager
def _on_day(number: int) -> Iterator[None]:
    """In the block a run takes the time for so many days later than it is."""

    class Later(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
            return datetime.now(tz) + timedelta(days=number)

    with patch("glue_jobs.ingest.ingest.datetime", Later):
        yield


@contextmanager
def _without_spark() -> Iterator[None]:
    # Planned for as many workers as the other benchmarks have.
    here = InProcess(count=2)
    with patch("glue_jobs.workers.engine.workers_for", lambda _: here):
        yield


@contextmanager
def _counted() -> Iterator[Callable[[], Cost]]:
    """Counts what the storage is asked for while the block lasts; yields what tells the cost so far."""
    sums = Cost()

    def listing(original: Any) -> Any:
        def level(self: FolderStorage, *arguments: Any) -> Any:
            page = original(self, *arguments)
            sums.listings += 1
            sums.listed += len(page.objects) + len(page.folders)
            return page

        return level

    def walking(original: Any) -> Any:
        def entries(self: FolderStorage, *arguments: Any) -> Any:
            sums.listings += 1
            for entry in original(self, *arguments):
                sums.listed += 1
                yield entry

        return entries

    def reading(original: Any) -> Any:
        def read(self: FolderStorage, *arguments: Any) -> Any:
            sums.objects_read += 1
            return original(self, *arguments)

        return read

    wrappers = {"level": listing, "list": walking, "read": reading, "get": reading, "open": reading}
    wrapped = {name: wrap(getattr(FolderStorage, name)) for name, wrap in wrappers.items()}
    with patch.multiple(FolderStorage, **wrapped):
        yield lambda: Cost(sums.listings, sums.listed, sums.objects_read, _bytes_read(), time.perf_counter())


def _bytes_read() -> int:
    """All bytes this process has read so far, by pyiceberg and SQLite too; 0 where the system does not say."""
    counters = Path("/proc/self/io")
    if not counters.exists():
        return 0
    return int(counters.read_text().split("rchar: ")[1].split()[0])
