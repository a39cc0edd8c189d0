"""One pipeline against other tools and the floor, all from the same raw files to Parquet."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from uuid import uuid4

from benchmarks import floor, our_run
from benchmarks.measure import Contestant, Line, Runs, Settings, interleaved

OURS, FLOOR = "this project", "floor"


@dataclass(frozen=True)
class Other:
    """Another tool: ``convert`` is picklable and writes Parquet below the folder that it gets.

    ``least`` is the target for its wall seconds over ours. Its seconds are multiplied by ``scale`` if it converts only
    a part of the raw files.
    """

    name: str
    convert: Callable[[Path], object]
    least: float = 0
    note: str = ""
    scale: float = 1


def contest(
    settings: Settings,
    pipeline: str,
    raw: Path,
    others: Sequence[Other],
    config: Path | None = None,
    floor_reads: floor.Reading | None = None,
) -> dict[str, Runs]:
    """Our runs, those of the others, and those of the floor if ``floor_reads`` gives its work before the write."""
    work = settings.folder / "contest"
    shutil.rmtree(work, ignore_errors=True)
    out = work / "out"
    contestants = {OURS: Contestant(partial(our_run.run_on_spark, raw, out, config, pipeline), our_run.keep_workers)}
    contestants |= {other.name: Contestant(partial(other.convert, out)) for other in others}
    if floor_reads:
        our_run.run(raw, work / "first", config, pipeline)
        contestants[FLOOR] = Contestant(partial(floor.write, pipeline, work / "first", floor_reads, out))
    runs = interleaved(contestants, settings.rounds, partial(_put_away, out))
    shutil.rmtree(work)
    return runs


def lines(runs: dict[str, Runs], others: Sequence[Other], note: str, prefix: str = "") -> Iterator[Line]:
    """Our seconds, and the ratio of each other contestant's seconds to ours."""
    yield runs[OURS].line(prefix + OURS, note)
    for other in others:
        what = f"{prefix}{other.name} / ours"
        yield runs[other.name].over(runs[OURS], what, least=other.least, scale=other.scale, note=other.note)


def _put_away(out: Path) -> None:
    # Renamed, not deleted: ext4 skips recently deleted files when it creates others, which would cost the next
    # contestant some hundredths of its time.
    if next(out.rglob("*.parquet"), None) is None:
        # ClickHouse treats a pattern that matches no file as an empty table.
        raise AssertionError("the last run wrote nothing, so its time means nothing")
    out.rename(out.with_name(uuid4().hex))
