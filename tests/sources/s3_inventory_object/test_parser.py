"""Manifests and data files of inventories: every format, any fields, and invalid ones."""

from __future__ import annotations

import gzip
import hashlib
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus, unquote_plus

import pyarrow as pa
import pyarrow.orc as paorc
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from glue_jobs.sources.s3_inventory_object.parser import (
    InvalidSnapshotError,
    InventoryFile,
    columnar,
    files,
    find_file,
    read_file,
    read_manifest,
)
from glue_jobs.sources.s3_inventory_object.parser.csv_rows import parse_block
from glue_jobs.sources.s3_inventory_object.parser.fields import COLUMNS, field_names
from glue_jobs.sources.s3_inventory_object.parser.keys import decode_keys
from glue_jobs.sources.s3_inventory_object.parser.rows import build_rows
from glue_jobs.storage import storage_for
from tests.inventories import CURRENT_FIELDS, FIELDS, FORMATS, VERSION_FIELDS, Inventory, Record, put, record

TIME = datetime(2024, 5, 7, 1, 30)

ALL_FIELDS = (*FIELDS,)


def read(form: str, content: bytes, fields: tuple[str, ...] = CURRENT_FIELDS, **promised: Any) -> list[Any]:
    """The blocks of a file of that content."""
    folder = Path(promised.pop("folder"))
    path = folder / "file"
    path.write_bytes(content)
    md5 = hashlib.md5(content, usedforsecurity=False).hexdigest()
    file = InventoryFile(str(path), promised.get("size", len(content)), promised.get("md5", md5))
    entry = find_file(file)
    pieces = [content[start : start + 100] for start in range(0, len(content), 100)]
    names = tuple(FIELDS[name][0] for name in fields)
    return [*read_file(file, entry, pieces, form, names)]


def rows(form: str, records: list[Record], fields: tuple[str, ...], folder: Path) -> list[dict[str, Any]]:
    content = Inventory("", form=form, fields=fields).content(records)
    blocks = read(form, content, fields, folder=folder)
    assert sum(block.records for block in blocks) == len(records)
    return [row for block in blocks for row in block.rows.to_pylist()]


@pytest.mark.parametrize("form", FORMATS)
def test_all_formats_give_the_same_rows(form: str, tmp_path: Path) -> None:
    locked = datetime(2030, 1, 2, 3, 4, 5, 678_000)
    given = [
        record("a b/ü+%41.csv", 5, VersionId="v1", IsLatest=True, IsDeleteMarker=False, ETag="e", Mood='so "sö"',
               IsMultipartUploaded=True, EncryptionStatus="SSE-S3", ObjectLockRetainUntilDate=locked),
        record("gone", None, VersionId="", IsLatest=False, IsDeleteMarker=True, StorageClass=None),
    ]  # fmt: skip
    first, second = rows(form, given, ALL_FIELDS, tmp_path)
    absent = dict.fromkeys(set(COLUMNS) - {FIELDS[name][0] for name in ALL_FIELDS})
    assert first == {
        "bucket": "example-data", "key": "a b/ü+%41.csv", "version_id": "v1", "is_latest": True, "size": 5,
        "is_delete_marker": False, "last_modified_date": datetime(2024, 4, 1, 12), "e_tag": "e",
        "storage_class": "STANDARD", "is_multipart_uploaded": True, "encryption_status": "SSE-S3",
        "object_lock_retain_until_date": locked, "other_fields": '{"mood":"so \\"sö\\""}', **absent,
    }  # fmt: skip
    assert (second["version_id"], second["is_latest"], second["is_delete_marker"]) == ("null", False, True)
    assert [second[name] for name in ("size", "storage_class", "other_fields")] == [None, None, None]


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("fields", [("Bucket", "Key"), ("Key", "Mood", "Size", "Bucket"), VERSION_FIELDS])
def test_an_inventory_may_have_any_fields_in_any_order(form: str, fields: tuple[str, ...], tmp_path: Path) -> None:
    (row,) = rows(form, [record("k", 7, Mood="x", VersionId="", IsLatest=True)], fields, tmp_path)
    assert (row["key"], row["size"]) == ("k", 7 if "Size" in fields else None)
    assert row["version_id"] == ("null" if "VersionId" in fields else None)
    assert row["other_fields"] == ('{"mood":"x"}' if "Mood" in fields else None)


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30), max_size=20))
def test_keys_of_csv_are_decoded(keys: list[str]) -> None:
    block = parse_block(Inventory("").csv([record(key) for key in keys]), ("bucket", "key", *_others()))
    assert block.rows["key"].to_pylist() == keys
    assert (block.records, block.rejected) == (len(keys), [])


