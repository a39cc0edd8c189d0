"""The sample's inventories: in S3's layouts and formats, with every kind of object, and counted by the truth."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import json
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote, unquote_plus

import pyarrow as pa
import pyarrow.orc as orc
import pyarrow.parquet as pq
import pytest

from glue_jobs.sample import Truth, write_sample
from glue_jobs.sources.s3_inventory_object.table import S3_INVENTORY_OBJECT
from tests.sample.declared import LAST_DAY
from tests.sample.views import views

UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
MANIFEST = re.compile(r"((?:cold/)?([a-z-]+)/([a-z-]+))/(\d{4}-\d\d-\d\dT\d\d-\d\dZ)/manifest\.json")
READ = re.compile(
    rb"^[0-9a-f]{64} (\S+) \[.{26}\] .*? "
    rb'(?:(?:REST|WEBSITE).GET.OBJECT (?=\S+ "[A-Z]+ .*? HTTP/1\.1" (?:200|206|304) )'
    rb"|REST.COPY.(?:OBJECT|PART)_GET (?=\S+ - - - ))(\S+)",
    re.MULTILINE,
)
EXPIRY = re.compile(
    rb"^[0-9a-f]{64} (\S+) \[(.{20}) \+0000\] - AmazonS3 \S+ S3.EXPIRE.OBJECT (\S+) - - - - \d+ ", re.MULTILINE
)
PARQUET_TYPES = {"int64": "int64 {}", "bool": "boolean {}", "string": "binary {} (UTF8)"}
DATE = "int64 {} (TIMESTAMP_MILLIS)"
# The inventory whose rows the one of the whole bucket has too.
REPEATED = "example-maps/openmaps"

SNAPSHOTS = "s3_inventory_object/snapshots"

Row = dict[str, Any]


class Snapshot(NamedTuple):
    """One manifest with the rows of its files, under the names of columns; empty texts of CSV are null."""

    folder: str
    time: datetime
    manifest: dict[str, Any]
    rows: list[Row]

    @property
    def path(self) -> str:
        return f"{self.folder}/{self.time:%Y-%m-%dT%H-%MZ}/manifest.json"

    @property
    def bucket(self) -> str:
        return str(self.manifest["sourceBucket"])

    @property
    def current(self) -> dict[str, Row]:
        kept = [row for row in self.rows if row.get("is_latest", True) and not row.get("is_delete_marker", False)]
        assert len({row["key"] for row in kept}) == len(kept)
        return {row["key"]: row for row in kept}


@pytest.fixture(scope="module")
def raw(folder: Path) -> Path:
    return folder / "raw" / "s3_inventory_object"


@pytest.fixture(scope="module")
def snapshots(raw: Path) -> list[Snapshot]:
    """All of them, of every inventory in the order of their times."""
    return [_snapshot(raw, path) for path in sorted(raw.rglob("manifest.json"))]


@pytest.fixture(scope="module")
def latest(snapshots: list[Snapshot], truth: Truth) -> dict[str, list[Snapshot]]:
    """What the two latest complete snapshots list of every bucket, all inventories of a bucket together."""
    complete = {each["manifest"] for each in truth.rows(SNAPSHOTS) if each["complete"]}
    found = defaultdict(list)
    for each in snapshots:
        if each.path in complete and each.folder != REPEATED:
            found[each.bucket, each.folder].append(each)
    together: dict[str, list[Snapshot]] = {}
    for (bucket, _), parts in found.items():
        before = together.setdefault(bucket, [part._replace(rows=[]) for part in parts[-2:]])
        together[bucket] = [
            part._replace(rows=[*others.rows, *part.rows]) for others, part in zip(before, parts[-2:], strict=True)
        ]
    return together


@pytest.fixture(scope="module")
def kept(latest: dict[str, list[Snapshot]]) -> list[Row]:
    return [row for each in latest.values() for row in each[-1].current.values()]


def test_files_lie_in_the_layout_of_s3(raw: Path, truth: Truth, snapshots: list[Snapshot]) -> None:
    wanted = {row["path"] for row in truth.rows("s3_inventory_object/skipped")}
    known = {row["manifest"]: row for row in truth.rows(SNAPSHOTS)}
    assert set(known) == {each.path for each in snapshots}
    for each in snapshots:
        matched = MANIFEST.fullmatch(each.path)
        assert matched and matched.group(2, 3) == (known[each.path]["source_bucket"], known[each.path]["inventory_id"])
        wanted |= {each.path, *(file["key"] for file in each.manifest["files"])}
        wanted |= {f"{each.folder}/hive/dt={each.time:%Y-%m-%d-%H-%M}/symlink.txt"}
        wanted |= {each.path.replace(".json", ".checksum")} if known[each.path]["complete"] else set()
    assert {path.relative_to(raw).as_posix() for path in raw.rglob("*") if path.is_file()} == wanted


def test_a_manifest_says_where_from_when_and_what(raw: Path, snapshots: list[Snapshot]) -> None:
    for each in snapshots:
        manifest = each.manifest
        assert list(manifest) == [
            *("sourceBucket", "destinationBucket", "version", "creationTimestamp", "fileFormat", "fileSchema", "files")
        ]
        assert manifest["destinationBucket"] == "arn:aws:s3:::example-inventories"
        assert manifest["version"] == "2016-11-30"
        assert manifest["creationTimestamp"] == str(int(each.time.timestamp()) * 1000)
        for file in manifest["files"]:
            assert re.fullmatch(rf"{each.folder}/data/{UUID}\.(csv\.gz|orc|parquet)", file["key"])
            content = (raw / file["key"]).read_bytes()
            assert (file["size"], file["MD5checksum"]) == (len(content), hashlib.md5(content).hexdigest())
        links = (raw / each.folder / f"hive/dt={each.time:%Y-%m-%d-%H-%M}/symlink.txt").read_text()
        assert links.split() == [f"s3://example-inventories/{file['key']}" for file in manifest["files"]]


def test_the_checksum_comes_last_and_is_missing_once(raw: Path, truth: Truth) -> None:
    for each in truth.rows(SNAPSHOTS):
        manifest = raw / each["manifest"]
        checksum = manifest.with_suffix(".checksum")
        assert checksum.exists() == each["complete"]
        if each["complete"]:
            assert checksum.read_text() == hashlib.md5(manifest.read_bytes()).hexdigest()
            assert checksum.stat().st_mtime > manifest.stat().st_mtime > _time(each["snapshot_time"])
    (unfinished,) = (each for each in truth.rows(SNAPSHOTS) if not each["complete"])
    of_inventory = [each for each in truth.rows(SNAPSHOTS) if each["inventory_id"] == unfinished["inventory_id"]]
    assert unfinished["snapshot_time"] == max(each["snapshot_time"] for each in of_inventory)


def test_snapshots_are_of_sundays(truth: Truth) -> None:
    of_inventory = defaultdict(list)
    for each in truth.rows(SNAPSHOTS):
        of_inventory[each["inventory_id"]].append(datetime.fromtimestamp(_time(each["snapshot_time"]), UTC))
    assert {name: len(times) for name, times in of_inventory.items()} == dict.fromkeys(of_inventory, 4)
    for times in of_inventory.values():
        assert {time.weekday() for time in times} == {6}
        assert times[-1].date() == date(2026, 3, 8)
        assert {after - before for before, after in pairwise(times)} == {timedelta(days=7)}


def test_data_files_no_manifest_names_have_rows(raw: Path, truth: Truth, snapshots: list[Snapshot]) -> None:
    named = {file["key"] for each in snapshots for file in each.manifest["files"]}
    strays = {row["path"] for row in truth.rows("s3_inventory_object/skipped")}
    assert len(strays) == 7 and not named & strays
    assert all((raw / stray).stat().st_size > 400 for stray in strays)


def test_the_schema_is_that_of_the_files(raw: Path, snapshots: list[Snapshot]) -> None:
    for each in snapshots:
        form, schema = each.manifest["fileFormat"], each.manifest["fileSchema"]
        for file in each.manifest["files"]:
            assert SCHEMA_OF[form](raw / file["key"], schema) == schema


def test_inventories_differ_in_format_fields_and_number_of_files(snapshots: list[Snapshot]) -> None:
    assert {each.manifest["fileFormat"] for each in snapshots} == {"CSV", "ORC", "Parquet"}
    columns = {each.bucket: set(each.rows[0]) for each in snapshots}
    assert len({frozenset(names) for names in columns.values()}) == 3
    everything = {column.name for column in S3_INVENTORY_OBJECT.columns[:21]}
    assert columns["example-archive"] | columns["example-tides"] == everything
    tides = [each for each in snapshots if each.bucket == "example-tides"]
    assert [set(each.rows[0]) - set(tides[0].rows[0]) for each in tides] == [set(), *[{"checksum_algorithm"}] * 3]
    of_several = {each.folder for each in snapshots if len(each.manifest["files"]) == 3}
    assert of_several == {"example-maps/weekly"}
    assert all(len(each.manifest["files"]) == 1 for each in snapshots if each.folder not in of_several)


def test_a_bucket_is_listed_by_prefixes_and_the_rows_of_another_are_listed_twice(snapshots: list[Snapshot]) -> None:
    keys = defaultdict(lambda: defaultdict(set))
    for each in snapshots:
        keys[f"{each.bucket} {each.time:%d}"][each.folder] |= {row["key"] for row in each.rows}
    of_archive = [parts for name, parts in keys.items() if name.startswith("example-archive")]
    for parts in of_archive:
        firsts = [{re.split("[/ ]", key)[0] for key in part} for part in parts.values()]
        assert sorted(map(tuple, firsts)) == [("harbor-lab",), ("manifest",), ("old",), ("openmaps",)]
    for parts in (parts for name, parts in keys.items() if name.startswith("example-maps")):
        repeated = {key for key in parts["example-maps/weekly"] if key.startswith("openmaps/")}
        assert parts[REPEATED] == repeated < parts["example-maps/weekly"]


def test_what_is_read_is_kept_and_some_is_never_read(folder: Path, kept: list[Row], snapshots: list[Snapshot]) -> None:
    viewed = (view for view in views(folder).values() if view["sc-status"] != "403")
    viewed_keys = {("example-maps", unquote(unquote(view["cs-uri-stem"][1:]))) for view in viewed}
    asked_of_s3 = _read(folder / "raw" / "s3_access_log")
    read = asked_of_s3 | viewed_keys
    assert viewed_keys > viewed_keys & asked_of_s3, "the cache had all of some objects"
    for each in (each for each in snapshots if each.folder != REPEATED):
        keys = {key for bucket, key in read if bucket == each.bucket and "/incoming/" not in key}
        assert keys <= set(each.current)
    assert 0 < sum((row["bucket"], row["key"]) not in read for row in kept) < len(kept)


def test_what_is_written_is_kept(folder: Path, latest: dict[str, list[Snapshot]]) -> None:
    written = {}
    for event in _events(folder / "raw" / "cloudtrail_s3_event"):
        if event.get("eventName") in ("PutObject", "CompleteMultipartUpload") and event["userIdentity"].get("arn"):
            parameters = event["requestParameters"]
            written[parameters["bucketName"], parameters["key"], event["eventTime"]] = event
    dated = {(bucket, row["key"], _stamp(row)) for bucket, each in latest.items() for row in each[-1].rows}
    found = Counter(bucket for bucket, _, _ in set(written) & dated)
    assert set(found) == {"example-tides", "example-maps"}
    before = f"{latest['example-tides'][-1].time:%Y-%m-%dT%H:%M:%SZ}"
    of_tides = [each for each in written if each[0] == "example-tides" and each[2] < before]
    assert len(set(of_tides) & dated) > 0.8 * len(of_tides)


def test_what_is_deleted_is_gone_or_has_a_delete_marker(folder: Path, latest: dict[str, list[Snapshot]]) -> None:
    changes = ("PutObject", "CompleteMultipartUpload", "CopyObject", "DeleteObject")
    of_key = defaultdict(list)
    for event in _events(folder / "raw" / "cloudtrail_s3_event"):
        if event["eventName"] in changes:
            bucket = event["requestParameters"]["bucketName"]
            if bucket.startswith("mirror-"):
                continue
            # To the minute: what follows within a minute has no order here.
            if event["eventTime"][:16] < f"{latest[bucket][-1].time:%Y-%m-%dT%H:%M}":
                of_key[bucket, event["requestParameters"]["key"]].append((event["eventTime"], event["eventName"]))
    gone = [name for name, found in of_key.items() if max(found)[1] == "DeleteObject"]
    assert Counter(bucket for bucket, _ in gone).keys() == {"example-tides", "example-maps"}
    for bucket, key in gone:
        assert key not in latest[bucket][-1].current
    markers = {row["key"] for row in latest["example-tides"][-1].rows if row["is_delete_marker"] and row["is_latest"]}
    assert {key for bucket, key in gone if bucket == "example-tides"} <= markers


def test_expiry_ends_objects_without_versions_and_noncurrent_versions_with_them(
    folder: Path, latest: dict[str, list[Snapshot]]
) -> None:
    expired = defaultdict(list)
    logs = (path.read_bytes() + b"\n" for path in (folder / "raw" / "s3_access_log").rglob("*") if path.is_file())
    for bucket, time, key in EXPIRY.findall(b"".join(logs)):
        moment = datetime.strptime(time.decode(), "%d/%b/%Y:%H:%M:%S")
        if moment < latest[bucket.decode()][-1].time.replace(tzinfo=None):
            expired[bucket.decode()].append((unquote_plus(key.decode()), moment))
    maps = latest["example-maps"][-1].current
    written = [maps[key]["last_modified_date"] > moment for key, moment in expired["example-maps"] if key in maps]
    assert all(written) and len(written) < len(expired["example-maps"])
    rows = defaultdict(list)
    for row in latest["example-tides"][-1].rows:
        rows[row["key"]].append((row["last_modified_date"], row["is_latest"]))
    current = noncurrent = 0
    for key, moment in expired["example-tides"]:
        versions = sorted(rows[key])
        current += bool(versions) and versions[-1] < (moment, True)
        noncurrent += sum(after <= moment for _, (after, _) in pairwise(versions))
    assert current > 0 and noncurrent == 0


@pytest.mark.parametrize(
    ("kind", "fits"),
    [
        ("directly below an account", lambda row: re.fullmatch(r"[^/]+/[^/]+", row["key"])),
        ("no slash", lambda row: "/" not in row["key"]),
        ("empty second part", lambda row: re.match(r"[^/]+//", row["key"])),
        ("a folder's own key", lambda row: row["key"].endswith("/") and row["size"] == 0),
        *((f"{letter!r} in the key", lambda row, letter=letter: letter in row["key"]) for letter in " +%\"',&=\n水ï🐋"),
        ("comma and quote in the data set", lambda row: row["key"].split("/")[1:2] == ['"North", & South']),
        ("null version", lambda row: row.get("version_id", "-") is None and not row["is_latest"]),
        ("null version, still current", lambda row: row.get("version_id", "-") is None and row["is_latest"]),
        ("delete marker", lambda row: row.get("is_delete_marker") and row["is_latest"]),
        ("delete marker of old", lambda row: row.get("is_delete_marker") and not row["is_latest"]),
        ("multipart", lambda row: row.get("is_multipart_uploaded") and row["e_tag"].endswith("-5")),
        ("moved", lambda row: row["storage_class"] == "STANDARD_IA" and "/incoming/" in row["key"]),
        ("not encrypted", lambda row: row["encryption_status"] == "NOT-SSE"),
        ("bucket key", lambda row: row.get("bucket_key_status") == "ENABLED" and row["encryption_status"] == "SSE-KMS"),
        *(
            (status, lambda row, status=status: row.get("replication_status") == status)
            for status in ("FAILED", "REPLICA", "COMPLETED")
        ),
        (
            "tier",
            lambda row: row.get("intelligent_tiering_access_tier") and row["storage_class"] == "INTELLIGENT_TIERING",
        ),
        ("locked", lambda row: row.get("object_lock_mode") == "Governance" and row["object_lock_retain_until_date"]),
        ("legal hold", lambda row: row.get("object_lock_legal_hold_status") == "On"),
        ("will expire", lambda row: row.get("lifecycle_expiration_date")),
        ("owner", lambda row: re.fullmatch("[0-9a-f]{64}", row.get("object_owner", ""))),
    ],
)
def test_every_promised_kind_of_object_occurs(
    latest: dict[str, list[Snapshot]], kind: str, fits: Callable[[Row], object]
) -> None:
    assert any(fits(row) for each in latest.values() for row in each[-1].rows), kind


def test_delete_markers_have_nothing_but_a_date(snapshots: list[Snapshot]) -> None:
    named = {"bucket", "key", "version_id", "is_latest", "is_delete_marker", "last_modified_date"}
    markers = [row for each in snapshots for row in each.rows if row.get("is_delete_marker")]
    assert {name for row in markers for name, value in row.items() if value is not None} == named


def test_one_version_of_every_key_is_the_latest(snapshots: list[Snapshot]) -> None:
    for each in snapshots:
        versions = defaultdict(list)
        for row in each.rows:
            versions[row["key"]].append((row["last_modified_date"], row.get("is_latest", True)))
        assert all([latest for _, latest in sorted(found)].index(True) == len(found) - 1 for found in versions.values())


def test_content_is_kept_twice_in_one_bucket_and_in_two(kept: list[Row]) -> None:
    buckets = defaultdict(list)
    for row in kept:
        if row["size"]:
            buckets[row["e_tag"], row["size"]].append(row["bucket"])
    twice = {tuple(sorted(found)) for found in buckets.values() if len(found) > 1}
    assert {("example-archive", "example-tides"), ("example-tides", "example-tides")} <= twice


def test_classes_and_ages_are_many_and_some_rows_tie(truth: Truth, kept: list[Row]) -> None:
    assert len({row["storage_class"] for row in kept}) >= 8
    dates = sorted(row["last_modified_date"] for row in kept)
    assert dates[-1] - dates[0] > timedelta(days=4 * 365)
    sizes = [row["storage_gb"] for row in truth.rows("s3_inventory_object/accounts")]
    assert max(Counter(size for size in sizes if size).values()) >= 3


def test_rows_are_in_no_order(snapshots: list[Snapshot]) -> None:
    keys = [row["key"] for row in snapshots[-1].rows]
    assert keys != sorted(keys)


def test_more_is_kept_at_a_larger_scale_and_a_day_has_snapshots_too(truth: Truth, tmp_path: Path) -> None:
    small = write_sample(tmp_path, last_day=LAST_DAY, days=1, scale=0.01)
    per_snapshot = [
        each.row("s3_inventory_object/ledger")["records"] / len(each.rows(SNAPSHOTS)) for each in (small, truth)
    ]
    assert per_snapshot[1] > 1.5 * per_snapshot[0]
    assert len(small.rows(SNAPSHOTS)) == 21
    growth = small.rows("s3_inventory_object/growth")
    assert all(row[f"{change}_objects"] for row in growth for change in ("added", "removed", "rewritten"))


def _snapshot(raw: Path, path: Path) -> Snapshot:
    manifest = json.loads(path.read_text())
    matched = MANIFEST.fullmatch(path.relative_to(raw).as_posix())
    assert matched
    time = datetime.strptime(matched[4], "%Y-%m-%dT%H-%MZ").replace(tzinfo=UTC)
    read = {"CSV": _csv_rows, "ORC": _orc_rows, "Parquet": _parquet_rows}[manifest["fileFormat"]]
    files = [raw / file["key"] for file in manifest["files"]]
    return Snapshot(matched[1], time, manifest, [row for file in files for row in read(file, manifest["fileSchema"])])


def _csv_rows(path: Path, schema: str) -> Iterator[Row]:
    names = [_column(name) for name in schema.split(", ")]
    text = gzip.decompress(path.read_bytes()).decode("ascii")
    assert text.startswith('"') and text.endswith('"\n') and not re.search(r"(^|,)[^\",]", text)
    for values in csv.reader(io.StringIO(text)):
        row: Row = {name: value or None for name, value in zip(names, values, strict=True)}
        for name in {"is_latest", "is_delete_marker", "is_multipart_uploaded"} & row.keys():
            row[name] = {"true": True, "false": False, None: None}[row[name]]
        row["key"] = unquote_plus(row["key"])
        row["size"] = None if row["size"] is None else int(row["size"])
        row["last_modified_date"] = datetime.strptime(row["last_modified_date"], "%Y-%m-%dT%H:%M:%S.000Z")
        yield row


def _orc_rows(path: Path, _: str) -> list[Row]:
    found: list[Row] = orc.ORCFile(path).read().to_pylist()
    return found


def _parquet_rows(path: Path, _: str) -> list[Row]:
    found: list[Row] = pq.read_table(path).to_pylist()
    return found


def _column(name: str) -> str:
    return {"ETag": "e_tag"}.get(name) or re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def _csv_schema(path: Path, schema: str) -> str:
    lengths = {len(row) for row in csv.reader(io.StringIO(gzip.decompress(path.read_bytes()).decode()))}
    return schema if lengths == {len(schema.split(", "))} else f"{lengths}"


def _orc_schema(path: Path, _: str) -> str:
    file = orc.ORCFile(path)
    assert file.compression == "ZLIB"
    names = {"int64": "bigint", "bool": "boolean", "timestamp[ns]": "timestamp"}
    return f"struct<{','.join(f'{each.name}:{names.get(str(each.type), str(each.type))}' for each in file.schema)}>"


def _parquet_schema(path: Path, _: str) -> str:
    file = pq.ParquetFile(path)
    assert {file.metadata.row_group(0).column(place).compression for place in range(2)} == {"SNAPPY"}
    columns = [
        f"  {'optional' if each.nullable else 'required'} {_parquet_type(each.type).format(each.name)};"
        for each in file.schema_arrow
    ]
    return f"message s3.inventory {{{''.join(columns)}}}"


def _parquet_type(kind: pa.DataType) -> str:
    return DATE if kind == pa.timestamp("ms") else PARQUET_TYPES[str(kind)]


SCHEMA_OF = {"CSV": _csv_schema, "ORC": _orc_schema, "Parquet": _parquet_schema}


def _time(text: str) -> float:
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC).timestamp()


def _stamp(row: Row) -> str:
    return f"{row['last_modified_date']:%Y-%m-%dT%H:%M:%SZ}"


def _read(folder: Path) -> set[tuple[str, str]]:
    logs = b"".join(path.read_bytes() + b"\n" for path in folder.rglob("*") if path.is_file())
    return {(match[1].decode(), unquote(unquote(match[2].decode()))) for match in READ.finditer(logs)}


def _events(folder: Path) -> Iterator[dict[str, Any]]:
    for path in folder.rglob("*_CloudTrail_*.gz"):
        try:
            records = json.loads(gzip.decompress(path.read_bytes()))["Records"]
        except EOFError:
            continue
        yield from (record for record in records if isinstance(record, dict) and record.get("userIdentity"))
