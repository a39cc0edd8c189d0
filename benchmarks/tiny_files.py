"""Many tiny files compared with the same lines in a few large ones."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from functools import partial

from benchmarks import our_run
from benchmarks.measure import Contestant, Line, Settings, interleaved
from benchmarks.sample_files import tiny_files


def measure(settings: Settings) -> Iterator[Line]:
    """Lines of the results: the seconds of both, and their ratio."""
    lake = settings.folder / "tiny-lake"
    shutil.rmtree(lake, ignore_errors=True)
    tiny, large = tiny_files(settings)
    both = {raw.name: Contestant(partial(our_run.run, raw, lake)) for raw in (tiny, large)}
    runs = interleaved(both, settings.rounds, partial(shutil.rmtree, lake))
    yield runs[large.name].line(large.name, "")
    yield runs[tiny.name].over(runs[large.name], "tiny files / large files", most=3, note=tiny.name)