def _others() -> list[str]:
    return [FIELDS[name][0] for name in CURRENT_FIELDS[2:]]


@given(st.lists(st.text("aZ09%+/é", max_size=12), max_size=8), st.integers(0, 3))
def test_keys_decoded_together_are_keys_decoded_one_by_one(keys: list[str], skipped: int) -> None:
    array = pa.array(["+%41é"[:skipped], *keys], pa.string())[1:]
    expected = [unquote_plus(key, errors="backslashreplace") for key in keys]
    assert decode_keys(array).to_pylist() == expected


def test_bytes_that_are_not_utf_8_and_incomplete_escapes_stay_visible() -> None:
    assert decode_keys(pa.array(["a%ffb", quote_plus("é/ü +"), "100%", "%4", "%zz"])).to_pylist() == [
        "a\\xffb", "é/ü +", "100%", "%4", "%zz",
    ]  # fmt: skip


BAD_ROWS = {
    '"b","k"': "The row has 2 fields, where fileSchema names 4.",
    '"b","k","1","2024-05-07T08:00:00.000Z","more"': "The row has 5 fields, where fileSchema names 4.",
    '"b","k","many","2024-05-07T08:00:00.000Z"': "The field size cannot be 'many'.",
    '"b","k","1","yesterday"': "The field last_modified_date cannot be 'yesterday'.",
    '"b","k","1","2024-02-30T08:00:00.000Z"': "The field last_modified_date cannot be '2024-02-30T08:00:00.000Z'.",
    '"b","","1","2024-05-07T08:00:00.000Z"': "The field key cannot be ''.",
    '"b","k","99999999999999999999",""': "The field size cannot be '99999999999999999999'.",
    '"b","k","many","yesterday"': "The field size cannot be 'many'.",
}


@pytest.mark.parametrize("line", BAD_ROWS)
def test_a_bad_row_is_rejected_with_its_position_and_other_rows_are_kept(line: str) -> None:
    good = '"b","k%20{}","1","2024-05-07T08:00:00.000Z"'
    text = "\n".join([good.format(0), "", line, good.format(1), line, ""])
    block = parse_block(text.encode(), ("bucket", "key", "size", "last_modified_date"))
    assert block.rows["key"].to_pylist() == ["k 0", "k 1"]
    assert block.rows["size"].to_pylist() == [1, 1]
    assert [(each.position, each.reason, each.record) for each in block.rejected] == [
        (1, BAD_ROWS[line], line.encode()), (3, BAD_ROWS[line], line.encode()),
    ]  # fmt: skip
    assert block.records == 4


def test_beside_a_bad_row_booleans_keep_their_values_and_nulls() -> None:
    text = '"b","k","true"\n"b","k","FALSE"\n"b","k",""\n"b","k","perhaps"\n'
    block = parse_block(text.encode(), ("bucket", "key", "is_latest"))
    assert block.rows["is_latest"].to_pylist() == [True, False, None]
    assert [each.position for each in block.rejected] == [3]


def test_positions_of_rejected_rows_count_from_the_beginning_of_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("glue_jobs.sources.s3_inventory_object.parser.files.BYTES_PER_BLOCK", 1_000)
    monkeypatch.setattr("glue_jobs.read.unpack.MAX_OUTPUT_BYTES", 700)
    lines = [f'"b","k{n}"\n' if n % 40 else f'"b{n}"\n' for n in range(400)]
    blocks = read("CSV", gzip.compress("".join(lines).encode()), ("Bucket", "Key"), folder=tmp_path)
    # A line has about ten bytes.
    assert max(block.records for block in blocks) < 100
    rejected = [(each.position, each.record) for block in blocks for each in block.rejected]
    assert rejected == [(n, f'"b{n}"'.encode()) for n in range(0, 400, 40)]
    assert [key for block in blocks for key in block.rows["key"].to_pylist()] == [f"k{n}" for n in range(400) if n % 40]


def test_a_line_that_is_too_long_is_rejected_at_its_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("glue_jobs.read.framing.lines.MAX_LINE_BYTES", 100)
    lines = ['"b","k0"', '"b","k1"', f'"b","{"x" * 200}"', '"b","k2"', '"b"']
    blocks = read("CSV", gzip.compress("\n".join(lines).encode()), ("Bucket", "Key"), folder=tmp_path)
    assert [each.position for block in blocks for each in block.rejected] == [2, 4]
    assert [key for block in blocks for key in block.rows["key"].to_pylist()] == ["k0", "k1", "k2"]


