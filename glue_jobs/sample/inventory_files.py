"""Rows of a snapshot as the bytes of a data file, and what its manifest says of the columns.

Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/storage-inventory-location.html
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from functools import lru_cache
from urllib.parse import quote_plus

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.orc as orc
import pyarrow.parquet as pq

from glue_jobs.sample.inventory_configuration import CSV, ORC, PARQUET, Field
from glue_jobs.sample.trail_layout import packed

ENDINGS = {CSV: "csv.gz", ORC: "orc", PARQUET: "parquet"}
PARQUET_TYPES = {
    "string": "binary {} (UTF8)",
    "boolean": "boolean {}",
    "bigint": "int64 {}",
    "timestamp": "int64 {} (TIMESTAMP_MILLIS)",
}
REQUIRED = ("bucket", "key")
QUOTED = pa_csv.WriteOptions(include_header=False, quoting_style="all_valid")


def file_schema(form: str, fields: Sequence[Field]) -> str:
    """``fileSchema`` of a manifest, which every format spells in its own way."""
    if form == CSV:
        return ", ".join(field.name for field in fields)
    if form == ORC:
        return f"struct<{','.join(f'{field.column}:{field.type}' for field in fields)}>"
    columns = (
        f"  {'required' if field.column in REQUIRED else 'optional'} {PARQUET_TYPES[field.type].format(field.column)};"
        for field in fields
    )
    return f"message s3.inventory {{{''.join(columns)}}}"


def data_file(form: str, rows: pa.Table) -> bytes:
    """The rows as one data file of the format."""
    if form == CSV:
        return packed(_csv(rows))
    file = io.BytesIO()
    if form == ORC:
        orc.write_table(rows, file, compression="zlib")
    else:
        needed = [field.with_nullable(field.name not in REQUIRED) for field in rows.schema]
        pq.write_table(rows.cast(pa.schema(needed)), file, compression="snappy")
    return file.getvalue()


def _csv(rows: pa.Table) -> str:
    columns = {name: pc.fill_null(_text(rows[name]), "") for name in rows.column_names}
    keys = map(_encoded, rows["key"].to_pylist())
    columns["key"] = pa.array(keys, pa.string(), size=len(rows))
    file = io.BytesIO()
    pa_csv.write_csv(pa.table(columns), file, QUOTED)
    return file.getvalue().decode()


@lru_cache(maxsize=65_536)
def _encoded(key: str) -> str:
    return quote_plus(key, safe="/")


def _text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    if pa.types.is_timestamp(column.type):
        # The seconds of a column in milliseconds have three decimals.
        return pc.strftime(column, "%Y-%m-%dT%H:%M:%SZ")
    return column.cast(pa.string())
