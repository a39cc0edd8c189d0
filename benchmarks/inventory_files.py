"""Inventories of large buckets, generated: snapshots in each format, kept between runs."""

from __future__ import annotations

import gzip
import hashlib
import itertools
import json
import shutil
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
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
TYPES = {
    "bucket": "VARCHAR",
    "key": "VARCHAR",
    "size": "BIGINT",
    "last_modified_date": "TIMESTAMP",
    "e_tag": "VARCHAR",
    "storage_class": "VARCHAR",
    "is_multipart_uploaded": "BOOLEAN",
    "encryption_status": "VARCHAR",
}
"""Columns and their types in SQL."""

# SQL's types in a manifest: of ORC, and of Parquet around the column's name.
MANIFEST_TYPES = {
    "VARCHAR": ("string", "binary {} (UTF8)"),
    "BIGINT": ("bigint", "int64 {}"),
    "TIMESTAMP": ("timestamp", "int64 {} (TIMESTAMP_MILLIS)"),
    "BOOLEAN": ("boolean", "boolean {}"),
}

BUCKET = "example-data"
CONFIG = f"{BUCKET}/daily"
TIME = datetime(2024, 5, 7, 1)

# Of one large file; more rows than become one data file, so that none meets its own copy in memory.
PARTS, ROWS_PER_PART = 4, 1_000_000


