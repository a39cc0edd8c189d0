"""The usual Glue way: Spark reads ORC or Parquet inventories and writes partitioned Parquet."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pyspark.sql import SparkSession
from pyspark.sql import functions as f


def convert(spark: SparkSession, form: str, files: Sequence[str], target: Path) -> None:
    """Turn inventory files into Parquet below ``target``, in the folders of the table's partitions."""
    rows = spark.read.format(form.lower()).load(list(files))
    rows = rows.withColumn("source_bucket", f.col("bucket")).withColumn("snapshot_date", f.lit("2024-05-07"))
    rows.write.partitionBy("source_bucket", "snapshot_date").option("compression", "zstd").parquet(str(target))
