"""DuckDB as a way to a lake, not only a conversion: the work of our run as far as SQL can express it.

Besides the fields of a line, rows have the decoded key, robots, the day and the raw object. Unreadable lines are
written separately, repeated records dropped, the rows of a day sorted, and the files committed to Iceberg. Anything
without short SQL is left out: places and networks, data sets, rare forms of lines that one expression cannot parse,
duplicates of records from earlier runs, and recovery of killed runs.
"""

from __future__ import annotations

from pathlib import Path

import crawleruseragents
import duckdb
import pyarrow.parquet as pq
from pyiceberg.catalog import load_catalog

from benchmarks.access_log_engines import duckdb_rows
from benchmarks.engines import CORES
from glue_jobs.sources.s3_access_log.table import S3_ACCESS_LOG

DAY_FOLDERS = "FORMAT parquet, COMPRESSION zstd, PARTITION_BY (event_date), WRITE_PARTITION_COLUMNS true"


def ingest(raw: Path, lake: Path) -> None:
    """Turn all access logs below ``raw`` into an Iceberg table below ``lake``, and the rejected lines into a file."""
    data = lake / "data"
    data.mkdir(parents=True)
    with duckdb.connect(config={"threads": CORES, "preserve_insertion_order": False}) as connection:
        connection.execute("SET enable_progress_bar = false")
        # Only rejected lines are kept as text.
        records = duckdb_rows(raw, "filename AS source_object", "if(event_time IS NULL, line, NULL) AS line")
        connection.execute(f"CREATE TEMP TABLE record AS {records}")
        agents = connection.execute("SELECT DISTINCT user_agent FROM record WHERE user_agent IS NOT NULL").fetchall()
        robots = [agent for (agent,) in agents if crawleruseragents.is_crawler(agent)]
        connection.execute("CREATE TEMP TABLE robot AS SELECT unnest(?) AS user_agent", [robots])
        connection.execute(f"COPY ({_rows()}) TO '{data}' ({DAY_FOLDERS})")
        connection.execute(
            f"COPY (SELECT source_object, line FROM record WHERE event_time IS NULL AND trim(line) <> '')"
            f" TO '{lake}/rejected.parquet' (COMPRESSION zstd)"
        )
    _commit(sorted(data.rglob("*.parquet")), lake)


def _rows() -> str:
    day = "event_time::DATE AS event_date, strftime(event_time, '%Y') AS year, strftime(event_time, '%m') AS month"
    return f"""
        SELECT DISTINCT ON ({", ".join(S3_ACCESS_LOG.identity)}) * EXCLUDE (line, key), key AS key_raw,
            url_decode(url_decode(key)) AS key, user_agent IN (FROM robot) AS is_robot,
            {day}, strftime(event_time, '%d') AS day
        FROM record WHERE event_time IS NOT NULL
        ORDER BY event_date, {", ".join(S3_ACCESS_LOG.sort)}
    """


def _commit(paths: list[Path], lake: Path) -> None:
    catalog = load_catalog("lake", type="sql", uri=f"sqlite:///{lake}/catalog.db", warehouse=str(lake))
    catalog.create_namespace("usage_lake")
    table = catalog.create_table("usage_lake.s3_access_log", pq.read_schema(paths[0]))
    with table.update_spec() as spec:
        spec.add_identity("event_date")
    table.add_files([str(path) for path in paths])
