"""Many tiny files against the same lines in a few large ones."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

from benchmarks import our_run
from benchmarks.measure import Line, Settings, interleaved
from benchmarks.sample_files import QUICK_SCALE, SCALE, sample, tiny_files

MOST = 3.0


def files_of(settings: Settings) -> tuple[Path, Path]:
    """Folders with 20,000 files of 5 lines, and with the same lines in 20."""
    files, together, scale = (100, 2, QUICK_SCALE) if settings.quick else (20_000, 20, SCALE)
    raw = sample(settings.folder, scale)
    return tiny_files(raw, settings.folder / f"tiny-{files}", files, 5, together)


def measure(settings: Settings) -> Iterator[Line]:
    """One line of the results: the ratio."""
    small, large = files_of(settings)
    lake = settings.folder / "tiny-lake"
    shutil.rmtree(lake, ignore_errors=True)
    times = interleaved(
        {"tiny": lambda: run(small, lake), "large": lambda: run(large, lake)},
        settings.rounds,
        lambda: shutil.rmtree(lake),
    )
    ratio = times["tiny"].median / times["large"].median
    note = f"{small.name}: {times['tiny']}; {large.name}: {times['large']}"
    yield Line("tiny files / large files", f"{ratio:.2f}", f"at most {MOST:g}", ratio <= MOST, note)


def run(raw: Path, lake: Path) -> None:
    """Ingest the folder into a fresh lake."""
    our_run.run(raw, lake)