def test_large_files_are_not_read_into_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("glue_jobs.sources.s3_inventory_object.parser.files.MAX_BYTES_IN_MEMORY", 100)
    for form in ("ORC", "Parquet"):
        found = rows(form, [record(f"k{n}") for n in range(3_000)], CURRENT_FIELDS, tmp_path)
        assert [row["key"] for row in found] == [f"k{n}" for n in range(3_000)]


GOOD = {form: Inventory("", form=form).content([record(f"k{n}") for n in range(50)]) for form in FORMATS}


@pytest.mark.parametrize("form", FORMATS)
def test_a_file_that_is_not_as_the_manifest_promises_is_invalid(form: str, tmp_path: Path) -> None:
    good = GOOD[form]
    other = GOOD["ORC" if form == "CSV" else "CSV"]
    cases = [
        (good, {"md5": "0" * 32}, r"its file \S+ has the MD5 \w+, the manifest promises 0{32}"),
        (good[:-9] + b"x" * 9, {"md5": hashlib.md5(good).hexdigest()}, "has the MD5"),
        (good, {"size": 5}, rf"its file \S+ has {len(good)} bytes, the manifest promises 5"),
        (other, {}, rf"its file \S+ is no (gzipped )?{form} file, which the manifest promises"),
        (good[:-9], {}, "cut short|cannot be read as"),
    ]
    for content, promised, reason in cases:
        with pytest.raises(InvalidSnapshotError, match=reason):
            read(form, content, folder=tmp_path, **promised)
    with pytest.raises(InvalidSnapshotError, match=r"its file \S+nowhere is missing"):
        find_file(InventoryFile(f"{tmp_path}/nowhere", 1, ""))


