"""The usual Glue way: Spark reads lines, one ``regexp_extract`` per field, casts, partitioned Parquet."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pyspark.sql import Column, SparkSession
from pyspark.sql import functions as f

from benchmarks.log_pattern import FIELDS, PATTERN


def convert(spark: SparkSession, files: Sequence[Path], target: Path) -> None:
    """Turn access logs into Parquet below ``target``, a folder per day."""
    lines = spark.read.text([str(path) for path in files])
    texts = lines.select(
        [f.regexp_extract("value", PATTERN, number).alias(name) for number, name in enumerate(FIELDS, 1)]
    )
    # In a second step: written as one expression, Spark would match every field again for each mention of its text.
    rows = texts.select([_typed(name) for name in FIELDS])
    rows = rows.withColumn("event_date", f.to_date("event_time"))
    rows.write.partitionBy("event_date").option("compression", "zstd").parquet(str(target))


def _typed(name: str) -> Column:
    text = f.when(~f.col(name).isin("-", ""), f.col(name))
    if name == "event_time":
        return f.to_timestamp(text, "dd/MMM/yyyy:HH:mm:ss Z").alias(name)
    if FIELDS[name] == "boolean":
        return (text == "Yes").alias(name)
    return text.cast(FIELDS[name]).alias(name)
