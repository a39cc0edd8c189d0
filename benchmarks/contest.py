"""One pipeline against the usual ways and the floor, all from the same raw files to Parquet."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from benchmarks import our_run
from benchmarks.measure import Settings, Times, interleaved, put_away
from benchmarks.parquet_floor import Reading, Writers
from benchmarks.sample_files import config_file
from glue_jobs.ingest.ledger import Totals
from glue_jobs.sources.pipeline import Pipeline
from glue_jobs.workers.spark import session

OURS, FLOOR = "this project", "floor"


def compare(
    settings: Settings,
    pipeline: Pipeline,
    raw: Path,
    others: Mapping[str, Callable[[Path], None]],
    reading: Reading | None = None,
) -> tuple[dict[str, Times], Totals]:
    """Times of ours, of the others (each writes below the folder it gets) and of the floor; what ours counted.

    The floor writes the finished table, and before that does the ``reading`` if there is one.
    """
    work = settings.folder / f"contest-{pipeline.name}"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir()
    session()

    def ours(lake: Path) -> Totals:
        return our_run.run(raw, lake, config_file(raw), pipeline.name).totals

    # A first run starts Spark's workers and gives the floor its rows.
    totals = ours(work / "first")
    data_files = sorted((work / "first").glob(f"**/{pipeline.name}/data/**/*.parquet"))
    out = work / "out"
    with Writers(pipeline.table, data_files, reading) as floor:
        contenders: dict[str, Callable[[Path], object]] = {OURS: ours, **others, FLOOR: floor.write}
        runs = {name: partial(run, out) for name, run in contenders.items()}
        times = interleaved(runs, settings.rounds, partial(put_away, out), our_run.keep_workers)
    shutil.rmtree(work)
    return times, totals
