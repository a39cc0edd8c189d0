"""Throughput of inventories to the table: CSV beside DuckDB, ORC and Parquet beside Spark."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from pyspark.sql import functions as f

from benchmarks.contest import Other, contest, lines
from benchmarks.engines import duckdb_copy, spark_session, spark_write
from benchmarks.inventory_files import TIME, TYPES, data_files, snapshot
from benchmarks.measure import Line, Settings

QUICK_OBJECTS = 20_000
OBJECTS = 5_000_000

# AWS writes the inventory of a large bucket as many files; this many keep every core busy.
FILES = 8

# Each format, the other engine, and the target for its seconds over ours with sorted keys, as S3 writes them.
CONTESTS = (("CSV", "DuckDB", 1), ("ORC", "Spark", 2.3), ("Parquet", "Spark", 3))


def measure(settings: Settings) -> Iterator[Line]:
    """Lines of the results: our seconds, and the others' over ours."""
    objects = settings.objects or (QUICK_OBJECTS if settings.quick else OBJECTS)
    for (form, name, least), ordered in itertools.product(CONTESTS, (True, False)):
        raw = snapshot(settings.folder, form, objects, FILES, ordered)
        files = data_files(raw)
        convert = partial(duckdb, files) if form == "CSV" else partial(spark, form, files)
        others = [Other(name, convert, least if ordered else 0)]
        runs = contest(settings, "s3_inventory_object", raw, others)
        size = sum(Path(file).stat().st_size for file in files)
        amount = f"{objects:,} objects, {size / 1e6:,.0f} MB in {FILES} files"
        note = f"{amount}; MD5 checked, data sets, totals, sorted by key"
        yield from lines(runs, others, note, f"{form}, " if ordered else f"{form} unsorted, ")


def duckdb(files: Sequence[str], target: Path) -> None:
    """Turn gzipped CSV files into Parquet below ``target``: columns with types, keys decoded."""
    columns = ", ".join(f"'{name}': '{kind}'" for name, kind in TYPES.items())
    select = f"""
        SELECT * REPLACE (url_decode(replace(key, '+', ' ')) AS key),
               bucket AS source_bucket, DATE '{TIME.date()}' AS snapshot_date
        FROM read_csv(?, columns = {{{columns}}}, auto_detect = false, header = false, delim = ',',
                      quote = '"', escape = '"')
    """
    duckdb_copy(select, target, "source_bucket", "snapshot_date", parameters=[list(files)])


def spark(form: str, files: Sequence[str], target: Path) -> None:
    """Turn ORC or Parquet files into Parquet below ``target``."""
    rows = spark_session().read.format(form.lower()).load(list(files))
    rows = rows.withColumn("source_bucket", f.col("bucket")).withColumn("snapshot_date", f.lit(str(TIME.date())))
    spark_write(rows, target, "source_bucket", "snapshot_date")
