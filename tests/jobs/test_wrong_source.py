"""A run that is given objects of another source, a file, or a flat folder says so and makes no lake."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from glue_jobs.errors import UsageLakeError
from glue_jobs.jobs.run_job import run_job
from glue_jobs.jobs.wrong_source import WrongSourceError
from glue_jobs.progress import SilentReporter
from glue_jobs.storage import storage_for

TRAIL = gzip.compress(json.dumps({"Records": [{"eventVersion": "1.08"}]}).encode(), mtime=0)
TRAIL_NAME = "111122223333_CloudTrail_us-east-1_20240507T0005Z_AbCdEfGh01234567.json.gz"
TRAIL_FOLDER = "AWSLogs/111122223333/CloudTrail/us-east-1/2024/05/07"
LINE = b"%s example-bucket [07/May/2024:09:00:00 +0000] 192.0.2.1 - A REST.GET.OBJECT k - 200\n" % (b"ab" * 32)
VENDED = (
    b'{"schema_version_id": "V_1_0", "bucket_name": "example-bucket", "request_time": "2026-04-29T14:32:16.125Z",'
    b' "operation": "REST.GET.OBJECT", "key_name": "k", "request_uri": "GET /k HTTP/1.1", "http_status": 200}\n'
)
LINE_NAME = "2024-05-07-09-00-00-0123456789ABCDEF"
MANIFEST = json.dumps({"sourceBucket": "b", "fileSchema": "Bucket, Key"}).encode()
SNAPSHOT = "b/weekly/2024-05-07T01-00Z"
CLOUDFRONT_NAME = "EMLARXS9EXAMPLE.2024-05-07-09.a1b2c3d4.gz"
CLOUDFRONT = b"#Version: 1.0\n#Fields: date time x-edge-location\n"


def refused(source: str, raw: Path | str, lake: Path, **more: str) -> str:
    """The sentence with which the run of a new lake ends."""
    with pytest.raises(WrongSourceError) as error:
        run_job({"pipeline": source, "raw_path": str(raw), "lake_path": str(lake), **more}, SilentReporter())
    return str(error.value)


def write(folder: Path, name: str, content: bytes) -> Path:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content)
    return folder / name


@pytest.mark.parametrize(
    ("given", "name", "content", "is_of"),
    [
        ("s3_access_log", f"{TRAIL_FOLDER}/{TRAIL_NAME}", TRAIL, "cloudtrail_s3_event"),
        ("s3_access_log", f"{SNAPSHOT}/manifest.json", MANIFEST, "s3_inventory_object"),
        ("s3_access_log", CLOUDFRONT_NAME, gzip.compress(CLOUDFRONT, mtime=0), "cloudfront_log"),
        ("s3_access_log", "summary2/SRR1.summary", b"readlength=0;", "run_summary"),
        ("cloudtrail_s3_event", f"{SNAPSHOT}/manifest.json", MANIFEST, "s3_inventory_object"),
        ("cloudtrail_s3_event", f"logs/{LINE_NAME}", LINE, "s3_access_log"),
        ("s3_inventory_object", f"{TRAIL_FOLDER}/{TRAIL_NAME}", TRAIL, "cloudtrail_s3_event"),
        ("s3_inventory_object", LINE_NAME, LINE, "s3_access_log"),
        # By content.
        ("s3_access_log", "copy.gz", TRAIL, None),
        ("cloudtrail_s3_event", "all.log", LINE, None),
        ("cloudtrail_s3_event", "vended.json", b'{"date": "2024-05-07", "cs-uri-stem": "/a"}\n', None),
    ],
)
def test_objects_of_another_source_are_named_with_their_command(
    given: str, name: str, content: bytes, is_of: str | None, tmp_path: Path
) -> None:
    raw, lake = tmp_path / "raw", tmp_path / "lake"
    file = write(raw, name, content)
    sentence = refused(given, raw, lake)
    by_content = {"copy.gz": "cloudtrail_s3_event", "all.log": "s3_access_log", "vended.json": "cloudfront_log"}
    command = f"usage-lake ingest {is_of or by_content[name]} --from {raw}"
    assert sentence.endswith(command if is_of else f"{command} --any-name")
    assert str(file) in sentence
    assert not lake.exists()


def test_a_flat_folder_of_genuine_names_is_told_to_take_any_name(tmp_path: Path) -> None:
    write(tmp_path / "raw", TRAIL_NAME, TRAIL)
    sentence = refused("cloudtrail_s3_event", tmp_path / "raw", tmp_path / "lake")
    assert "has CloudTrail events of S3, but not in the folders of days" in sentence
    assert sentence.endswith("add --any-name")
    assert not (tmp_path / "lake").exists()


def test_what_stands_before_logs_in_a_folder_does_not_hide_them(tmp_path: Path) -> None:
    for name in (".DS_Store", "._january.log", "CHECKSUMS", "README.md", "about.txt"):
        write(tmp_path / "raw", name, b"of something else")
    file = write(tmp_path / "raw", "january.log.gz", gzip.compress(LINE))
    sentence = refused("s3_access_log", tmp_path / "raw", tmp_path / "lake")
    assert sentence.endswith(f"in which AWS delivers them, e.g. {file}; add --any-name")
    assert "the command for them is: usage-lake ingest s3_access_log" in refused(
        "cloudtrail_s3_event", tmp_path / "raw", tmp_path / "lake"
    )


@pytest.mark.parametrize(
    ("name", "content", "command"),
    [
        (LINE_NAME, LINE, "usage-lake ingest s3_access_log --from '{folder}'"),
        ("copy.log", LINE, "usage-lake ingest s3_access_log --from '{folder}' --any-name"),
        (TRAIL_NAME, TRAIL, "usage-lake ingest cloudtrail_s3_event --from '{folder}' --any-name"),
        ("thesis.txt", b"irreplaceable", "usage-lake ingest s3_access_log --from '{folder}' --any-name"),
    ],
)
def test_a_single_file_is_told_to_be_given_as_its_folder(
    name: str, content: bytes, command: str, tmp_path: Path
) -> None:
    folder = tmp_path / "my logs"
    file = write(folder, name, content)
    sentence = refused("s3_access_log", file, tmp_path / "lake")
    assert sentence == f"{file} is a file, and a run takes the folder that it is in: {command.format(folder=folder)}"


def test_any_name_does_not_take_another_source(tmp_path: Path) -> None:
    write(tmp_path / "raw", "a.gz", TRAIL)
    sentence = refused("s3_access_log", tmp_path / "raw", tmp_path / "lake", any_name="true")
    assert "usage-lake ingest cloudtrail_s3_event" in sentence
    assert not (tmp_path / "lake").exists()


def test_a_part_of_an_inventory_is_no_inventory(tmp_path: Path) -> None:
    data = "data/01234567-89ab-cdef-0123-456789abcdef.csv.gz"
    write(tmp_path / "raw", f"b/weekly/{data}", gzip.compress(b'"b","k"\n'))
    sentence = refused("s3_inventory_object", tmp_path / "raw", tmp_path / "lake")
    assert (
        "has a part of S3 Inventory" in sentence and "give the folder that has all of it, or one above that" in sentence
    )


def test_one_folder_of_run_summaries_is_told_to_be_given_from_above(tmp_path: Path) -> None:
    write(tmp_path / "raw", "summary2/SRR1.summary", b"readlength=0;")
    sentence = refused("run_summary", tmp_path / "raw/summary2", tmp_path / "lake")
    assert "has a part of Serratus run summaries" in sentence and sentence.endswith(
        "give the folder that has all of it, or one above that"
    )


def test_what_nobody_recognises_is_an_error(tmp_path: Path) -> None:
    write(tmp_path / "raw", "thesis.txt", b"irreplaceable")
    sentence = refused("s3_access_log", tmp_path / "raw", tmp_path / "lake")
    file = tmp_path / "raw/thesis.txt"
    hint = "--any-name takes objects of any name"
    assert sentence == (
        f"nothing below {tmp_path}/raw is named as AWS names S3 server access logs, e.g. {file}; {hint}"
    )


@pytest.mark.parametrize("absent", ["none", "empty"])
def test_an_absent_or_empty_folder_leaves_no_lake_behind(absent: str, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    values = {"pipeline": "s3_access_log", "raw_path": f"{tmp_path}/{absent}", "lake_path": f"{tmp_path}/lake"}
    with pytest.raises(UsageLakeError, match=f"there are no objects below {tmp_path}/{absent}; check the name"):
        run_job(values, SilentReporter())
    assert not (tmp_path / "lake").exists()


def test_a_bucket_with_empty_objects_only_awaits_its_first_delivery(bucket: str, tmp_path: Path) -> None:
    storage_for(bucket).put(f"{bucket}/AWSLogs/is-there", b"")
    raw = f"{bucket}/AWSLogs/"
    values = {"pipeline": "cloudtrail_s3_event", "raw_path": raw, "lake_path": f"{tmp_path}/lake"}
    assert run_job(values, SilentReporter()).failed is False
    storage_for(bucket).put(f"{bucket}/AWSLogs/{LINE_NAME}", LINE)
    assert "usage-lake ingest s3_access_log" in refused("cloudtrail_s3_event", raw, tmp_path / "other")


def test_a_lake_of_other_sources_is_told_too(tmp_path: Path) -> None:
    raw, lake = tmp_path / "raw", tmp_path / "lake"
    write(raw, LINE_NAME, LINE)
    values = {"raw_path": str(raw), "lake_path": str(lake)}
    assert run_job({"pipeline": "s3_access_log", **values}, SilentReporter()).failed is False
    assert "usage-lake ingest s3_access_log" in refused("cloudtrail_s3_event", raw, lake)
    assert run_job({"pipeline": "s3_access_log", **values}, SilentReporter()).failed is False, "nothing new is no error"


@pytest.mark.parametrize("name", ["000000.gz", f"{TRAIL_FOLDER}/events.json.gz"])
def test_json_lines_of_cloudtrail_are_its_source(name: str, tmp_path: Path) -> None:
    line = b'{"eventVersion": "1.08", "eventSource": "s3.amazonaws.com", "eventTime": "2026-03-14T08:09:10Z"}\n'
    write(tmp_path / "raw", name, gzip.compress(line * 2))
    command = f"usage-lake ingest cloudtrail_s3_event --from {tmp_path}/raw"
    assert command in refused("s3_access_log", tmp_path / "raw", tmp_path / "lake")
    values = {"raw_path": f"{tmp_path}/raw", "lake_path": f"{tmp_path}/lake", "any_name": str(name == "000000.gz")}
    sentence = run_job({"pipeline": "cloudtrail_s3_event", **values}, SilentReporter()).sentence
    assert "2 records = 1 row + 0 rejected + 1 duplicate " in sentence


@pytest.mark.parametrize(
    "name",
    [
        "vended/2026-04-29-14.ab12cd34.gz",
        "vended/111122223333.2026-04-29-14.ab12cd34.gz",
        "vended/AWSLogs/111122223333/s3/example-bucket/2026-04-29-14.ab12cd34.json.gz",
        "vended/AWSLogs/111122223333/s3/us-east-1/2026/04/29/14/111122223333.2026-04-29-14.ab12cd34.gz",
        "vended/AWSLogs/111122223333/s3/year=2026/month=04/day=29/hour=14/2026-04-29-14.ab12cd34.gz",
    ],
)
def test_access_logs_that_cloudwatch_delivers_are_ingested_without_any_others(name: str, tmp_path: Path) -> None:
    write(tmp_path / "raw", name, gzip.compress(VENDED))
    values = {"raw_path": f"{tmp_path}/raw", "lake_path": f"{tmp_path}/lake"}
    sentence = run_job({"pipeline": "s3_access_log", **values}, SilentReporter()).sentence
    assert "1 record = 1 row " in sentence
    assert "usage-lake ingest s3_access_log" in refused("cloudtrail_s3_event", tmp_path / "raw", tmp_path / "other")