def snapshot(folder: Path, form: str, objects: int, files: int, ordered: bool = True) -> Path:
    """The raw folder of an inventory of so many objects in so many files; generated once.

    S3 promises no order of keys, but writes files whose keys are in order and ranges do not overlap: lakeFS (its
    ``ErrInventoryNotSorted``) and DANDI's s3invsync (its ``TreeTrackerError::Unsorted``) read nothing else.
    """
    place = folder / f"{'' if ordered else 'un'}ordered-inventory-{form}-{objects}-{files}"
    if not is_complete(place):
        parts = [_rows(objects // files, number) for number in range(files)]
        if ordered:
            rows = pa.concat_tables(parts).sort_by("key")
            parts = [rows.slice(len(rows) * number // files, objects // files) for number in range(files)]
        write_snapshot(place, form, ([file_bytes(form, part)] for part in parts))
    return place


def large_csv(folder: Path, size: int) -> Path:
    """The raw folder of an inventory of one gzipped CSV file of about ``size`` bytes; generated once.

    It is PARTS different gzip members over and over.
    """
    place = folder / f"one-inventory-file-of-{size / 1e6:g}-MB-gzip"
    if not is_complete(place):
        rows = min(ROWS_PER_PART, size // (PARTS * 50))
        parts = [gzip.compress(_csv(_rows(rows, number)), compresslevel=1) for number in range(PARTS)]
        times = -(-size // sum(map(len, parts)))
        write_snapshot(place, "CSV", [itertools.chain.from_iterable(itertools.repeat(parts, times))])
    return place


def read_snapshot(raw: Path) -> Snapshot:
    """The snapshot of a raw folder that has only one."""
    (manifest,) = raw.glob(f"{CONFIG}/*/manifest.json")
    return read_manifest(str(manifest), manifest.read_bytes(), manifest.with_name("manifest.checksum").read_bytes())


def data_files(raw: Path) -> list[str]:
    """The files of all snapshots of a raw folder."""
    return sorted(str(path) for path in (raw / CONFIG / "data").iterdir())


def is_complete(raw: Path, time: datetime = TIME) -> bool:
    """Whether the raw folder has all of the snapshot: like S3, `write_snapshot` ends with the checksum."""
    return (raw / CONFIG / f"{time:%Y-%m-%dT%H-%MZ}" / "manifest.checksum").exists()


def write_snapshot(
    raw: Path,
    form: str,
    files: Iterable[Iterable[bytes]],
    time: datetime = TIME,
    columns: Sequence[str] = tuple(TYPES),
) -> None:
    """Write files, each given in pieces, and the manifest of a snapshot of that time."""
    print(f"  making {raw.name}", flush=True)
    folder, day = raw / CONFIG / f"{time:%Y-%m-%dT%H-%MZ}", f"{time:%Y-%m-%d}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (raw / CONFIG / "data").mkdir(exist_ok=True)
    names = (f"{CONFIG}/data/{day}-{number:04d}.{ENDINGS[form]}" for number in itertools.count())
    content = {
        "sourceBucket": BUCKET,
        "destinationBucket": "arn:aws:s3:::example-inventories",
        "version": "2016-11-30",
        "creationTimestamp": str(int(time.replace(tzinfo=UTC).timestamp()) * 1000),
        "fileFormat": form,
        "fileSchema": _schema(form, columns),
        "files": [_listed(raw, name, pieces) for pieces, name in zip(files, names, strict=False)],
    }
    manifest = json.dumps(content)
    (folder / "manifest.json").write_text(manifest)
    (folder / "manifest.checksum").write_text(hashlib.md5(manifest.encode(), usedforsecurity=False).hexdigest())


def _schema(form: str, columns: Sequence[str]) -> str:
    if form == "CSV":
        return ", ".join(name.title().replace("_", "") for name in columns)
    types = {name: MANIFEST_TYPES[TYPES.get(name, "VARCHAR")] for name in columns}
    if form == "ORC":
        return f"struct<{','.join(f'{name}:{orc}' for name, (orc, _) in types.items())}>"
    return "message s3.inventory { " + " ".join(f"optional {p.format(name)};" for name, (_, p) in types.items()) + " }"


def _listed(raw: Path, key: str, pieces: Iterable[bytes]) -> dict[str, Any]:
    """Write a file; what the manifest says of it."""
    digest = hashlib.md5(usedforsecurity=False)
    with (raw / key).open("wb") as file:
        for piece in pieces:
            file.write(piece)
            digest.update(piece)
        return {"key": key, "size": file.tell(), "MD5checksum": digest.hexdigest()}


def file_bytes(form: str, rows: pa.Table) -> bytes:
    """The rows as one file of an inventory."""
    if form == "CSV":
        return gzip.compress(_csv(rows), compresslevel=5)
    sink = pa.BufferOutputStream()
    if form == "ORC":
        paorc.write_table(rows, sink, compression="zlib")
    else:
        pq.write_table(rows, sink, compression="snappy", use_dictionary=["bucket", "storage_class"])
    return bytes(sink.getvalue())


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
            pa.repeat(BUCKET, count),
            key,
            pa.array(random.integers(0, 2**33, count)),
            pa.array(random.integers(1_500_000_000, 1_714_000_000, count) * 1000).cast(pa.timestamp("ms")),
            pa.array(digits),
            pa.array(random.choice(["STANDARD", "STANDARD", "GLACIER_IR", "INTELLIGENT_TIERING"], count)),
            pa.array(random.integers(0, 2, count) == 1),
            pa.repeat("SSE-S3", count),
        ],
        names=list(TYPES),
    )


def _csv(rows: pa.Table) -> bytes:
    key = rows["key"]
    for plain, encoded in (("%", "%25"), ("+", "%2B"), ("=", "%3D"), ("ü", "%C3%BC"), (" ", "+")):
        key = pc.replace_substring(key, plain, encoded)
    rows = rows.set_column(1, "key", key)
    time = pc.strftime(rows["last_modified_date"], "%Y-%m-%dT%H:%M:%SZ")
    rows = rows.set_column(3, "last_modified_date", time)
    rows = pa.table([column.cast(pa.string()) for column in rows.columns], names=list(TYPES))
    sink = pa.BufferOutputStream()
    pacsv.write_csv(rows, sink, pacsv.WriteOptions(include_header=False, quoting_style="all_valid"))
    return bytes(sink.getvalue())
