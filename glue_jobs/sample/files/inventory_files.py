"""Write snapshots as files: data in CSV, ORC or Parquet, a manifest and, last of all, its checksum.

Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/storage-inventory-location.html
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.orc as orc
import pyarrow.parquet as pq

from glue_jobs.sample.database import Database
from glue_jobs.sample.files.cloudtrail_files import packed
from glue_jobs.sample.scenario.delivery import put
from glue_jobs.sample.scenario.publisher import BUCKETS
from glue_jobs.sample.scenario.stored.inventories import INVENTORIES, Inventory

DESTINATION = "example-inventories"
"""Bucket that S3 delivers the inventories to."""
REQUIRED = ("bucket", "key")
ORC_TYPES = {"Size": "bigint", **dict.fromkeys(("IsLatest", "IsDeleteMarker", "IsMultipartUploaded"), "boolean")}
ORC_TYPES |= dict.fromkeys(("LastModifiedDate", "ObjectLockRetainUntilDate", "LifecycleExpirationDate"), "timestamp")
PARQUET_TYPES = {
    "string": "binary {} (UTF8)",
    "boolean": "boolean {}",
    "bigint": "int64 {}",
    "timestamp": "int64 {} (TIMESTAMP_MILLIS)",
}
ENDINGS = {"CSV": "csv.gz", "ORC": "orc", "Parquet": "parquet"}
QUOTED = pa_csv.WriteOptions(include_header=False, quoting_style="all_valid")
# Seconds from the beginning of a snapshot until S3 has written its data, manifest and checksum.
DATA_AFTER, MANIFEST_AFTER, CHECKSUM_AFTER = 14_000, 15_000, 15_002


ROWS = """
SELECT bucket_name AS bucket, version.* EXCLUDE bucket REPLACE (
    CASE ? WHEN 'CSV' THEN replace(replace(url_encode(key), '%20', '+'), '%2F', '/') ELSE key END AS key)
    , is_latest, storage_class
FROM listed JOIN version ON version.number = listed.version JOIN buckets USING (bucket)
WHERE snapshot = ? ORDER BY chance('row', snapshot + 1000 * version.number), version.number
"""


def write_inventories(database: Database, folder: Path, seed: int) -> None:
    """Write all snapshots below the folder, and for each inventory a data file that no manifest lists."""
    for snapshot in database.sql("FROM snapshot ORDER BY snapshot").to_arrow_table().to_pylist():
        inventory, begun = INVENTORIES[snapshot["inventory"]], snapshot["begun"]
        rows = database.sql(ROWS, params=[inventory.format, snapshot["snapshot"]]).to_arrow_table()
        rows = rows.select([_column(name) for name in snapshot["fields"]])
        each = -(-len(rows) // inventory.files)
        files = []
        for start in range(0, len(rows), each):
            content = _data(inventory.format, rows.slice(start, each))
            key = _data_path(inventory, f"{seed} {snapshot['number']} {start}")
            put(folder / key, content, begun + DATA_AFTER)
            files.append({"key": key, "size": len(content), "MD5checksum": _md5(content)})
        if snapshot["number"] == 0:
            put(folder / stray_path(inventory, seed), _data(inventory.format, rows), begun)
        _write_manifest(folder, inventory, snapshot, files)


def stray_path(inventory: Inventory, seed: int) -> str:
    """Path of the inventory's data file that no manifest lists."""
    return _data_path(inventory, f"{seed} stray")


def _data_path(inventory: Inventory, name: str) -> str:
    unique = uuid.UUID(hex=_md5(f"{inventory.id} {name}".encode()), version=4)
    return f"{inventory.folder}data/{unique}.{ENDINGS[inventory.format]}"


def _write_manifest(folder: Path, inventory: Inventory, snapshot: dict[str, Any], files: list[dict[str, Any]]) -> None:
    begun, day = snapshot["begun"], datetime.fromtimestamp(snapshot["begun"], UTC)
    manifest = {
        "sourceBucket": BUCKETS[inventory.bucket].name,
        "destinationBucket": f"arn:aws:s3:::{DESTINATION}",
        "version": "2016-11-30",
        "creationTimestamp": str(begun * 1_000),
        "fileFormat": inventory.format,
        "fileSchema": file_schema(inventory.format, snapshot["fields"]),
        "files": files,
    }
    content = json.dumps(manifest, indent=2).encode()
    links = "".join(f"s3://{DESTINATION}/{file['key']}\n" for file in files)
    put(folder / inventory.folder / f"hive/dt={day:%Y-%m-%d-%H-%M}/symlink.txt", links.encode(), begun + MANIFEST_AFTER)
    path = folder / snapshot["manifest"]
    put(path, content, begun + MANIFEST_AFTER)
    if snapshot["complete"]:
        put(path.with_suffix(".checksum"), _md5(content).encode(), begun + CHECKSUM_AFTER)


def _data(form: str, rows: pa.Table) -> bytes:
    """The rows as a data file of the format."""
    file = io.BytesIO()
    if form == "CSV":
        columns = {name: pc.fill_null(_text(rows[name]), "") for name in rows.column_names}
        pa_csv.write_csv(pa.table(columns), file, QUOTED)
        return packed(file.getvalue())
    if form == "ORC":
        orc.write_table(rows, file, compression="zlib")
    else:
        schema = pa.schema([field.with_nullable(field.name not in REQUIRED) for field in rows.schema])
        pq.write_table(rows.cast(schema), file, compression="snappy")
    return file.getvalue()


def file_schema(form: str, fields: list[str]) -> str:
    """``fileSchema`` of a manifest; its syntax depends on the format."""
    if form == "CSV":
        return ", ".join(fields)
    columns = [(_column(name), ORC_TYPES.get(name, "string")) for name in fields]
    if form == "ORC":
        return f"struct<{','.join(f'{name}:{kind}' for name, kind in columns)}>"
    texts = [
        f"  {'required' if name in REQUIRED else 'optional'} {PARQUET_TYPES[kind].format(name)};"
        for name, kind in columns
    ]
    return f"message s3.inventory {{{''.join(texts)}}}"


def _column(field: str) -> str:
    """Name of the field's column in ORC and Parquet files."""
    return re.sub("(?<!^)(?=[A-Z])", "_", field).lower()


def _text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    if pa.types.is_timestamp(column.type):
        # A cast of a millisecond column would write the seconds with three decimals.
        return pc.strftime(column, "%Y-%m-%dT%H:%M:%SZ")
    return column.cast(pa.string())


def _md5(content: bytes) -> str:
    return hashlib.md5(content, usedforsecurity=False).hexdigest()
