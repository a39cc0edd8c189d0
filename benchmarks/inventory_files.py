"""A large bucket's inventory, made up: one snapshot in each format, kept between runs."""

from __future__ import annotations

import gzip
import hashlib
import itertools
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import pyarrow.orc as paorc
import pyarrow.parquet as pq

from glue_jobs.sources.s3_inventory_object.parser import Snapshot, read_manifest

ENDINGS = {"CSV": "csv.gz", "ORC": "orc", "Parquet": "parquet"}
FIELDS = (
    "Bucket",
    "Key",
    "Size",
    "LastModifiedDate",
    "ETag",
    "StorageClass",
    "IsMultipartUploaded",
    "EncryptionStatus",
)
SCHEMAS = {
    "CSV": ", ".join(FIELDS),
    "ORC": "struct<bucket:string,key:string,size:bigint,last_modified_date:timestamp,e_tag:string,"
    "storage_class:string,is_multipart_uploaded:boolean,encryption_status:string>",
    "Parquet": "message s3.inventory { required binary bucket (UTF8); required binary key (UTF8); optional int64 size;"
    " optional int64 last_modified_date (TIMESTAMP_MILLIS); optional binary e_tag (UTF8);"
    " optional binary storage_class (UTF8); optional boolean is_multipart_uploaded;"
    " optional binary encryption_status (UTF8); }",
}
NAMES = ("bucket", "key", "size", "last_modified_date", "e_tag", "storage_class", "is_multipart_uploaded",
         "encryption_status")  # fmt: skip

# Of one large file; more rows than become one data file, so that none meets its own copy in memory.
PARTS, ROWS_A_PART = 4, 1_000_000

CONFIG = "example-data/daily"
FOLDER = "2024-05-07T01-00Z"