@pytest.mark.parametrize("form", ["ORC", "Parquet"])
def test_the_md5_of_orc_and_parquet_is_checked_before_anything_is_read(
    form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Damaged ORC can end the process that reads it.
    monkeypatch.setattr(files, f"read_{form.lower()}", lambda *_: pytest.fail("was read"))
    with pytest.raises(InvalidSnapshotError, match="has the MD5"):
        read(form, GOOD[form], md5="0" * 32, folder=tmp_path)


def test_an_empty_file_is_valid_csv_but_not_orc_or_parquet(tmp_path: Path) -> None:
    assert [block.records for block in read("CSV", b"", folder=tmp_path)] == [0]
    for form in ("ORC", "Parquet"):
        with pytest.raises(InvalidSnapshotError, match=f"is empty, which no {form} file is"):
            read(form, b"", folder=tmp_path)


@pytest.mark.parametrize("form", ["ORC", "Parquet"])
def test_a_file_without_a_column_of_file_schema_is_invalid(form: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidSnapshotError, match="has no column mood, which fileSchema names"):
        read(form, GOOD[form], (*CURRENT_FIELDS, "Mood"), folder=tmp_path)


@pytest.mark.parametrize("form", FORMATS)
def test_field_names_of_each_format(form: str) -> None:
    inventory = Inventory("", form=form, fields=ALL_FIELDS)
    assert field_names(form, inventory.schema) == tuple(FIELDS[name][0] for name in ALL_FIELDS)


def test_field_names_of_schemas_in_the_documentation() -> None:
    orc = "struct<bucket:string,key:string,size:bigint,last_modified_date:timestamp>"
    assert field_names("ORC", orc) == ("bucket", "key", "size", "last_modified_date")
    parquet = (
        "message s3.inventory {\n required binary bucket (UTF8);\n required binary key (UTF8);\n"
        " optional int64 last_modified_date (TIMESTAMP_MILLIS);\n}"
    )
    assert field_names("Parquet", parquet) == ("bucket", "key", "last_modified_date")
    csv = "Bucket, Key, ETag, IsMultipartUploaded, ObjectAccessControlList, BucketKeyStatus"
    assert field_names("CSV", csv)[2:] == (
        "e_tag", "is_multipart_uploaded", "object_access_control_list", "bucket_key_status",
    )  # fmt: skip


def manifest(inventory: Inventory, **changes: Any) -> Any:
    content = {**inventory.promise(TIME, [b"x"]), **changes}
    address = inventory.deliver_manifest(TIME, {name: value for name, value in content.items() if value is not None})
    storage = storage_for(address)
    return read_manifest(address, storage.get(address), storage.get(address.replace("json", "checksum")))


def test_a_manifest_describes_the_snapshot_and_the_addresses_of_its_files(tmp_path: Path) -> None:
    inventory = Inventory(str(tmp_path), config="all-versions")
    found = manifest(inventory)
    assert (found.id, found.form) == (("example-data", "all-versions", TIME), "CSV")
    assert found.fields == tuple(FIELDS[name][0] for name in CURRENT_FIELDS)
    (file,) = found.files
    assert storage_for(file.address).get(file.address) == b"x"
    assert file.address.startswith(f"{inventory.folder}/data/")


def test_files_are_at_their_keys_on_s3_and_beside_the_manifest_in_a_copy() -> None:
    content = (
        b'{"sourceBucket":"b","destinationBucket":"arn:aws:s3:::dest","version":"2016-11-30","fileFormat":"CSV",'
        b'"fileSchema":"Bucket, Key","files":[{"key":"p/b/c/data/1.csv.gz","size":1,"MD5checksum":"00"}]}'
    )
    md5 = hashlib.md5(content, usedforsecurity=False).hexdigest().encode()
    for folder, expected in {
        "s3://dest/p/b/c": "s3://dest/p/b/c/data/1.csv.gz",
        "s3://copy/q/c": "s3://copy/q/c/data/1.csv.gz",
        "/copy/c": "/copy/c/data/1.csv.gz",
    }.items():
        (file,) = read_manifest(f"{folder}/2024-05-07T01-30Z/manifest.json", content, md5).files
        assert file.address == expected
        assert file.folder == f"{folder}/data/"


@pytest.mark.parametrize("name", ["1.csv.gz", "another-name.csv.gz"])
def test_a_file_that_is_not_at_its_key_is_found_beside_the_manifest_by_size_and_md5(tmp_path: Path, name: str) -> None:
    def file(folder: str, content: bytes) -> InventoryFile:
        md5 = hashlib.md5(content, usedforsecurity=False).hexdigest()
        return InventoryFile(f"{tmp_path}/inv/data/1.csv.gz", len(content), md5, folder)

    for other, content in {"0.csv.gz": b"uvw", name: b"xyz", "2.csv.gz": b"xyz4"}.items():
        put(f"{tmp_path}/inv/beside/data/{other}", content)
    beside = f"{tmp_path}/inv/beside/data/"
    assert find_file(file(beside, b"xyz")).address == f"{beside}{name}"
    for absent in (b"abc", b"xy"):
        with pytest.raises(InvalidSnapshotError, match="is missing"):
            find_file(file(beside, absent))


BAD_MANIFESTS: dict[str, dict[str, Any]] = {
    "has version 2031-01-01, 2016-11-30 is known; use a newer program": {"version": "2031-01-01"},
    "have the format Avro": {"fileFormat": "Avro"},
    "has no sourceBucket": {"sourceBucket": None},
    "names the sourceBucket 'x/../../y', which is no name of a bucket": {"sourceBucket": "x/../../y"},
    "names the sourceBucket '..', which is no name": {"sourceBucket": ".."},
    "lists no files": {"files": None},
    "lacks bucket or key, or names a field twice": {"fileSchema": "Bucket, Size"},
    "lists a file without key, size and MD5checksum": {"files": [{"key": "k"}]},
    "without a name": {"files": [{"key": "a/..", "size": 1, "MD5checksum": "0"}]},
    "or twice": {"files": [{"key": "a/b", "size": 1, "MD5checksum": "0"}] * 2},
}


@pytest.mark.parametrize("reason", BAD_MANIFESTS)
def test_a_manifest_of_unknown_content_is_invalid(reason: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidSnapshotError, match=reason):
        manifest(Inventory(str(tmp_path)), **BAD_MANIFESTS[reason])


def test_a_manifest_that_is_damaged_or_not_json_is_invalid() -> None:
    with pytest.raises(InvalidSnapshotError, match=r"not the one that manifest\.checksum was made of"):
        read_manifest("/c/2024-05-07T01-30Z/manifest.json", b"{}", b"0" * 32)
    for content in (b"[]", b"{"):
        md5 = hashlib.md5(content, usedforsecurity=False).hexdigest().upper().encode() + b"\n"
        with pytest.raises(InvalidSnapshotError, match=r"is not (valid JSON|a JSON object)"):
            read_manifest("/c/2024-05-07T01-30Z/manifest.json", content, md5)


def test_times_may_be_numbers_and_unknown_fields_may_be_nested(tmp_path: Path) -> None:
    sink, locked = pa.BufferOutputStream(), "object_lock_retain_until_date"
    columns = {
        "bucket": ["b"],
        "key": ["k"],
        locked: [1_700_000_000_000],
        "tags": [[{"a": 1}]],
    }
    pq.write_table(pa.table(columns), sink)
    content = bytes(sink.getvalue())
    path = tmp_path / "f"
    path.write_bytes(content)
    file = InventoryFile(str(path), len(content), hashlib.md5(content, usedforsecurity=False).hexdigest())
    (block,) = read_file(file, find_file(file), [content], "Parquet", tuple(columns))
    (row,) = block.rows.to_pylist()
    assert row[locked] == datetime(2023, 11, 14, 22, 13, 20)
    assert row["other_fields"] == '{"tags":[{"a":1}]}'


def test_all_stripes_of_an_orc_file_are_read() -> None:
    columns = {"bucket": ["b"] * 9_000, "key": [f"k{number}" for number in range(9_000)]}
    sink = pa.BufferOutputStream()
    paorc.write_table(pa.table(columns), sink, stripe_size=1, batch_size=1_000)
    stripes = [*columnar.read_orc(pa.BufferReader(sink.getvalue()), ("bucket", "key"))]
    assert len(stripes) > 1
    assert [key for rows in stripes for key in rows["key"].to_pylist()] == columns["key"]


@pytest.mark.parametrize("name", ["bucket", "key"])
@pytest.mark.parametrize("form", ["ORC", "Parquet"])
def test_a_columnar_file_with_rows_without_bucket_or_key_is_invalid(form: str, name: str, tmp_path: Path) -> None:
    content = Inventory("", form=form).content([record("k"), {**record("k"), name.capitalize(): None}])
    with pytest.raises(InvalidSnapshotError, match="has rows without bucket or key"):
        read(form, content, folder=tmp_path)


@pytest.mark.parametrize("form", FORMATS)
def test_text_that_repeats_has_a_dictionary_in_every_format(form: str, tmp_path: Path) -> None:
    (block,) = read(form, GOOD[form], folder=tmp_path)
    schema, names = block.rows.schema, ("storage_class", "key", "e_tag")
    types = {name: pa.types.is_dictionary(schema.field(name).type) for name in names}
    assert types == {"storage_class": True, "key": False, "e_tag": False}


@pytest.mark.parametrize("classes", [["STANDARD"] * 2, ["STANDARD", "GLACIER"], ["STANDARD", None], [None] * 2, []])
def test_a_text_that_all_rows_have_and_one_that_some_lack_are_told_apart(classes: list[str | None]) -> None:
    column = build_rows({"storage_class": pa.chunked_array([classes], pa.string())}, len(classes))["storage_class"]
    assert column.to_pylist() == classes


@pytest.mark.parametrize(("limit", "value", "batches"), [("MAX_BATCH_ROWS", 3, 4), ("MAX_BATCH_BYTES", 1, 10)])
def test_a_batch_of_parquet_has_a_row_at_least_and_a_limited_number(
    limit: str, value: int, batches: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(columnar, limit, value)
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table({"bucket": ["b"] * 10, "key": [*"abcdefghij"]}), sink)
    assert len([*columnar.read_parquet(pa.BufferReader(sink.getvalue()), ("bucket", "key"))]) == batches


@pytest.mark.parametrize(("length", "batches"), [(10, 1), (1_000, 4)])
def test_a_batch_of_parquet_has_fewer_rows_if_keys_are_long(
    length: int, batches: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(columnar, "MAX_BATCH_BYTES", 2**20)
    keys = [f"{number:0{length}}" for number in range(4_000)]
    path = tmp_path / "0.parquet"
    pq.write_table(pa.table({"bucket": ["b"] * len(keys), "key": keys}), path, use_dictionary=False)
    read = list(columnar.read_parquet(pa.BufferReader(path.read_bytes()), ("bucket", "key")))
    assert len(read) == batches
    assert [key for rows in read for key in rows["key"].to_pylist()] == keys


def test_a_number_with_blanks_is_valid_beside_good_and_bad_rows() -> None:
    alone, beside = b'"b","k"," 7"\n', b'"b","k"," 7"\n"b","l","x"\n'
    for text, rejected in ((alone, 0), (beside, 1)):
        block = parse_block(text, ("bucket", "key", "size"))
        assert (block.rows["size"].to_pylist(), len(block.rejected)) == ([7], rejected)
