"""Access logs in the other engines: one regular expression per line with one group per field, then casts.

The expression is like the one AWS documents for Athena, with all 27 fields. It is the same in Java, RE2 and Python.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-s3-access-logs-to-identify-requests.html
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.engines import clickhouse_copy, duckdb_copy, spark_session, spark_write
from glue_jobs.sources.s3_access_log.table import S3_ACCESS_LOG

if TYPE_CHECKING:
    from pyspark.sql import Column

# The first 27 columns of the table are the fields of a line; the others are derived, or for future fields.
FIELDS = {column.name: column.type for column in S3_ACCESS_LOG.columns[:27]}

_QUOTED = {"request_uri", "referer", "user_agent"}

# The fields that S3 has appended over the years; older lines end before them.
_APPENDED = ("host_id", "access_point_arn", "acl_required", "source_region")

_CLICKHOUSE_TYPES = {"int": "Int32", "bigint": "Int64"}


def _group(name: str) -> str:
    if name == "event_time":
        return r"\[([^\]]*)\]"
    # S3 writes its own fields in ASCII; RE2 (DuckDB, ClickHouse) matches this a sixth faster than ``[^ ]*``.
    return r'(?:"([^"]*)"|-)' if name in _QUOTED else "([!-~]*)"


def _pattern() -> str:
    parts = ["(?: " + _group(name) if name in _APPENDED else " " + _group(name) for name in FIELDS]
    return "^" + "".join(parts).lstrip() + "(?: .*)?" + ")?" * len(_APPENDED) + "$"


PATTERN = _pattern()
"""One group per field, in order; an empty field is ``-``, or an empty group if the field is normally quoted."""


def spark(files: Sequence[Path], target: Path) -> None:
    """Turn access logs into Parquet with one ``regexp_extract`` per field, as samples for Glue do."""
    from pyspark.sql import functions as f

    lines = spark_session().read.text([str(path) for path in files])
    texts = lines.select(
        [f.regexp_extract("value", PATTERN, number).alias(name) for number, name in enumerate(FIELDS, 1)]
    )
    # A second step, because in one expression Spark would match a field again for each reference to its text.
    rows = texts.select([_spark_column(name) for name in FIELDS])
    spark_write(rows.withColumn("event_date", f.to_date("event_time")), target, "event_date")


def _spark_column(name: str) -> Column:
    from pyspark.sql import functions as f

    text = f.when(~f.col(name).isin("-", ""), f.col(name))
    if name == "event_time":
        return f.to_timestamp(text, "dd/MMM/yyyy:HH:mm:ss Z").alias(name)
    if FIELDS[name] == "boolean":
        return (text == "Yes").alias(name)
    return text.cast(FIELDS[name]).alias(name)


def duckdb(raw: Path, target: Path) -> None:
    """Turn all access logs below ``raw`` into Parquet: whole lines, one ``regexp_extract`` with a group per field."""
    duckdb_copy(f"SELECT *, event_time::DATE AS event_date FROM ({duckdb_rows(raw)})", target, "event_date")


def duckdb_rows(raw: Path, *more: str) -> str:
    """The SELECT of the fields of all lines below ``raw``; ``more`` are expressions of ``line`` and ``filename``."""
    names = ", ".join(f"'{name}'" for name in FIELDS)
    columns = ", ".join([*map(_duckdb_column, FIELDS), *more])
    # Whole lines: a delimiter that never occurs and no quotes. The default buffer of 32 MB a file takes longer for
    # files of a megabyte. ``read_text`` with ``string_split`` refuses a whole file for one byte that is not UTF-8.
    return f"""
        SELECT {columns}
        FROM (SELECT *, regexp_extract(line, '{PATTERN}', [{names}]) AS field
              FROM read_csv('{raw}/**', columns = {{'line': 'VARCHAR'}}, auto_detect = false, header = false,
                            delim = '\x01', quote = '', escape = '', buffer_size = 8000000, ignore_errors = true,
                            filename = {bool(more)}))
    """


def _duckdb_column(name: str) -> str:
    """The SQL expression for a column from its group in ``field``."""
    text = f"nullif(nullif(field.{name}, '-'), '')"
    if name == "event_time":
        return f"strptime({text}, '%d/%b/%Y:%H:%M:%S +0000') AS {name}"
    if FIELDS[name] == "boolean":
        return f"{text} = 'Yes' AS {name}"
    return f"{text}{'' if FIELDS[name] == 'string' else f'::{FIELDS[name]}'} AS {name}"


def clickhouse(raw: Path, target: Path) -> None:
    """Turn all access logs below ``raw`` into Parquet with the input format ``Regexp``."""
    structure = ", ".join(f"{name}_ String" for name in FIELDS)
    columns = ",\n".join(_clickhouse_column(name) for name in FIELDS)
    select = f"""
        SELECT *, toDate(event_time) AS event_date
        FROM (SELECT {columns} FROM file('{raw}/**', 'Regexp', '{structure}'))
    """
    pattern = PATTERN.replace("\\", "\\\\")
    settings = f"format_regexp = '{pattern}', format_regexp_escaping_rule = 'Raw', format_regexp_skip_unmatched = 1"
    clickhouse_copy(select, target, settings)


def _clickhouse_column(name: str) -> str:
    text = f"{name}_"
    if name == "event_time":
        return f"parseDateTimeOrNull({text}, '%d/%b/%Y:%H:%i:%S +0000', 'UTC') AS {name}"
    if FIELDS[name] == "boolean":
        return f"{text} = 'Yes' AS {name}"
    if FIELDS[name] == "string":
        return f"if({text} IN ('-', ''), NULL, {text}) AS {name}"
    return f"to{_CLICKHOUSE_TYPES[FIELDS[name]]}OrNull({text}) AS {name}"
