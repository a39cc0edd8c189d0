"""What to ingest, from the values of the arguments, and every sentence about a wrong one."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from glue_jobs.errors import ArgumentError, LakeError, StorageError
from glue_jobs.ingest.request import DEFAULT_KEPT_SNAPSHOTS
from glue_jobs.jobs.arguments.declared import ARGUMENTS
from glue_jobs.jobs.ingest_job import ingest_request
from glue_jobs.sources import SOURCES
from glue_jobs.sources.cloudtrail_s3_event.source import parse_data_events
from glue_jobs.sources.pipelines import BY_NAME

VALUES = {"pipeline": "s3_access_log", "raw_path": "/raw", "lake_path": "/lake"}
CLOUDTRAIL = BY_NAME["cloudtrail_s3_event"]


def test_every_source_has_a_pipeline_of_its_name() -> None:
    assert sorted(BY_NAME) == sorted(SOURCES), "each folder of a source has an entry in sources/pipelines.py"


def test_the_default_in_the_help_is_the_default_of_a_request() -> None:
    declared = {argument.name: argument.default for argument in ARGUMENTS}
    assert declared["keep_snapshots"] == str(DEFAULT_KEPT_SNAPSHOTS) == str(ingest_request(VALUES).keep_snapshots)


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"pipeline": "access"}, "there is no pipeline 'access'; did you mean 's3_access_log'"),
        ({"since": "yesterday"}, "since is a day such as 2024-05-07 or 20240507, not 'yesterday'"),
        ({"until": "2024-02-30"}, "until is a day such as 2024-05-07 or 20240507, not '2024-02-30'"),
        ({"since": "2024-W19-2"}, "since is a day such as 2024-05-07 or 20240507, not '2024-W19-2'"),
        ({"since": ""}, "since is a day such as 2024-05-07 or 20240507, not ''"),
        ({"since": "2024-05-08", "until": "2024-05-07"}, "since 2024-05-08 is after until 2024-05-07"),
        ({"look_back_days": "three"}, "look_back_days is a number of days such as 3, not 'three'"),
        ({"keep_snapshots": "1"}, "keep_snapshots is a number from 2 such as 8, not '1'"),
        ({"keep_snapshots": "all"}, "keep_snapshots is a number from 2 such as 8, not 'all'"),
        (
            {"pipeline": "s3_inventory_object", "any_name": "true"},
            "S3 Inventory is found by the names of its folders; leave any_name out",
        ),
        ({"look_back_days": "-1"}, "look_back_days is a number of days such as 3, not '-1'"),
        ({"look_back_days": "1000000000"}, "look_back_days is a number of days such as 3, not '1000000000'"),
        ({"management_events": "none"}, "management_events is keep or drop, not 'none'"),
        ({"management_events": "drop"}, "management_events is for CloudTrail: leave it out for S3 server access logs"),
        ({"any_name": "yes"}, "any_name is true or false, not 'yes'"),
        (
            {"raw_path": "https://example.com/logs"},
            "'https://example.com/logs' is neither a folder nor an s3:// address",
        ),
        ({"lake_path": "s3://"}, "s3:// names no bucket; write s3://bucket/prefix"),
        (
            {"raw_path": "s3://e0a1b2--table-s3/logs/"},
            "s3://e0a1b2--table-s3/logs/ is a bucket of S3 Tables, whose tables",
        ),
        (
            {"raw_path": "arn:aws:s3tables:us-east-1:111122223333:bucket/aws-cloudwatch"},
            "arn:aws:s3tables:us-east-1:111122223333:bucket/aws-cloudwatch is a bucket of S3 Tables, whose tables",
        ),
        ({"raw_path": ""}, "an empty text is neither a folder nor an s3:// address"),
        ({"catalog": "hive"}, "there is no catalog 'hive'; there are sqlite and glue"),
        ({"database": "a/b"}, "the name of a database has lower-case letters, digits, _ and -; it is 'a/b'"),
        ({"database": ""}, "the name of a database has lower-case letters, digits, _ and -; it is ''"),
        ({"database": "Usage"}, "the name of a database has lower-case letters, digits, _ and -; it is 'Usage'"),
        (
            {"raw_path": "/raw", "lake_path": "/raw/lake", "any_name": "true"},
            "the lake /raw/lake is below the raw path",
        ),
        ({"raw_path": "/raw", "lake_path": "/raw", "any_name": "true"}, "the lake /raw is below the raw path"),
        (
            {"pipeline": "upload", "raw_path": "/raw", "lake_path": "/raw/lake"},
            "the lake /raw/lake is among the uploads, and its files would be uploads too",
        ),
        (
            {"pipeline": "upload", "raw_path": "/raw/data", "lake_path": "/raw/data"},
            "the lake /raw/data is among the uploads",
        ),
    ],
)
def test_values_that_cannot_be_used_are_named(wrong: dict[str, str], sentence: str) -> None:
    with pytest.raises(ArgumentError, match=sentence):
        ingest_request({**VALUES, **wrong})


def test_a_sqlite_catalog_needs_a_folder() -> None:
    with pytest.raises(
        LakeError, match="a sqlite catalog is a file in the lake's folder and cannot be in s3://b/lake; use glue"
    ):
        ingest_request({**VALUES, "lake_path": "s3://b/lake", "catalog": "sqlite"})


def test_a_request_has_the_values_of_all_arguments() -> None:
    given = {
        "since": "2024-05-06",
        "until": "2024-05-07",
        "look_back_days": "0",
        "any_name": "True",
        "database": "logs_2",
    }
    wanted = ingest_request({**VALUES, **given})
    assert (wanted.pipeline.name, wanted.raw, wanted.lake.location) == ("s3_access_log", "/raw", "/lake")
    assert (wanted.since, wanted.until, wanted.look_back_days) == (date(2024, 5, 6), date(2024, 5, 7), 0)
    assert (wanted.any_name, wanted.lake.database, wanted.lake.catalog_type) == (True, "logs_2", "sqlite")


def test_management_events_are_kept_unless_they_are_to_be_dropped() -> None:
    trail = {**VALUES, "pipeline": "cloudtrail_s3_event"}
    assert (
        ingest_request(trail).pipeline == ingest_request({**trail, "management_events": "keep"}).pipeline == CLOUDTRAIL
    )
    assert ingest_request({**trail, "management_events": "drop"}).pipeline == replace(
        CLOUDTRAIL, parse=parse_data_events
    )


def test_a_lake_on_s3_is_in_the_glue_catalog() -> None:
    for text, location in (("s3://b/lake/", "s3://b/lake"), ("s3://b", "s3://b")):
        lake = ingest_request({**VALUES, "lake_path": text}).lake
        assert (lake.location, lake.catalog_type) == (location, "glue")


def test_the_configuration_is_read_with_the_files_beside_it(tmp_path: Path) -> None:
    (tmp_path / "names.csv").write_text("account,name\n111122223333,Example\n")
    (tmp_path / "config.yaml").write_text("subscribers: [{csv: names.csv}]\n")
    assert ingest_request({**VALUES, "config": f"{tmp_path}/config.yaml"}).config.subscribers


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (None, "cannot read .*config.yaml: No such file"),
        (b"\xff\xfe", "config.yaml is not a configuration file: byte 0 is not UTF-8 text"),
    ],
)
def test_a_configuration_that_cannot_be_read_is_named(tmp_path: Path, content: bytes | None, sentence: str) -> None:
    if content is not None:
        (tmp_path / "config.yaml").write_bytes(content)
    with pytest.raises((ArgumentError, StorageError), match=sentence):
        ingest_request({**VALUES, "config": f"{tmp_path}/config.yaml"})


def test_inventories_have_a_longer_look_back() -> None:
    by_name = {name: ingest_request({**VALUES, "pipeline": name}) for name in BY_NAME}
    assert {name: wanted.look_back_days for name, wanted in by_name.items()} == {
        "s3_access_log": 3,
        "cloudtrail_s3_event": 3,
        "s3_inventory_object": 14,
        "cloudfront_log": 3,
        "run_summary": 3,
        "upload": 3,
    }
    assert by_name["s3_inventory_object"].keep_snapshots == 8
    given = {"keep_snapshots": "2", "look_back_days": "5", "pipeline": "s3_inventory_object"}
    wanted = ingest_request({**VALUES, **given})
    assert (wanted.keep_snapshots, wanted.look_back_days) == (2, 5)
