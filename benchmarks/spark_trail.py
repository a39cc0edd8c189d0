"""The usual Glue way: Spark reads JSON with a schema, one row per element of Records, partitioned Parquet."""

from __future__ import annotations

from pathlib import Path

from pyspark.sql import SparkSession
from pyspark.sql import functions as f

from benchmarks.trail_shape import SHAPE, Shape, columns


def convert(spark: SparkSession, raw: Path, target: Path) -> None:
    """Turn all CloudTrail files below ``raw`` into Parquet below ``target``, a folder per day."""
    documents = spark.read.schema(f"Records {_type([SHAPE])}").option("recursiveFileLookup", True).json(str(raw))
    events = documents.select(f.explode("Records").alias("event")).where("event.eventSource = 's3.amazonaws.com'")
    rows = events.selectExpr(*columns(0)).withColumn("event_date", f.to_date("event_time"))
    rows.write.partitionBy("event_date").option("compression", "zstd").parquet(str(target))


def _type(shape: Shape) -> str:
    if isinstance(shape, str):
        return shape
    if isinstance(shape, list):
        return f"ARRAY<{_type(shape[0])}>"
    return f"STRUCT<{', '.join(f'{name}: {_type(part)}' for name, part in shape.items())}>"
