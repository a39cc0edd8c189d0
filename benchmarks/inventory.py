"""How fast inventories become the table: CSV beside DuckDB, ORC and Parquet beside Spark."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from benchmarks import duckdb_inventory, our_run, spark_inventory
from benchmarks.inventory_files import data_files, snapshot
from benchmarks.measure import Line, Settings, Times, interleaved, put_away
from benchmarks.usual_spark import UsualSpark
from glue_jobs.workers.spark import session

QUICK_OBJECTS = 20_000
OBJECTS = 5_000_000

# AWS cuts the inventory of a large bucket into many files; these are enough for every core here.
FILES = 8

PIPELINE = "s3_inventory_object"

# Each format, who else reads it, and how many times as long they have to take, keys being in order as S3 has them.
CONTESTS = (("CSV", "DuckDB", 1.0), ("ORC", "Spark", 2.3), ("Parquet", "Spark", 3.0))


def measure(settings: Settings) -> Iterator[Line]:
    """Lines of the results: seconds, and the others' seconds over ours."""
    objects = settings.objects or (QUICK_OBJECTS if settings.quick else OBJECTS)
    session()
    with UsualSpark() as spark:
        for (form, other, least), ordered in itertools.product(CONTESTS, (True, False)):
            raw = snapshot(settings.folder, form, objects, FILES, ordered)
            work = settings.folder / "contest-inventory"
            shutil.rmtree(work, ignore_errors=True)
            out = work / "out"
            contenders: dict[str, Callable[[], object]] = {
                "this project": partial(our_run.run, raw, out, pipeline=PIPELINE),
                other: partial(_theirs, spark, form, data_files(raw), out),
            }
            times = interleaved(contenders, settings.rounds, partial(put_away, out), our_run.keep_workers)
            shutil.rmtree(work)
            what = form if ordered else f"{form} in no order"
            yield from _report(what, other, least if ordered else None, objects, raw, [*times.values()])


def _theirs(spark: UsualSpark, form: str, files: list[str], out: Path) -> None:
    if form == "CSV":
        duckdb_inventory.convert(files, out)
    else:
        spark.run(spark_inventory.convert, form, files, out)


def _report(what: str, other: str, least: float | None, objects: int, raw: Path, times: list[Times]) -> Iterator[Line]:
    size = sum(Path(file).stat().st_size for file in data_files(raw))
    amount = f"{objects:,} objects, {size / 1e6:,.0f} MB in {FILES} files"
    yield Line(f"{what}, this project", str(times[0]), note=f"{amount}; MD5 checked, data sets, totals, sorted by key")
    ratio = times[1].median / times[0].median
    target, met = (f"at least {least:g}", ratio >= least) if least else ("", None)
    yield Line(f"{what}, {other} / ours", f"{ratio:.2f}", target, met, str(times[1]))
