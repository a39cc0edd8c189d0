"""Generated inventories of large buckets, reused between runs: snapshots in each format, and a lake with two."""

from __future__ import annotations

import gzip
import hashlib
import itertools
import json
import shutil
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import pyarrow.orc as paorc
import pyarrow.parquet as pq

from benchmarks import our_run
from glue_jobs.ingest.snapshots.comparison import SnapshotPair, compare_pairs
from glue_jobs.ingest.snapshots.delivery import snapshot_of
from glue_jobs.lake import Lake
from glue_jobs.progress import SilentReporter
from glue_jobs.sample.files.inventory_files import ENDINGS, file_schema
from glue_jobs.sources.s3_inventory_object.daily_storage import DAILY_STORAGE
from glue_jobs.sources.s3_inventory_object.parser import Snapshot, SnapshotId, read_manifest
from glue_jobs.sources.s3_inventory_object.table import S3_INVENTORY_OBJECT

BUCKET = "example-data"
CONFIG = f"{BUCKET}/daily"
TIME = datetime(2024, 5, 7, 1)
LATEST = datetime(2026, 3, 8, 1)
WEEK_BEFORE = LATEST - timedelta(days=7)
ROWS_PER_FILE = 1_000_000
ACCOUNTS, REPOSITORIES = 40, 8
# The gzip members of one large CSV file; more rows than one data file has, so that no row meets its copy in memory.
MEMBERS = 4

TYPES = {
    "bucket": "VARCHAR",
    "key": "VARCHAR",
    "size": "BIGINT",
    "last_modified_date": "TIMESTAMP",
    "e_tag": "VARCHAR",
    "storage_class": "VARCHAR",
    "is_multipart_uploaded": "BOOLEAN",
    "encryption_status": "VARCHAR",
    "replication_status": "VARCHAR",
}
"""Columns and their types in SQL."""

# A twentieth of the keys has characters that CSV encodes, and every 50th object is a copy of the one before it. In the
# later of two snapshots, every 200th object is rewritten, a hundredth of the keys is added, a thousandth is removed.
OBJECTS = f"""
SELECT '{BUCKET}' AS bucket,
       'account-' || lpad((i * {ACCOUNTS} // $n)::varchar, 3, '0')
           || '/repository-' || lpad((i * {ACCOUNTS * REPOSITORIES} // $n % {REPOSITORIES})::varchar, 2, '0')
           || '/year=2024/part-' || lpad(i::varchar, 10, '0') || if(i % 20 = 0, ' ü', '')
           || ['.parquet', '.nc', '.tif', '.csv.gz', '.json'][i % 5 + 1] AS key,
       i - (i % 50 = 1)::bigint AS content,
       i % 200 = 0 AND $time = TIMESTAMP '{LATEST}' AS again,
       (hash(content) % 1000003 * (hash(content) % 211))::bigint AS size,
       TIMESTAMP '2024-01-01' + INTERVAL (i % 10000000) SECOND + INTERVAL (again::int) DAY AS last_modified_date,
       md5(content::varchar || again::varchar) AS e_tag,
       ['STANDARD', 'STANDARD', 'STANDARD_IA', 'GLACIER'][i % 4 + 1] AS storage_class,
       hash(i) % 2 = 0 AS is_multipart_uploaded, 'SSE-S3' AS encryption_status, 'COMPLETED' AS replication_status
FROM range($first, $last) AS one(i)
WHERE CASE $time WHEN TIMESTAMP '{LATEST}' THEN i >= $n // 1000
                 WHEN TIMESTAMP '{WEEK_BEFORE}' THEN i < $n - $n // 100 ELSE true END
"""


