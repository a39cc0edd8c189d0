"""Job arguments, as Glue and the stack pass them, and every sentence about a wrong one."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from glue_jobs.args import ARGUMENTS, order, parse, report_order
from glue_jobs.errors import ArgumentError, LakeError, StorageError, UsageLakeError
from glue_jobs.pipelines import BY_NAME
from glue_jobs.sources.cloudtrail_s3_event import parse_data_events

GIVEN = ["--pipeline", "s3_access_log", "--raw_path", "/raw", "--lake_path", "/lake"]
VALUES = {"pipeline": "s3_access_log", "raw_path": "/raw", "lake_path": "/lake"}
DEFAULTS = {"database": "usage_lake", "keep_snapshots": "8", "management_events": "keep"}
REPORT = {"pipeline": "report", "lake_path": "/lake", "report_path": "/reports"}
CLOUDTRAIL = BY_NAME["cloudtrail_s3_event"]


def test_what_is_given_and_the_defaults() -> None:
    assert parse(GIVEN) == {**VALUES, **DEFAULTS}
    assert parse([*GIVEN, "--since=2024-05-07", "--any_name", "true"]) == {
        **VALUES,
        **DEFAULTS,
        "since": "2024-05-07",
        "any_name": "true",
    }


def test_what_glue_adds_is_ignored() -> None:
    glue = ["--JOB_ID", "j_1", "--JOB_RUN_ID", "jr_1", "--JOB_NAME", "ingest", "--TempDir", "s3://example/tmp/"]
    flags = ["--enable-glue-datacatalog", "true", "--enable-metrics", "--job-bookmark-option", "job-bookmark-disable"]
    assert parse(["script.py", *glue, *GIVEN[:2], *flags, *GIVEN[2:], "--sin", "x"]) == {**VALUES, **DEFAULTS}


@pytest.mark.parametrize("nothing", [[""], []], ids=["an empty text", "lost on the way"])
def test_what_the_stack_passes_for_nothing_is_nothing(nothing: list[str]) -> None:
    empty = [
        text
        for name in (
            "config",
            "since",
            "until",
            "database",
            "catalog",
            "look_back_days",
            "any_name",
            "management_events",
            "keep_snapshots",
        )
        for text in (f"--{name}", *nothing)
    ]
    assert parse([*GIVEN, *empty]) == VALUES
    wanted = order(parse([*GIVEN, *empty]))
    assert (wanted.lake.database, wanted.look_back_days, wanted.any_name, wanted.since) == (
        "usage_lake",
        3,
        False,
        None,
    )


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "the job needs --pipeline, --raw_path, --lake_path"),
        (GIVEN[2:], "the job needs --pipeline"),
        ([*GIVEN, "--raw_path", ""], "the job needs --raw_path"),
        ([*GIVEN[:4], "--lake_path"], "the job needs --lake_path"),
    ],
)
def test_arguments_that_are_missing_are_named(arguments: list[str], sentence: str) -> None:
    with pytest.raises(ArgumentError, match=sentence):
        parse(arguments)


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"pipeline": "access"}, "there is no pipeline 'access'; there are s3_access_log"),
        ({"since": "yesterday"}, "since is a day such as 2024-05-07, not 'yesterday'"),
        ({"until": "2024-02-30"}, "until is a day such as 2024-05-07, not '2024-02-30'"),
        ({"since": ""}, "since is a day such as 2024-05-07, not ''"),
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
        ({"raw_path": "https://example.com/logs"}, "https://example.com/logs is neither a folder nor an s3:// address"),
        ({"lake_path": "s3://"}, "s3:// names no bucket; write s3://bucket/prefix"),
        ({"raw_path": ""}, "an empty text is neither a folder nor an s3:// address"),
        ({"catalog": "hive"}, "there is no catalog 'hive'; there are sqlite and glue"),
        ({"database": "a/b"}, "a database is named with small letters, digits, _ and -, not 'a/b'"),
        ({"database": ""}, "a database is named with small letters, digits, _ and -, not ''"),
        ({"database": "Usage"}, "a database is named with small letters, digits, _ and -, not 'Usage'"),
        (
            {"raw_path": "/raw", "lake_path": "/raw/lake", "any_name": "true"},
            "the lake /raw/lake is among the raw objects",
        ),
        ({"raw_path": "/raw", "lake_path": "/raw", "any_name": "true"}, "the lake /raw is among the raw objects"),
    ],
)
def test_values_that_cannot_be_used_are_named(wrong: dict[str, str], sentence: str) -> None:
    with pytest.raises(ArgumentError, match=sentence):
        order({**VALUES, **wrong})


def test_a_sqlite_catalog_needs_a_folder() -> None:
    with pytest.raises(
        LakeError, match="a sqlite catalog is a file in the lake's folder and cannot be in s3://b/lake; use glue"
    ):
        order({**VALUES, "lake_path": "s3://b/lake", "catalog": "sqlite"})


def test_an_order_has_all_values() -> None:
    given = {
        "since": "2024-05-06",
        "until": "2024-05-07",
        "look_back_days": "0",
        "any_name": "True",
        "database": "logs_2",
    }
    wanted = order({**VALUES, **given})
    assert (wanted.pipeline.name, wanted.raw, wanted.lake.location) == ("s3_access_log", "/raw", "/lake")
    assert (wanted.since, wanted.until, wanted.look_back_days) == (date(2024, 5, 6), date(2024, 5, 7), 0)
    assert (wanted.any_name, wanted.lake.database, wanted.lake.catalog_type) == (True, "logs_2", "sqlite")


def test_management_events_are_kept_unless_they_are_to_be_dropped() -> None:
    trail = {**VALUES, "pipeline": "cloudtrail_s3_event"}
    assert order(trail).pipeline == order({**trail, "management_events": "keep"}).pipeline == CLOUDTRAIL
    assert order({**trail, "management_events": "drop"}).pipeline == replace(CLOUDTRAIL, parse=parse_data_events)


def test_a_lake_on_s3_is_in_the_glue_catalog() -> None:
    for text, location in (("s3://b/lake/", "s3://b/lake"), ("s3://b", "s3://b")):
        lake = order({**VALUES, "lake_path": text}).lake
        assert (lake.location, lake.catalog_type) == (location, "glue")


def test_the_configuration_is_read_with_the_files_beside_it(tmp_path: Path) -> None:
    (tmp_path / "names.csv").write_text("account,name\n111122223333,Example\n")
    (tmp_path / "config.yaml").write_text("subscribers: [{csv: names.csv}]\n")
    assert order({**VALUES, "config": f"{tmp_path}/config.yaml"}).config.subscribers


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (None, "cannot read .*config.yaml: No such file"),
        (b"\xff\xfe", "config.yaml is not UTF-8 text .byte 0., so it is no"),
    ],
)
def test_a_configuration_that_cannot_be_read_is_named(tmp_path: Path, content: bytes | None, sentence: str) -> None:
    if content is not None:
        (tmp_path / "config.yaml").write_bytes(content)
    with pytest.raises((ArgumentError, StorageError), match=sentence):
        order({**VALUES, "config": f"{tmp_path}/config.yaml"})


def test_reports_need_no_raw_objects_but_a_place_to_write_to() -> None:
    given = [text for name, value in REPORT.items() for text in (f"--{name}", value)]
    assert parse([*given, "--raw_path", "", "--date", ""]) == {
        **REPORT,
        "database": "usage_lake",
        "workgroup": "primary",
    }
    with pytest.raises(ArgumentError, match="the job needs --report_path"):
        parse(given[:-2])


def test_an_order_of_reports_has_all_values() -> None:
    wanted = report_order({**REPORT, "report_path": "s3://b/", "date": "20240507", "workgroup": "usage"})
    assert (wanted.lake.location, wanted.folder, wanted.day) == ("/lake", "s3://b", date(2024, 5, 7))
    assert wanted.workgroup == "usage"
    assert {report.subject for report in wanted.reports} == {"access", "storage", "subscriber", "together"}
    assert report_order(REPORT).day == datetime.now(UTC).date()


def test_only_the_subjects_asked_for_are_reported_on() -> None:
    wanted = report_order({**REPORT, "subjects": "storage,together"})
    assert {report.subject for report in wanted.reports} == {"storage", "together"}
    with pytest.raises(
        ArgumentError, match="there are no reports on 'accounts'; there are access, storage, subscriber"
    ):
        report_order({**REPORT, "subjects": "storage,accounts"})


@pytest.mark.parametrize("text", ["2024-05-07", "2024057", "20240230", "today"])
def test_a_day_of_reports_is_written_as_in_their_names(text: str) -> None:
    with pytest.raises(ArgumentError, match=f"date is a day such as 20240507, not '{text}'"):
        report_order({**REPORT, "date": text})


def test_every_error_is_one_for_people() -> None:
    for error in (ArgumentError, LakeError, StorageError):
        assert issubclass(error, UsageLakeError)


def test_arguments_are_described_and_named_once() -> None:
    assert (
        len({argument.name for argument in ARGUMENTS})
        == len({argument.option for argument in ARGUMENTS})
        == len(ARGUMENTS)
    )
    assert all(argument.description.endswith(".") for argument in ARGUMENTS)


def test_inventories_are_looked_for_further_back() -> None:
    by_name = {name: order({**VALUES, "pipeline": name}) for name in BY_NAME}
    assert {name: wanted.look_back_days for name, wanted in by_name.items()} == {
        "s3_access_log": 3,
        "cloudtrail_s3_event": 3,
        "s3_inventory_object": 14,
    }
    assert by_name["s3_inventory_object"].keep_snapshots == 8
    given = {"keep_snapshots": "2", "look_back_days": "5", "pipeline": "s3_inventory_object"}
    wanted = order({**VALUES, **given})
    assert (wanted.keep_snapshots, wanted.look_back_days) == (2, 5)
