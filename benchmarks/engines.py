"""Spark, DuckDB and ClickHouse in common use: all cores, rows into zstd Parquet, partition by partition."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from glue_jobs.workers.java import use_java_17

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

CORES = os.cpu_count() or 1


def spark_session() -> SparkSession:
    """This process's session, set up with memory and a compiler for long work; that of the jobs is for short work."""
    # Imported late, because DuckDB's process must not spend time on it.
    from pyspark.sql import SparkSession

    use_java_17()
    os.environ["PYSPARK_PYTHON"] = sys.executable
    os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"
    return (
        SparkSession.builder.master("local[*]")
        .config("spark.driver.memory", "4g")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.ui.enabled", "false")
        .config("spark.ui.showConsoleProgress", "false")
        .getOrCreate()
    )


def spark_write(rows: DataFrame, target: Path, *partitions: str) -> None:
    """Write the rows below ``target``."""
    rows.write.partitionBy(*partitions).option("compression", "zstd").parquet(str(target))


def duckdb_copy(select: str, target: Path, *partitions: str, parameters: Sequence[object] = ()) -> None:
    """Write the result of the query below ``target``."""
    with duckdb.connect(config={"threads": CORES, "preserve_insertion_order": False}) as connection:
        how = f"FORMAT parquet, COMPRESSION zstd, PARTITION_BY ({', '.join(partitions)})"
        connection.execute("SET enable_progress_bar = false")
        connection.execute(f"COPY ({select}) TO '{target}' ({how})", list(parameters))


def clickhouse_copy(select: str, target: Path, settings: str) -> None:
    """Write the result of the query into ``target``, a file per ``event_date``; needs the package ``chdb``."""
    # An optional package without types.
    chdb: Any = import_module("chdb")
    target.mkdir(parents=True)
    chdb.query(f"""
        INSERT INTO FUNCTION file('{target}/{{_partition_id}}.parquet', 'Parquet')
        PARTITION BY toString(assumeNotNull(event_date))
        {select}
        SETTINGS {settings}, output_format_parquet_compression_method = 'zstd', max_threads = {CORES},
                 max_partitions_per_insert_block = 0
    """)
