"""Inventories for tests, written as S3 writes them in each format, independent of the code that reads them."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote_plus

import pyarrow as pa
import pyarrow.orc as paorc
import pyarrow.parquet as pq

from tests.end_to_end.sources import put

FORMATS = ("CSV", "ORC", "Parquet")
ENDINGS = {"CSV": "csv.gz", "ORC": "orc", "Parquet": "parquet"}

# The API's name of each field, its name in ORC and Parquet, and its type there.
FIELDS: dict[str, tuple[str, pa.DataType]] = {
    "Bucket": ("bucket", pa.string()),
    "Key": ("key", pa.string()),
    "VersionId": ("version_id", pa.string()),
    "IsLatest": ("is_latest", pa.bool_()),
    "IsDeleteMarker": ("is_delete_marker", pa.bool_()),
    "Size": ("size", pa.int64()),
    "LastModifiedDate": ("last_modified_date", pa.timestamp("ms")),
    "ETag": ("e_tag", pa.string()),
    "StorageClass": ("storage_class", pa.string()),
    "IsMultipartUploaded": ("is_multipart_uploaded", pa.bool_()),
    "EncryptionStatus": ("encryption_status", pa.string()),
    "ObjectLockRetainUntilDate": ("object_lock_retain_until_date", pa.timestamp("ms")),
    "Mood": ("mood", pa.string()),
}

CURRENT_FIELDS = ("Bucket", "Key", "Size", "LastModifiedDate", "ETag", "StorageClass")
VERSION_FIELDS = (
    "Bucket",
    "Key",
    "VersionId",
    "IsLatest",
    "IsDeleteMarker",
    "Size",
    "LastModifiedDate",
    "StorageClass",
)

Record = dict[str, Any]


@dataclass(frozen=True)
class Inventory:
    """Snapshots of one configuration below ``address``. Records are dicts with the API's names of fields."""

    address: str
    bucket: str = "example-data"
    config: str = "daily"
    form: str = "CSV"
    fields: tuple[str, ...] = CURRENT_FIELDS
    destination: str = "example-inventories"

    @property
    def folder(self) -> str:
        return f"{self.address}/{self.bucket}/{self.config}"

    def manifest(self, time: datetime) -> str:
        """The address of the manifest of the snapshot at that time."""
        return f"{self.folder}/{time:%Y-%m-%dT%H-%MZ}/manifest.json"

    def deliver(self, time: datetime, *files: Sequence[Record] | bytes, checksum: bool = True) -> str:
        """Write a snapshot with a file for each list of records or given bytes; returns the manifest's address."""
        contents = [file if isinstance(file, bytes) else self.content(file) for file in files]
        return self.deliver_manifest(time, self.promise(time, contents), checksum)

    def promise(self, time: datetime, contents: Sequence[bytes]) -> dict[str, Any]:
        """Write the data files; returns the manifest that lists them."""
        listed = []
        for number, content in enumerate(contents):
            md5 = hashlib.md5(content, usedforsecurity=False).hexdigest()
            name = f"{time:%Y%m%dT%H%M}-{number}-{md5[:8]}.{ENDINGS[self.form]}"
            put(f"{self.folder}/data/{name}", content)
            key = f"inv/{self.bucket}/{self.config}/data/{name}"
            listed.append({"key": key, "size": len(content), "MD5checksum": md5})
        return {
            "sourceBucket": self.bucket,
            "destinationBucket": f"arn:aws:s3:::{self.destination}",
            "version": "2016-11-30",
            "creationTimestamp": f"{time.replace(tzinfo=UTC).timestamp() * 1000:.0f}",
            "fileFormat": self.form,
            "fileSchema": self.schema,
            "files": listed,
        }

    def deliver_manifest(self, time: datetime, manifest: dict[str, Any] | bytes, checksum: bool = True) -> str:
        """Write the manifest, then its checksum; returns the manifest's address."""
        content = manifest if isinstance(manifest, bytes) else json.dumps(manifest).encode()
        address = self.manifest(time)
        put(address, content)
        if checksum:
            digest = hashlib.md5(content, usedforsecurity=False).hexdigest()
            put(address.replace("manifest.json", "manifest.checksum"), digest.encode())
        return address

    @property
    def schema(self) -> str:
        """The manifest's fileSchema."""
        if self.form == "CSV":
            return ", ".join(self.fields)
        names = [FIELDS[name] for name in self.fields]
        if self.form == "ORC":
            return f"struct<{','.join(f'{name}:{_ORC.get(str(kind), kind)}' for name, kind in names)}>"
        columns = (f"  {_PARQUET[str(kind)].format(name)};" for name, kind in names)
        return "message s3.inventory {\n" + "\n".join(columns) + "\n}"

    def content(self, records: Sequence[Record]) -> bytes:
        """The bytes of a data file."""
        if self.form == "CSV":
            return gzip.compress(self.csv(records), mtime=0)
        columns = {FIELDS[name][0]: [record.get(name) for record in records] for name in self.fields}
        types = pa.schema([FIELDS[name] for name in self.fields])
        sink = pa.BufferOutputStream()
        if self.form == "ORC":
            paorc.write_table(pa.table(columns, schema=types), sink, compression="zlib")
        else:
            pq.write_table(pa.table(columns, schema=types), sink, compression="snappy", row_group_size=1000)
        return bytes(sink.getvalue())

    def csv(self, records: Sequence[Record]) -> bytes:
        """The text of a CSV file: no header, all values quoted, keys URL-encoded."""
        text = io.StringIO()
        writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n")
        for record in records:
            values = {**record, "Key": quote_plus(record["Key"], safe="/")}
            writer.writerow([_text(values.get(name)) for name in self.fields])
        return text.getvalue().encode()

    def all_versions(self) -> Inventory:
        """The same configuration for all versions."""
        return replace(self, fields=VERSION_FIELDS)


_ORC = {"int64": "bigint", "bool": "boolean", "timestamp[ms]": "timestamp"}
_PARQUET = {
    "string": "optional binary {} (UTF8)",
    "int64": "optional int64 {}",
    "bool": "optional boolean {}",
    "timestamp[ms]": "optional int64 {} (TIMESTAMP(MILLIS,true))",
}


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%dT%H:%M:%S}.{value.microsecond // 1000:03d}Z"
    return "" if value is None else str(value)


def record(key: str, size: int | None = 1, **more: Any) -> Record:
    """One object of an inventory."""
    defaults = {"Bucket": "example-data", "LastModifiedDate": datetime(2024, 4, 1, 12), "StorageClass": "STANDARD"}
    return {**defaults, "Key": key, "Size": size, **more}


def records(count: int, start: int = 0) -> list[Record]:
    """Objects of two data sets; the size of each is its number."""
    return [
        record(f"ana/{'tides' if n % 2 else 'winds'}/{n:05d} é.csv", n, ETag=f"{n:032x}")
        for n in range(start, start + count)
    ]
