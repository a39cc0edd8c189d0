"""Job arguments, as Glue and the stack pass them."""

from __future__ import annotations

import pytest

from glue_jobs.errors import ArgumentError
from glue_jobs.jobs.arguments.declared import ARGUMENTS
from glue_jobs.jobs.arguments.glue import parse
from glue_jobs.jobs.ingest_job import ingest_request

GIVEN = ["--pipeline", "s3_access_log", "--raw_path", "/raw", "--lake_path", "/lake"]
VALUES = {"pipeline": "s3_access_log", "raw_path": "/raw", "lake_path": "/lake"}
DEFAULTS = {"engine": "processes", "database": "usage_lake", "keep_snapshots": "8", "management_events": "keep"}
REPORT = {"pipeline": "report", "lake_path": "/lake", "report_path": "/reports"}


def test_values_are_those_given_and_the_defaults() -> None:
    assert parse(GIVEN) == {**VALUES, **DEFAULTS}
    given = {"since": "2024-05-07", "any_name": "true"}
    assert parse([*GIVEN, "--since=2024-05-07", "--any_name", "true"]) == {**VALUES, **DEFAULTS, **given}


def test_arguments_that_glue_adds_are_ignored() -> None:
    glue = ["--JOB_ID", "j_1", "--JOB_RUN_ID", "jr_1", "--JOB_NAME", "ingest", "--TempDir", "s3://example/tmp/"]
    flags = ["--enable-glue-datacatalog", "true", "--enable-metrics", "--job-bookmark-option", "job-bookmark-disable"]
    assert parse(["script.py", *glue, *GIVEN[:2], *flags, *GIVEN[2:], "--sin", "x"]) == {**VALUES, **DEFAULTS}


@pytest.mark.parametrize("nothing", [[""], []], ids=["an empty text", "lost on the way"])
def test_an_empty_value_of_the_stack_is_no_value(nothing: list[str]) -> None:
    names = "config since until database catalog look_back_days any_name management_events keep_snapshots"
    empty = [text for name in names.split() for text in (f"--{name}", *nothing)]
    assert parse([*GIVEN, *empty]) == {**VALUES, "engine": "processes"}
    wanted = ingest_request(parse([*GIVEN, *empty]))
    found = (wanted.lake.database, wanted.look_back_days, wanted.any_name, wanted.since)
    assert found == ("usage_lake", 3, False, None)


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


def test_reports_need_a_place_to_write_to_and_no_raw_objects() -> None:
    given = [text for name, value in REPORT.items() for text in (f"--{name}", value)]
    defaults = {"database": "usage_lake", "workgroup": "primary"}
    assert parse([*given, "--raw_path", "", "--date", ""]) == {**REPORT, **defaults}
    with pytest.raises(ArgumentError, match="the job needs --report_path"):
        parse(given[:-2])


def test_arguments_are_described_and_named_once() -> None:
    for names in ({argument.name for argument in ARGUMENTS}, {argument.option for argument in ARGUMENTS}):
        assert len(names) == len(ARGUMENTS)
    assert all(argument.description.endswith(".") for argument in ARGUMENTS)
