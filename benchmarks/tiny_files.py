"""Many tiny files compared with the same lines in a few large ones."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from benchmarks import our_run
from benchmarks.measure import Contestant, Line, Settings, interleaved
from benchmarks.sample_files import sample_logs, tiny_files


def files_of(settings: Settings) -> tuple[Path, Path]:
    """Folders with 20,000 files of 5 lines, and with the same lines in 20 files."""
    files, together = (100, 2) if settings.quick else (20_000, 20)
    return tiny_files(sample_logs(settings), settings.folder / f"tiny-{files}", files, 5, together)


def measure(settings: Settings) -> Iterator[Line]:
    """Lines of the results: the seconds of both, and their ratio."""
    lake = settings.folder / "tiny-lake"
    shutil.rmtree(lake, ignore_errors=True)
    tiny, large = files_of(settings)
    both = {raw.name: Contestant(partial(our_run.run, raw, lake)) for raw in (tiny, large)}
    runs = interleaved(both, settings.rounds, partial(shutil.rmtree, lake))
    yield runs[large.name].line(large.name, "")
    yield runs[tiny.name].over(runs[large.name], "tiny files / large files", most=3, note=tiny.name)