def snapshot(folder: Path, form: str, objects: int, files: int, ordered: bool = True) -> Path:
    """The raw folder of an inventory of so many objects in so many files, made when it is not there yet.

    S3 promises no order of keys, but writes files whose keys are in order and ranges do not overlap: lakeFS (its
    ``ErrInventoryNotSorted``) and DANDI's s3invsync (its ``TreeTrackerError::Unsorted``) read nothing else.
    """
    place = folder / f"{'ordered' if ordered else 'unordered'}-inventory-{form}-{objects}-{files}"
    if not (place / CONFIG / FOLDER / "manifest.checksum").exists():
        print(f"  making {place.name}", flush=True)
        _clear(place)
        parts = [_rows(objects // files, number) for number in range(files)]
        if ordered:
            rows = pa.concat_tables(parts).sort_by("key")
            parts = [rows.slice(len(rows) * number // files, objects // files) for number in range(files)]
        _manifest(place, form, [_file(place, form, part, number) for number, part in enumerate(parts)])
    return place


def large_csv(folder: Path, size: int) -> Path:
    """The raw folder of an inventory of one gzipped CSV file of about ``size`` bytes, made when it is not there yet.

    It is PARTS different parts over and over: gzip allows them one behind the other.
    """
    place = folder / f"one-inventory-file-of-{size / 1e6:g}-MB-gzip"
    if not (place / CONFIG / FOLDER / "manifest.checksum").exists():
        _clear(place)
        rows = min(ROWS_A_PART, size // (PARTS * 50))
        parts = [gzip.compress(_csv(_rows(rows, number)), compresslevel=1) for number in range(PARTS)]
        listed = _repeated(place, parts, size)
        _manifest(place, "CSV", [listed])
    return place


def read_snapshot(raw: Path) -> Snapshot:
    """The snapshot of a raw folder made here."""
    manifest = raw / CONFIG / FOLDER / "manifest.json"
    checksum = manifest.with_name("manifest.checksum")
    return read_manifest(str(manifest), manifest.read_bytes(), checksum.read_bytes())


def data_files(raw: Path) -> list[str]:
    """The files of an inventory."""
    return sorted(str(path) for path in (raw / CONFIG / "data").iterdir())


def _clear(place: Path) -> None:
    shutil.rmtree(place, ignore_errors=True)
    (place / CONFIG / "data").mkdir(parents=True)
    (place / CONFIG / FOLDER).mkdir()


def _repeated(place: Path, parts: list[bytes], size: int) -> dict[str, Any]:
    name = f"0000.{ENDINGS['CSV']}"
    digest, written = hashlib.md5(usedforsecurity=False), 0
    with (place / CONFIG / "data" / name).open("wb") as file:
        for part in itertools.cycle(parts):
            if written >= size:
                break
            file.write(part)
            digest.update(part)
            written += len(part)
    return {"key": f"{CONFIG}/data/{name}", "size": written, "MD5checksum": digest.hexdigest()}


def _file(place: Path, form: str, rows: pa.Table, number: int) -> dict[str, Any]:
    name = f"{number:04d}.{ENDINGS[form]}"
    path = place / CONFIG / "data" / name
    if form == "CSV":
        path.write_bytes(gzip.compress(_csv(rows), compresslevel=5))
    elif form == "ORC":
        paorc.write_table(rows, path, compression="zlib")
    else:
        pq.write_table(rows, path, compression="snappy", use_dictionary=["bucket", "storage_class"])
    content = path.read_bytes()
    digest = hashlib.md5(content, usedforsecurity=False).hexdigest()
    return {"key": f"{CONFIG}/data/{name}", "size": len(content), "MD5checksum": digest}


def _manifest(place: Path, form: str, listed: list[dict[str, Any]]) -> None:
    content = {
        "sourceBucket": "example-data",
        "destinationBucket": "arn:aws:s3:::example-inventories",
        "version": "2016-11-30",
        "creationTimestamp": "1715043600000",
        "fileFormat": form,
        "fileSchema": SCHEMAS[form],
        "files": listed,
    }
    text = json.dumps(content).encode()
    (place / CONFIG / FOLDER / "manifest.json").write_bytes(text)
    digest = hashlib.md5(text, usedforsecurity=False).hexdigest()
    (place / CONFIG / FOLDER / "manifest.checksum").write_text(digest)


def _rows(count: int, seed: int) -> pa.Table:
    random = np.random.default_rng(seed)

    def numbers(most: int, width: int) -> pa.Array:
        return pc.utf8_lpad(pa.array(random.integers(0, most, count)).cast(pa.string()), width, "0")

    # A twentieth of the keys has a character that CSV has to encode.
    odd = pa.array(np.where(random.integers(0, 20, count) == 0, "ü part", "part"))
    key = pc.binary_join_element_wise(
        "account-", numbers(60, 2), "/repository-", numbers(40, 3), "/year=", numbers(25, 4), "/", odd, "-",
        numbers(10**9, 9), ".parquet", "",
    )  # fmt: skip
    digits = np.frombuffer(random.bytes(16 * count).hex().encode(), "S32").astype("U32")
    return pa.table(
        [
            pa.repeat("example-data", count),
            key,
            pa.array(random.integers(0, 2**33, count)),
            pa.array(random.integers(1_500_000_000, 1_714_000_000, count) * 1000).cast(pa.timestamp("ms")),
            pa.array(digits),
            pa.array(random.choice(["STANDARD", "STANDARD", "GLACIER_IR", "INTELLIGENT_TIERING"], count)),
            pa.array(random.integers(0, 2, count) == 1),
            pa.repeat("SSE-S3", count),
        ],
        names=list(NAMES),
    )


def _csv(rows: pa.Table) -> bytes:
    key = rows["key"]
    for plain, encoded in (("%", "%25"), ("+", "%2B"), ("=", "%3D"), ("ü", "%C3%BC"), (" ", "+")):
        key = pc.replace_substring(key, plain, encoded)
    rows = rows.set_column(1, "key", key)
    time = pc.strftime(rows["last_modified_date"], "%Y-%m-%dT%H:%M:%SZ")
    rows = rows.set_column(3, "last_modified_date", time)
    rows = pa.table([column.cast(pa.string()) for column in rows.columns], names=list(NAMES))
    sink = pa.BufferOutputStream()
    pacsv.write_csv(rows, sink, pacsv.WriteOptions(include_header=False, quoting_style="all_valid"))
    return bytes(sink.getvalue())