def snapshot(folder: Path, form: str, objects: int, files: int, ordered: bool = True) -> Path:
    """The raw folder of an inventory with this number of objects and files; generated once.

    S3 does not promise an order, but writes files with sorted keys and disjoint ranges: lakeFS (its
    ``ErrInventoryNotSorted``) and DANDI's s3invsync (its ``TreeTrackerError::Unsorted``) refuse anything else.
    """

    def contents() -> Iterator[list[bytes]]:
        rows = _rows(objects, 0, objects, TIME, "i" if ordered else "hash(i)")
        for number in range(files):
            yield [_file(form, rows.slice(objects * number // files, objects // files))]

    return _write(folder / f"{'' if ordered else 'un'}ordered-inventory-{form}-{objects}-{files}", form, contents())


def large_csv(folder: Path, size: int) -> Path:
    """The raw folder of an inventory of one gzipped CSV file of about ``size`` bytes; generated once."""

    def contents() -> Iterator[Iterable[bytes]]:
        # A row has over 20 bytes, so that a small file has each member once.
        count = min(ROWS_PER_FILE, size // (MEMBERS * 20))
        parts = [_rows(count * MEMBERS, count * number, count * (number + 1), TIME) for number in range(MEMBERS)]
        members = [_file("CSV", rows) for rows in parts]
        # A gzip file may have several members.
        yield itertools.chain.from_iterable(itertools.repeat(members, -(-size // sum(map(len, members)))))

    return _write(folder / f"one-inventory-file-of-{size / 1e6:g}-MB-gzip", "CSV", contents())


def two_snapshots(folder: Path, objects: int) -> Path:
    """The raw folder of two Parquet inventories of one bucket, a week apart, of about ``objects`` objects each."""

    def contents(time: datetime) -> Iterator[list[bytes]]:
        for first in range(0, objects, ROWS_PER_FILE):
            yield [_file("Parquet", _rows(objects, first, min(first + ROWS_PER_FILE, objects), time))]

    for time in (WEEK_BEFORE, LATEST):
        raw = _write(folder / f"two-inventories-of-{objects}", "Parquet", contents(time), time)
    return raw


def read_snapshot(raw: Path) -> Snapshot:
    """The only snapshot of a raw folder."""
    (manifest,) = raw.glob(f"{CONFIG}/*/manifest.json")
    return read_manifest(str(manifest), manifest.read_bytes(), manifest.with_name("manifest.checksum").read_bytes())


def data_files(raw: Path) -> list[str]:
    """The data files of all snapshots of a raw folder."""
    return sorted(str(path) for path in (raw / CONFIG / "data").iterdir())


def inventory_lake(folder: Path, objects: int) -> Lake:
    """A lake in ``folder`` with about ``objects`` objects in each of two snapshots; ingested only once."""
    lake = open_lake(str(folder / f"inventory-{objects}"))
    if not lake.has(DAILY_STORAGE):
        our_run.run(two_snapshots(folder, objects), Path(lake.location), pipeline="s3_inventory_object")
    return lake


def open_lake(location: str) -> Lake:
    """The lake in a folder."""
    return Lake(location, "usage_lake")


def changes(location: str) -> list[pa.Table]:
    """The rows of ``daily_change`` that a run derives from the second snapshot."""
    files = files_by_snapshot(open_lake(location))
    return [rows for _, rows in compare_pairs([SnapshotPair(*sorted(files))], files, SilentReporter())]


def files_by_snapshot(lake: Lake) -> dict[SnapshotId, list[str]]:
    """The addresses of each snapshot's data files."""
    files: defaultdict[SnapshotId, list[str]] = defaultdict(list)
    for file in lake.load(S3_INVENTORY_OBJECT).files():
        if snapshot := snapshot_of(file):
            files[snapshot].append(file.address)
    return files


def _rows(objects: int, first: int, last: int, time: datetime, order: str = "i") -> pa.Table:
    query = f"SELECT {', '.join(TYPES)} FROM ({OBJECTS} ORDER BY {order})"
    return duckdb.sql(query, params={"n": objects, "first": first, "last": last, "time": time}).to_arrow_table()


def _file(form: str, rows: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    if form == "ORC":
        paorc.write_table(rows, sink, compression="zlib")
    elif form == "Parquet":
        pq.write_table(rows, sink, compression="snappy", use_dictionary=["bucket", "storage_class"])
    else:
        key = rows["key"]
        for plain, encoded in (("%", "%25"), ("+", "%2B"), ("=", "%3D"), ("ü", "%C3%BC"), (" ", "+")):
            key = pc.replace_substring(key, plain, encoded)
        time = pc.strftime(rows["last_modified_date"].cast(pa.timestamp("s")), "%Y-%m-%dT%H:%M:%SZ")
        columns = {**dict(zip(rows.column_names, rows.columns, strict=True)), "key": key, "last_modified_date": time}
        texts = pa.table({name: column.cast(pa.string()) for name, column in columns.items()})
        pacsv.write_csv(texts, sink, pacsv.WriteOptions(include_header=False, quoting_style="all_valid"))
        return gzip.compress(sink.getvalue(), compresslevel=5)
    return bytes(sink.getvalue())


def _write(raw: Path, form: str, files: Iterable[Iterable[bytes]], time: datetime = TIME) -> Path:
    """Write files, each given in pieces, and their manifest, unless the checksum shows that they are complete."""
    checksum = raw / CONFIG / f"{time:%Y-%m-%dT%H-%MZ}" / "manifest.checksum"
    if not checksum.exists():
        print(f"  making {raw.name}", flush=True)
        shutil.rmtree(checksum.parent, ignore_errors=True)
        checksum.parent.mkdir(parents=True)
        (raw / CONFIG / "data").mkdir(exist_ok=True)
        names = (f"{CONFIG}/data/{time:%Y-%m-%d}-{number:04d}.{ENDINGS[form]}" for number in itertools.count())
        content = {
            "sourceBucket": BUCKET,
            "destinationBucket": "arn:aws:s3:::example-inventories",
            "version": "2016-11-30",
            "creationTimestamp": str(int(time.replace(tzinfo=UTC).timestamp()) * 1000),
            "fileFormat": form,
            "fileSchema": file_schema(form, [name.title().replace("_", "") for name in TYPES]),
            "files": [_listed(raw, name, pieces) for pieces, name in zip(files, names, strict=False)],
        }
        manifest = json.dumps(content).encode()
        checksum.with_name("manifest.json").write_bytes(manifest)
        checksum.write_text(hashlib.md5(manifest, usedforsecurity=False).hexdigest())
    return raw


def _listed(raw: Path, key: str, pieces: Iterable[bytes]) -> dict[str, Any]:
    """Write a file; returns its entry in the manifest."""
    digest = hashlib.md5(usedforsecurity=False)
    with (raw / key).open("wb") as file:
        for piece in pieces:
            file.write(piece)
            digest.update(piece)
        return {"key": key, "size": file.tell(), "MD5checksum": digest.hexdigest()}
