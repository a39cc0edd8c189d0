"""The usual Glue way: Spark reads lines, one ``regexp_extract`` per field, casts, partitioned Parquet."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pyspark.sql import Column, SparkSession
from pyspark.sql import functions as f

from benchmarks.log_pattern import FIELDS, PATTERN

CASTS = {"int": "int", "bigint": "bigint"}


def convert(spark: SparkSession, files: Sequence[Path], target: Path) -> None:
    """Turn access logs into Parquet below ``target``, a folder per day."""
    lines = spark.read.text([str(path) for path in files])
    rows = lines.select([_field(number, name) for number, name in enumerate(FIELDS, start=1)])
    rows = rows.withColumn("event_date", f.to_date("event_time"))
    rows.write.partitionBy("event_date").option("compression", "zstd").parquet(str(target))


def _field(number: int, name: str) -> Column:
    text = f.regexp_extract("value", PATTERN, number)
    text = f.when(text.isin("-", ""), None).otherwise(text)
    if name == "event_time":
        return f.to_timestamp(text, "dd/MMM/yyyy:HH:mm:ss Z").alias(name)
    if FIELDS[name] == "boolean":
        return (text == "Yes").alias(name)
    return (text.cast(CASTS[FIELDS[name]]) if FIELDS[name] in CASTS else text).alias(name)
